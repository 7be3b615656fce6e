//! How a batch of log rows is written: the ends of ledger rows, events, the log rows, and the sums by the minute, in one
//! transaction.
//!
//! Rows that are logged already are rare: a batch is written as if it had none, and the server refuses it whole when it has.
//! Then it is written again row by row, and only what was new is summed up.

use std::collections::BTreeMap;
use std::pin::pin;

use bytes::Bytes;
use domain::ports::Record;
use domain::{TenantId, Timestamp, Transaction, TransactionId};
use futures_util::SinkExt;
use futures_util::future::{join, join_all};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, CopyInSink};

use crate::batch::{Arrays, CopyStream};
use crate::columns::plain;
use crate::error::Failure;
use crate::events::NewEvents;
use crate::log_row::{self, COLUMNS, LogRow, TYPES};
use crate::rollups::Rollups;
use crate::settlement::Settlements;
use crate::store::{Scope, Statement, TRIES, pipeline, run};
use crate::{PostgresStore, partitions};

/// Who writes the log and its sums, for all tenants; it can read none of the log.
const WRITER: Scope = Scope::Role("gateway_log_writer");
const BECOME_LOG_WRITER_SQL: &str = "SET LOCAL ROLE gateway_log_writer";

const HAS_PARTITION_SQL: &str = "SELECT to_regclass($1) IS NOT NULL AS is_there";

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Roughly what a row needs beside its payloads.
const ROW_BYTES: usize = 512;
/// The stream of a batch goes to the connection in pieces of so many bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// How the log rows are written, the fastest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By `COPY` into their day's partition.
    Copy,
    /// By one statement into the table, which finds each row's day.
    Insert,
    /// By a statement each, that tells whether the row was there already. The writer may not read the log, so that no
    /// statement for many can tell which were.
    RowByRow,
}

/// Writes records in one commit.
pub(crate) async fn record(store: &PostgresStore, records: &[Record]) -> Result<(), Failure> {
    if records.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::of(records)?;
    let mut way = batch.first_way(store).await?;
    for _ in 0..TRIES {
        match batch.write(store, way).await {
            Err(failure) if failure.is_conflict() && way != Way::RowByRow => way = Way::RowByRow,
            Err(failure) if failure.is_missing_table() && way == Way::Copy => {
                // Dropped since, or moved away by hand.
                store.note_copies_into(u64::MAX);
                way = Way::Insert;
            }
            Err(failure) if failure.is_contention() => {
                tracing::debug!(%failure, "writing a batch of the log again");
                batch.settles_in_order = true;
            }
            outcome => return outcome,
        }
    }
    Err(Failure::Contended)
}

/// A batch, each transaction in it once, in the order of ids: two nodes that write the same ones queue up and never cross.
struct Batch<'a> {
    transactions: Vec<&'a Transaction>,
    settlements: Settlements,
    events: NewEvents,
    settles_in_order: bool,
}

impl<'a> Batch<'a> {
    fn of(records: &'a [Record]) -> Result<Self, Failure> {
        let mut transactions: BTreeMap<(TransactionId, TenantId), &Transaction> = BTreeMap::new();
        for transaction in records.iter().filter_map(|record| record.transaction.as_ref()) {
            transactions.entry((transaction.id, transaction.tenant)).or_insert(transaction);
        }
        let transactions = transactions.into_values().collect();
        Ok(Self {
            transactions,
            settlements: Settlements::of(records)?,
            events: NewEvents::of(records)?,
            settles_in_order: false,
        })
    }

    /// Returns how to write the batch when nothing of it is there. Almost all batches are of one day, and that has a
    /// partition.
    async fn first_way(&self, store: &PostgresStore) -> Result<Way, Failure> {
        let day_of = |row: &&Transaction| row.created_at.unix_ms() / DAY_MS;
        let mut days = self.transactions.iter().map(day_of);
        let (Some(day), true) = (days.next(), store.may_prepare()) else { return Ok(Way::Insert) };
        if days.all(|other| other == day) && has_partition(store, day).await? {
            return Ok(Way::Copy);
        }
        Ok(Way::Insert)
    }

    async fn write(&self, store: &PostgresStore, way: Way) -> Result<(), Failure> {
        let opening = store.opening(if self.settlements.is_empty() { WRITER } else { crate::ledger::WRITER });
        match way {
            Way::Copy => self.copy(store, &opening).await,
            Way::Insert => self.insert(store, &opening).await,
            Way::RowByRow => self.insert_row_by_row(store, &opening).await,
        }
    }

    /// Writes the batch as if nothing of it were there, in two round trips.
    async fn copy(&self, store: &PostgresStore, opening: &str) -> Result<(), Failure> {
        let rows = self.stream()?;
        let sums = Rollups::of(self.transactions.iter().copied())?;
        let day = self.transactions.first().map_or(Timestamp::from_unix_ms(0), |row| row.created_at);
        let sql = copy_sql(day);
        let session = store.checkout().await?;
        let client = session.client();
        let work = async {
            let statement = session.copy_statement(&sql).await?;
            let before = self.statements_before();
            let ((opened, ended), sink) =
                join(join(client.batch_execute(opening), run(client, &before)), client.copy_in(&statement))
                    .await;
            // The driver asks for one answer too many when a copy does not even begin: it is out of step from then on.
            let begun = opened.map_err(Failure::from).and(ended).and(sink.map_err(Failure::from));
            let sink = begun.inspect_err(|_refused| session.spoil())?;
            let after: Vec<_> = sums.statement().into_iter().collect();
            let ((copied, summed), committed) =
                join(join(send(sink, rows), run(client, &after)), client.batch_execute("COMMIT")).await;
            copied?;
            summed?;
            Ok(committed?)
        };
        session.within(work).await
    }

