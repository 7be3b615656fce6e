//! How a batch of ledger entries begins, when other nodes begin theirs at the same time.
//!
//! All new entries go in by one statement and one commit; a row that is in the way is found by whoever waits for it, inside the
//! server. Only then, and only for the entries that did not begin, are the rows in the way looked up. One that is no longer
//! replayed gives way in a transaction of its own: a batch never waits for a row while it holds another that could be waited
//! for in another order, so that no two nodes wait for each other.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use domain::ports::Begun;
use domain::{Environment, LedgerEntry, LedgerState, TenantId, TransactionId};
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, Text, read, without_nul};
use crate::error::Failure;
use crate::ledger::{WRITER, read_entry};
use crate::store::Statement;

/// How often an entry is tried whose row in the way is gone again when it is looked for.
const ROUNDS: u32 = 5;

/// In the order of the arrays, which is the order of keys: two nodes that begin the same keys queue up, and never cross.
const INSERT_SQL: &str = "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, idempotency_key,
        operation, fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until,
        request_payload, state)
    SELECT transaction_id, user_id, api_key_id, environment, idempotency_key, operation, fingerprint, service_name,
        provider_key, target, started_at, lease_until, replay_until, request_payload, 'started'
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY
        AS new (transaction_id, user_id, api_key_id, environment, idempotency_key, operation, fingerprint, service_name,
        provider_key, target, started_at, lease_until, replay_until, request_payload, place)
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING transaction_id, user_id";

/// The row in the way has the same key or, when the same entry is begun again, the same transaction.
const IN_THE_WAY_SQL: &str =
    "SELECT ledger.* FROM unnest($1, $2, $3) AS wanted (user_id, environment, idempotency_key)
    JOIN ledger USING (user_id, environment, idempotency_key)
    UNION ALL
    SELECT ledger.* FROM unnest($4, $1) AS wanted (transaction_id, user_id)
    JOIN ledger USING (transaction_id, user_id)";

/// A settled row gives way once its answer is no longer replayed.
const GIVE_WAY_SQL: &str = "DELETE FROM ledger
    WHERE user_id = $1 AND environment = $2 AND idempotency_key = $3 AND transaction_id = $4
        AND state = 'settled' AND replay_until <= $5";

type KeyOf = (TenantId, Environment, Box<str>);
type TransactionOf = (TenantId, TransactionId);

/// Begins entries; the answers are in their order.
pub(crate) async fn begin(store: &PostgresStore, entries: &[LedgerEntry]) -> Result<Vec<Begun>, Failure> {
    let twins = Twins::of(entries);
    let mut begun: Vec<Option<Begun>> = vec![None; entries.len()];
    let mut waiting = twins.firsts(entries);
    for _ in 0..ROUNDS {
        if waiting.is_empty() {
            return Ok(twins.answer(entries, &begun));
        }
        let started = insert(store, &waiting).await?;
        waiting.retain(|(place, entry)| {
            let is_started = started.contains(&(entry.tenant, entry.transaction));
            if is_started && let Some(slot) = begun.get_mut(*place) {
                *slot = Some(Begun::Started);
            }
            !is_started
        });
        if !waiting.is_empty() {
            let in_the_way = InTheWay::look_up(store, &waiting).await?;
            waiting = tell(store, waiting, &in_the_way, &mut begun).await?;
        }
    }
    if waiting.is_empty() { Ok(twins.answer(entries, &begun)) } else { Err(Failure::Contended) }
}

