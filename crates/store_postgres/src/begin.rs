//! How a batch of ledger entries begins, when other nodes begin theirs at the same time.
//!
//! All new entries go in by one statement and one commit; a row that is in the way is found by whoever waits for it, inside the
//! server. Only then, and only for the entries that did not begin, are the rows in the way looked up. One that is no longer
//! replayed gives way in a transaction of its own: a batch never waits for a row while it holds another that could be waited
//! for in another order, so that no two nodes wait for each other.
//!
//! A row can be in the way by its key or by its serial, and rows that are in order by one are in no order by the other. So a
//! batch first takes a lock for each serial, in order, and holds these to the commit: then it waits for keys only.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use domain::ports::Begun;
use domain::{LedgerEntry, LedgerState, LookUps, TenantId, TransactionId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, Text, read, without_nul};
use crate::error::Failure;
use crate::in_the_way::{InTheWay, Met, Unique, key_of, serial_of};
use crate::ledger::WRITER;
use crate::store::Statement;

/// How often an entry is tried whose row in the way is gone again when it is looked for.
const ROUNDS: u32 = 5;

/// Serials share so many locks: as many as there are serials would not fit into the server's table of locks. Two that share
/// one by chance wait for each other's commit, and no longer.
const LOCK_SERIALS_SQL: &str = "SELECT pg_advisory_xact_lock(hashtext('unified-gateway serials'), place) FROM (
        SELECT DISTINCT (hashtextextended(concat_ws(' ', user_id, environment, serial), 0) & 1023)::integer AS place
        FROM unnest($1, $2, $3) AS new (user_id, environment, serial) ORDER BY place
    ) AS places";

/// In the order of the arrays, which is the order of keys: two nodes that begin the same keys queue up, and never cross. Due to
/// be looked up when its lease is over.
const INSERT_SQL: &str = "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, idempotency_key,
        operation, fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until,
        request_payload, serial, look_up_at, state)
    SELECT transaction_id, user_id, api_key_id, environment, idempotency_key, operation, fingerprint, service_name,
        provider_key, target, started_at, lease_until, replay_until, request_payload, serial, lease_until, 'started'
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) WITH ORDINALITY
        AS new (transaction_id, user_id, api_key_id, environment, idempotency_key, operation, fingerprint, service_name,
        provider_key, target, started_at, lease_until, replay_until, request_payload, serial, place)
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING transaction_id, user_id";

/// A settled row gives way once its answer is no longer replayed.
const GIVE_WAY_SQL: &str = "DELETE FROM ledger
    WHERE user_id = $1 AND environment = $2 AND idempotency_key = $3 AND transaction_id = $4
        AND state = 'settled' AND replay_until <= $5";

type TransactionOf = (TenantId, TransactionId);

/// Entries that have no answer yet, with their places in the batch and in its order.
type Waiting<'a> = Vec<(usize, &'a LedgerEntry)>;

/// Begins entries; the answers are in their order.
pub(crate) async fn begin(store: &PostgresStore, entries: &[LedgerEntry]) -> Result<Vec<Begun>, Failure> {
    let mut begun: Vec<Option<Begun>> = vec![None; entries.len()];
    begin_in_rounds(store, entries, &mut begun).await.map_err(|failure| {
        let is_in_part = begun.iter().flatten().any(|begun| *begun == Begun::Started);
        if is_in_part { Failure::InPart(Box::new(failure)) } else { failure }
    })
}

async fn begin_in_rounds(
    store: &PostgresStore,
    entries: &[LedgerEntry],
    begun: &mut [Option<Begun>],
) -> Result<Vec<Begun>, Failure> {
    let twins = Twins::of(entries);
    let mut waiting = twins.firsts(entries);
    for _ in 0..ROUNDS {
        if waiting.is_empty() {
            return Ok(twins.answer(entries, begun));
        }
        let started = insert(store, first_of_each_serial(&waiting)).await?;
        waiting.retain(|(place, entry)| {
            let is_started = started.contains(&(entry.tenant, entry.transaction));
            if is_started && let Some(slot) = begun.get_mut(*place) {
                *slot = Some(Begun::Started);
            }
            !is_started
        });
        if !waiting.is_empty() {
            let in_the_way = InTheWay::look_up(store, &waiting).await?;
            waiting = tell(store, waiting, &in_the_way, begun).await?;
        }
    }
    if waiting.is_empty() { Ok(twins.answer(entries, begun)) } else { Err(Failure::Contended) }
}