    /// Does the same in one round trip, at more cost for the server.
    async fn insert(&self, store: &PostgresStore, opening: &str) -> Result<(), Failure> {
        let sums = Rollups::of(self.transactions.iter().copied())?;
        let sql = insert_sql();
        let mut rows = Arrays::new(TYPES);
        for transaction in &self.transactions {
            rows.push(&LogRow::of(transaction).values())?;
        }
        let mut statements = self.statements_before();
        if !self.transactions.is_empty() {
            statements.push(Statement::new(&sql, rows.parameters()));
            statements.extend(sums.statement());
        }
        let session = store.checkout().await?;
        session.within(pipeline(session.client(), opening, &statements)).await?;
        Ok(())
    }

    /// Writes what is not there yet.
    async fn insert_row_by_row(&self, store: &PostgresStore, opening: &str) -> Result<(), Failure> {
        let session = store.checkout().await?;
        let client = session.client();
        let work = async {
            let new = or_roll_back(client, self.insert_new(client, opening).await).await?;
            let sums = or_roll_back(client, Rollups::of(new.into_iter())).await?;
            let after: Vec<_> = sums.statement().into_iter().collect();
            let (summed, committed) = join(run(client, &after), client.batch_execute("COMMIT")).await;
            summed?;
            Ok(committed?)
        };
        session.within(work).await
    }

    /// Returns the transactions that were not there yet, and now are.
    async fn insert_new(&self, client: &Client, opening: &str) -> Result<Vec<&'a Transaction>, Failure> {
        let sql = insert_one_sql();
        let rows: Vec<LogRow<'_>> = self.transactions.iter().map(|row| LogRow::of(row)).collect();
        let parameters: Vec<_> = rows.iter().map(log_row::parameters).collect();
        let inserts = parameters.iter().map(|row| client.execute_typed(&sql, row));
        let before = self.statements_before();
        let ((opened, ended), inserted) =
            join(join(client.batch_execute(opening), run(client, &before)), join_all(inserts)).await;
        opened?;
        ended?;
        let mut new = Vec::new();
        for (transaction, inserted) in self.transactions.iter().zip(inserted) {
            if inserted? > 0 {
                new.push(*transaction);
            }
        }
        Ok(new)
    }

    /// Returns what ends the ledger rows, makes ready to write the log, and adds the events. The ledger comes first and the
    /// sums last: those are what nodes have in common most often, and are held from then to the commit.
    fn statements_before(&self) -> Vec<Statement<'_>> {
        let mut statements = self.settlements.statements(self.settles_in_order);
        let is_more_to_write = !self.transactions.is_empty() || !self.events.is_empty();
        if !statements.is_empty() && is_more_to_write {
            statements.push(Statement::new(BECOME_LOG_WRITER_SQL, []));
        }
        statements.extend(self.events.statement());
        statements
    }

    fn stream(&self) -> Result<Bytes, Failure> {
        let bytes_of = |row: &&Transaction| {
            let payloads = [&row.request_payload, &row.response_payload, &row.attempt_lines];
            payloads.into_iter().map(Bytes::len).fold(ROW_BYTES, usize::saturating_add)
        };
        let mut rows = CopyStream::new(TYPES, self.transactions.iter().map(bytes_of).sum());
        for transaction in &self.transactions {
            rows.push(&LogRow::of(transaction).values())?;
        }
        Ok(rows.finish())
    }
}

/// Returns whether a day has a partition. Those that have one keep it for as long as anything is written to them.
async fn has_partition(store: &PostgresStore, day: u64) -> Result<bool, Failure> {
    if store.has_copied_into(day) {
        return Ok(true);
    }
    let partition = partitions::of_day("transaction_logs", Timestamp::from_unix_ms(day * DAY_MS));
    let rows = store.query(WRITER, HAS_PARTITION_SQL, [(&partition, Type::TEXT)]).await?;
    let is_there = rows.first().map_or(Ok(false), |row| plain(row, "is_there"))?;
    if is_there {
        store.note_copies_into(day);
    }
    Ok(is_there)
}

/// Returns the statement that copies rows into a day's partition: into the table itself nothing can be copied, since it has
/// row-level security.
fn copy_sql(day: Timestamp) -> String {
    let partition = partitions::of_day("transaction_logs", day);
    format!("COPY {partition} ({}) FROM STDIN (FORMAT binary)", log_row::NAMES)
}

/// Returns the statement that takes a row's columns as arrays.
fn insert_sql() -> String {
    let names = log_row::NAMES;
    let arrays = placeholders();
    format!("INSERT INTO transaction_logs ({names}) SELECT * FROM unnest({arrays})")
}

/// Returns the statement that leaves a row as it is that is there already.
fn insert_one_sql() -> String {
    let (names, values) = (log_row::NAMES, placeholders());
    format!("INSERT INTO transaction_logs ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")
}

/// Returns `$1, $2` and so on, one for each column.
fn placeholders() -> String {
    let each: Vec<String> = (1..=COLUMNS).map(|number| format!("${number}")).collect();
    each.join(", ")
}

/// Ends the transaction where it failed, so that the connection can be used again.
async fn or_roll_back<T>(client: &Client, outcome: Result<T, Failure>) -> Result<T, Failure> {
    if outcome.is_err() {
        client.batch_execute("ROLLBACK").await?;
    }
    outcome
}

async fn send(sink: CopyInSink<Bytes>, mut rows: Bytes) -> Result<u64, tokio_postgres::Error> {
    let mut sink = pin!(sink);
    while !rows.is_empty() {
        let piece = rows.split_to(rows.len().min(PIECE_BYTES));
        sink.send(piece).await?;
    }
    sink.finish().await
}