/// Tells who has a row in the way, and begins whom it gives way to. Returns the entries whose row was gone again.
async fn tell<'a>(
    store: &PostgresStore,
    waiting: Vec<(usize, &'a LedgerEntry)>,
    in_the_way: &InTheWay,
    begun: &mut [Option<Begun>],
) -> Result<Vec<(usize, &'a LedgerEntry)>, Failure> {
    let mut still_waiting = Vec::new();
    for (place, entry) in waiting {
        let answer = match in_the_way.of(entry) {
            None => None,
            Some(old) if gives_way(old, entry) => replace(store, old, entry).await?,
            Some(old) => Some(Begun::Existing(Box::new(old.clone()))),
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
    let new = arrays_of(&[(0, entry)])?;
    let answers = store
        .transact(
            WRITER,
            &[
                Statement::new(
                    GIVE_WAY_SQL,
                    [
                        (&Column(entry.tenant), Type::UUID),
                        (&entry.environment.as_str(), Type::TEXT),
                        (&Text(key), Type::TEXT),
                        (&Column(old.transaction), Type::UUID),
                        (&Column(entry.started_at), Type::TIMESTAMPTZ),
                    ],
                ),
                Statement::new(INSERT_SQL, new.parameters()),
            ],
        )
        .await?;
    let is_started = answers.last().is_some_and(|rows| !rows.is_empty());
    Ok(is_started.then_some(Begun::Started))
}

/// Returns the entries whose row is new, and committed.
async fn insert(
    store: &PostgresStore,
    waiting: &[(usize, &LedgerEntry)],
) -> Result<HashSet<TransactionOf>, Failure> {
    let new = arrays_of(waiting)?;
    let rows = store.query(WRITER, INSERT_SQL, new.parameters()).await?;
    rows.iter().map(|row| Ok((read(row, "user_id")?, read(row, "transaction_id")?))).collect()
}

/// Which entries of a batch are asked for twice in it.
struct Twins {
    /// For each entry the place of the first that is the same.
    first_of: Vec<usize>,
}

impl Twins {
    fn of(entries: &[LedgerEntry]) -> Self {
        let mut keys: HashMap<KeyOf, usize> = HashMap::new();
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

    /// Returns those that go to the server, in the order of their keys.
    fn firsts<'a>(&self, entries: &'a [LedgerEntry]) -> Vec<(usize, &'a LedgerEntry)> {
        let mut firsts: Vec<_> = entries
            .iter()
            .enumerate()
            .zip(&self.first_of)
            .filter(|((place, _), first)| place == *first)
            .map(|(entry, _)| entry)
            .collect();
        firsts.sort_by_key(|(_, entry)| {
            (entry.tenant, entry.environment, &entry.idempotency_key, entry.transaction)
        });
        firsts
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
        state: LedgerState::Started,
        ..entry.clone()
    }
}

fn key_of(entry: &LedgerEntry) -> Option<KeyOf> {
    let key = entry.idempotency_key.as_deref()?;
    Some((entry.tenant, entry.environment, without_nul(key).into()))
}

/// The rows that kept entries from beginning.
struct InTheWay {
    by_key: HashMap<KeyOf, LedgerEntry>,
    by_transaction: HashMap<TransactionOf, LedgerEntry>,
}

impl InTheWay {
    async fn look_up(store: &PostgresStore, waiting: &[(usize, &LedgerEntry)]) -> Result<Self, Failure> {
        let mut wanted =
            Arrays::new([ColumnType::UUID, ColumnType::TEXT, ColumnType::TEXT, ColumnType::UUID]);
        for (_, entry) in waiting {
            wanted.push(&[
                &Column(entry.tenant),
                &entry.environment.as_str(),
                &Text::optional(entry.idempotency_key.as_deref()),
                &Column(entry.transaction),
            ])?;
        }
        let rows = store.query(WRITER, IN_THE_WAY_SQL, wanted.parameters()).await?;
        let mut found = Self { by_key: HashMap::new(), by_transaction: HashMap::new() };
        for row in &rows {
            let entry = read_entry(row)?;
            if let Some(key) = key_of(&entry) {
                found.by_key.insert(key, entry.clone());
            }
            found.by_transaction.insert((entry.tenant, entry.transaction), entry);
        }
        Ok(found)
    }

    fn of(&self, entry: &LedgerEntry) -> Option<&LedgerEntry> {
        key_of(entry)
            .and_then(|key| self.by_key.get(&key))
            .or_else(|| self.by_transaction.get(&(entry.tenant, entry.transaction)))
    }
}

const TYPES: [ColumnType; 14] = [
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
];

/// Returns entries as the statement takes them.
fn arrays_of(entries: &[(usize, &LedgerEntry)]) -> Result<Arrays<14>, Failure> {
    let mut arrays = Arrays::new(TYPES);
    for (_, entry) in entries {
        arrays.push(&[
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
        ])?;
    }
    Ok(arrays)
}