/// Returns those that may begin together: of each serial the one that comes first in the batch.
fn first_of_each_serial<'a>(waiting: &Waiting<'a>) -> Waiting<'a> {
    let mut serials = HashSet::new();
    waiting
        .iter()
        .filter(|(_, entry)| serial_of(entry).is_none_or(|serial| serials.insert(serial)))
        .copied()
        .collect()
}

/// Tells who has a row in the way, and begins whom it gives way to. Returns the entries with none: it is gone again, or they
/// were not tried.
async fn tell<'a>(
    store: &PostgresStore,
    waiting: Waiting<'a>,
    in_the_way: &InTheWay,
    begun: &mut [Option<Begun>],
) -> Result<Waiting<'a>, Failure> {
    let mut still_waiting = Vec::new();
    for (place, entry) in waiting {
        let answer = match in_the_way.met_by(entry) {
            None => None,
            Some(Met::Same(old)) if gives_way(old, entry) => replace(store, old, entry).await?,
            Some(Met::Same(old)) => Some(Begun::Existing(Box::new(old.clone()))),
            Some(Met::SameSerial(old)) => Some(Begun::Occupied(Box::new(old.clone()))),
        };
        match (answer, begun.get_mut(place)) {
            (Some(answer), Some(slot)) => *slot = Some(answer),
            _ => still_waiting.push((place, entry)),
        }
    }
    Ok(still_waiting)
}

fn gives_way(old: &LedgerEntry, entry: &LedgerEntry) -> bool {
    matches!(old.state, LedgerState::Settled { .. })
        && old.replay_until <= entry.started_at
        && old.transaction != entry.transaction
}

/// Begins an entry in an old row's place; `None` when someone else was faster.
async fn replace(
    store: &PostgresStore,
    old: &LedgerEntry,
    entry: &LedgerEntry,
) -> Result<Option<Begun>, Failure> {
    let key = entry.idempotency_key.as_deref().unwrap_or_default();
    let (tenant, environment, key) = (Column(entry.tenant), entry.environment.as_str(), Text(key));
    let (transaction, started_at) = (Column(old.transaction), Column(entry.started_at));
    let give_way = Statement::new(
        GIVE_WAY_SQL,
        [
            (&tenant, Type::UUID),
            (&environment, Type::TEXT),
            (&key, Type::TEXT),
            (&transaction, Type::UUID),
            (&started_at, Type::TIMESTAMPTZ),
        ],
    );
    let new = New::of(&[(0, entry)])?;
    let is_started = !new.begin(store, Some(give_way)).await?.is_empty();
    Ok(is_started.then_some(Begun::Started))
}

/// Returns the entries whose row is new, and committed.
async fn insert(store: &PostgresStore, mut entries: Waiting<'_>) -> Result<HashSet<TransactionOf>, Failure> {
    entries.sort_by_key(|(_, entry)| {
        (entry.tenant, entry.environment, &entry.idempotency_key, entry.transaction)
    });
    let rows = New::of(&entries)?.begin(store, None).await?;
    rows.iter().map(|row| Ok((read(row, "user_id")?, read(row, "transaction_id")?))).collect()
}

/// Which entries of a batch are asked for twice in it.
struct Twins {
    /// For each entry the place of the first that is the same.
    first_of: Vec<usize>,
}

impl Twins {
    fn of(entries: &[LedgerEntry]) -> Self {
        let mut keys: HashMap<Unique, usize> = HashMap::new();
        let mut transactions: HashMap<TransactionOf, usize> = HashMap::new();
        let first_of = entries.iter().enumerate().map(|(place, entry)| {
            let first = match transactions.entry((entry.tenant, entry.transaction)) {
                Entry::Occupied(first) => *first.get(),
                Entry::Vacant(free) => *free.insert(place),
            };
            match key_of(entry) {
                Some(key) if first == place => *keys.entry(key).or_insert(place),
                _ => first,
            }
        });
        Self { first_of: first_of.collect() }
    }

    /// Returns those that go to the server.
    fn firsts<'a>(&self, entries: &'a [LedgerEntry]) -> Waiting<'a> {
        let each = entries.iter().enumerate().zip(&self.first_of);
        each.filter(|((place, _), first)| place == *first).map(|(entry, _)| entry).collect()
    }

    /// Returns an answer for every entry, a twin's from its first.
    fn answer(&self, entries: &[LedgerEntry], begun: &[Option<Begun>]) -> Vec<Begun> {
        let answers = self.first_of.iter().enumerate().filter_map(|(place, first)| {
            let answer = begun.get(*first)?.clone()?;
            match answer {
                Begun::Started if *first != place => {
                    Some(Begun::Existing(Box::new(as_kept(entries.get(*first)?))))
                }
                other => Some(other),
            }
        });
        answers.collect()
    }
}

/// Returns an entry as it would be read back.
fn as_kept(entry: &LedgerEntry) -> LedgerEntry {
    let kept = |text: &str| -> Box<str> { without_nul(text).into() };
    LedgerEntry {
        idempotency_key: entry.idempotency_key.as_deref().map(kept),
        provider: kept(&entry.provider),
        provider_key: kept(&entry.provider_key),
        target: kept(&entry.target),
        serial: entry.serial.as_deref().map(kept),
        look_ups: LookUps { next: Some(entry.lease_until), ..LookUps::default() },
        state: LedgerState::Started,
        ..entry.clone()
    }
}

const TYPES: [ColumnType; 15] = [
    ColumnType::UUID,
    ColumnType::UUID,
    ColumnType::UUID,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::BYTEA,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TEXT,
    ColumnType::TIMESTAMPTZ,
    ColumnType::TIMESTAMPTZ,
    ColumnType::TIMESTAMPTZ,
    ColumnType::BYTEA,
    ColumnType::TEXT,
];

/// New entries as the statements take them.
struct New {
    rows: Arrays<15>,
    serials: Arrays<3>,
}

impl New {
    fn of(entries: &[(usize, &LedgerEntry)]) -> Result<Self, Failure> {
        let mut rows = Arrays::new(TYPES);
        let mut serials = Arrays::new([ColumnType::UUID, ColumnType::TEXT, ColumnType::TEXT]);
        for (_, entry) in entries {
            let serial = Text::optional(entry.serial.as_deref());
            rows.push(&[
                &Column(entry.transaction),
                &Column(entry.tenant),
                &Column(entry.key),
                &entry.environment.as_str(),
                &Text::optional(entry.idempotency_key.as_deref()),
                &entry.operation.as_str(),
                &entry.fingerprint.as_slice(),
                &Text(&entry.provider),
                &Text(&entry.provider_key),
                &Text(&entry.target),
                &Column(entry.started_at),
                &Column(entry.lease_until),
                &Column(entry.replay_until),
                &&*entry.request,
                &serial,
            ])?;
            if serial.is_some() {
                serials.push(&[&Column(entry.tenant), &entry.environment.as_str(), &serial])?;
            }
        }
        Ok(Self { rows, serials })
    }

    /// Begins them in one commit, after `before`. Returns the rows that are new.
    async fn begin(&self, store: &PostgresStore, before: Option<Statement<'_>>) -> Result<Vec<Row>, Failure> {
        let mut statements = Vec::with_capacity(3);
        if self.serials.len() > 0 {
            statements.push(Statement::new(LOCK_SERIALS_SQL, self.serials.parameters()));
        }
        statements.extend(before);
        statements.push(Statement::new(INSERT_SQL, self.rows.parameters()));
        Ok(store.transact(WRITER, &statements).await?.pop().unwrap_or_default())
    }
}
