//! The `Ledger` port: what makes one idempotency key one side effect.

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{Begun, Ledger, StoreError};
use domain::{Environment, LedgerEntry, LedgerState, Settlement, TenantId, Timestamp, TransactionId};
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::SqliteStore;
use crate::columns::{UnknownWord, id, ms, read};
use crate::error::{Failure, Task};

const ROW: &str = "a ledger row";
const BEGIN: Task = Task { doing: "beginning ledger entries", row: ROW };
const FIND: Task = Task { doing: "looking up an idempotency key", row: ROW };
const TAKE_OVER: Task = Task { doing: "taking over a ledger row", row: ROW };
const EXPIRE: Task = Task { doing: "ending the leases of ledger rows", row: ROW };
const PRUNE: Task = Task { doing: "forgetting settled ledger rows", row: ROW };

const BEGIN_SQL: &str =
    "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, idempotency_key,
    operation, fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until, state,
    request_payload)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'started', ?14) ON CONFLICT DO NOTHING";

/// A settled row gives way once its answer is no longer replayed.
const GIVE_WAY_SQL: &str = "DELETE FROM ledger
    WHERE user_id = ?1 AND environment = ?2 AND idempotency_key = ?3 AND transaction_id <> ?4
        AND state = 'settled' AND replay_until <= ?5";

const FIND_BY_KEY_SQL: &str =
    "SELECT * FROM ledger WHERE user_id = ?1 AND environment = ?2 AND idempotency_key = ?3";

const FIND_BY_TRANSACTION_SQL: &str = "SELECT * FROM ledger WHERE transaction_id = ?2 AND user_id = ?1";

const SETTLE_SQL: &str = "UPDATE ledger SET state = 'settled', response_status = ?3, response_payload = ?4
    WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

const MARK_UNKNOWN_SQL: &str = "UPDATE ledger SET state = 'unknown'
    WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

const RELEASE_SQL: &str =
    "DELETE FROM ledger WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

const TAKE_OVER_SQL: &str = "UPDATE ledger SET state = 'started', lease_until = ?4
    WHERE transaction_id = ?2 AND user_id = ?1
        AND (state = 'unknown' OR (state = 'started' AND lease_until <= ?3))";

/// The second condition follows from the first, and shows `SQLite` that the index of open rows serves.
const EXPIRE_SQL: &str = "UPDATE ledger SET lease_until = 0
    WHERE state = 'started' AND state <> 'settled' AND lease_until > 0";

/// Among the oldest rows: most end in the order in which they began, so no index is kept for it. Rows that wait to be
/// looked up stay; ten thousand of them at the front would hide what is behind.
const PRUNE_SQL: &str = "DELETE FROM ledger WHERE rowid IN (
    SELECT rowid FROM (SELECT rowid, state, replay_until FROM ledger ORDER BY rowid LIMIT ?2 + 10000)
    WHERE state = 'settled' AND replay_until < ?1 LIMIT ?2)";

#[async_trait]
impl Ledger for SqliteStore {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        self.write(BEGIN, entries.len(), move |connection| begin(connection, &entries)).await
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let key: Box<str> = idempotency_key.into();
        self.read(FIND, move |connection| Ok(find_by_key(connection, tenant, environment, &key)?)).await
    }

    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(TAKE_OVER, 1, move |connection| {
            let mut take_over = connection.prepare_cached(TAKE_OVER_SQL)?;
            Ok(take_over.execute(params![id(tenant), id(transaction), ms(now), ms(until)])? > 0)
        })
        .await
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        self.write(EXPIRE, 1, |connection| count(connection.prepare_cached(EXPIRE_SQL)?.execute(())?)).await
    }

    async fn take_due(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn reroute(
        &self,
        _: TenantId,
        _: TransactionId,
        _: (&str, &str),
        _: Bytes,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn unsettled(&self) -> Result<domain::ports::Unsettled, StoreError> {
        Ok(domain::ports::Unsettled::default())
    }

    async fn list_unknown(&self, _: bool, _: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let rows = usize::try_from(limit).unwrap_or(usize::MAX);
        self.write(PRUNE, rows, move |connection| {
            count(connection.prepare_cached(PRUNE_SQL)?.execute(params![ms(before), limit])?)
        })
        .await
    }
}

fn count(rows: usize) -> Result<u64, Failure> {
    u64::try_from(rows).or(Err(Failure::Corrupt("a number of rows")))
}

fn begin(connection: &Connection, entries: &[LedgerEntry]) -> Result<Vec<Begun>, Failure> {
    let mut insert = connection.prepare_cached(BEGIN_SQL)?;
    let mut begun = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_new = insert_entry(&mut insert, entry)?
            || (make_way(connection, entry)? && insert_entry(&mut insert, entry)?);
        begun.push(if is_new {
            Begun::Started
        } else {
            Begun::Existing(Box::new(find_existing(connection, entry)?))
        });
    }
    Ok(begun)
}

/// Returns whether the row is new.
fn insert_entry(insert: &mut CachedStatement<'_>, entry: &LedgerEntry) -> rusqlite::Result<bool> {
    let inserted = insert.execute(params![
        id(entry.transaction),
        id(entry.tenant),
        id(entry.key),
        entry.environment.as_str(),
        entry.idempotency_key,
        entry.operation.as_str(),
        entry.fingerprint,
        entry.provider,
        entry.provider_key,
        entry.target,
        ms(entry.started_at),
        ms(entry.lease_until),
        ms(entry.replay_until),
        &*entry.request,
    ])?;
    Ok(inserted > 0)
}

/// Returns whether a row that is no longer replayed was in the way, and is gone.
fn make_way(connection: &Connection, entry: &LedgerEntry) -> rusqlite::Result<bool> {
    let Some(key) = &entry.idempotency_key else { return Ok(false) };
    let gone = connection.prepare_cached(GIVE_WAY_SQL)?.execute(params![
        id(entry.tenant),
        entry.environment.as_str(),
        key,
        id(entry.transaction),
        ms(entry.started_at),
    ])?;
    Ok(gone > 0)
}

/// Returns the row that was in the way: of the same key or, when the same entry is begun again, of the same transaction.
fn find_existing(connection: &Connection, entry: &LedgerEntry) -> Result<LedgerEntry, Failure> {
    if let Some(key) = &entry.idempotency_key
        && let Some(existing) = find_by_key(connection, entry.tenant, entry.environment, key)?
    {
        return Ok(existing);
    }
    connection
        .prepare_cached(FIND_BY_TRANSACTION_SQL)?
        .query_row(params![id(entry.tenant), id(entry.transaction)], read_entry)
        .optional()?
        .ok_or(Failure::Corrupt(ROW))
}

fn find_by_key(
    connection: &Connection,
    tenant: TenantId,
    environment: Environment,
    key: &str,
) -> rusqlite::Result<Option<LedgerEntry>> {
    connection
        .prepare_cached(FIND_BY_KEY_SQL)?
        .query_row(params![id(tenant), environment.as_str(), key], read_entry)
        .optional()
}

/// Ends a row that is not settled already; a row that is gone or settled stays so.
pub(crate) fn settle(
    connection: &Connection,
    tenant: TenantId,
    transaction: TransactionId,
    settlement: &Settlement,
) -> rusqlite::Result<()> {
    let (tenant, transaction) = (id(tenant), id(transaction));
    match settlement {
        Settlement::Settled { status, body } => {
            connection.prepare_cached(SETTLE_SQL)?.execute(params![tenant, transaction, status, &**body])?
        }
        Settlement::Unknown(_) => {
            connection.prepare_cached(MARK_UNKNOWN_SQL)?.execute(params![tenant, transaction])?
        }
        Settlement::Released => {
            connection.prepare_cached(RELEASE_SQL)?.execute(params![tenant, transaction])?
        }
    };
    Ok(())
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    let request: Bytes = read(row, "request_payload")?;
    Ok(LedgerEntry {
        transaction: read(row, "transaction_id")?,
        tenant: read(row, "user_id")?,
        key: read(row, "api_key_id")?,
        environment: read(row, "environment")?,
        idempotency_key: row.get("idempotency_key")?,
        operation: read(row, "operation")?,
        fingerprint: row.get("fingerprint")?,
        provider: row.get("service_name")?,
        provider_key: row.get("provider_key")?,
        target: row.get("target")?,
        request,
        started_at: read(row, "started_at")?,
        lease_until: read(row, "lease_until")?,
        replay_until: read(row, "replay_until")?,
        serial: None,
        look_ups: domain::LookUps::default(),
        state: read_state(row)?,
    })
}

fn read_state(row: &Row<'_>) -> rusqlite::Result<LedgerState> {
    let column = row.as_ref().column_index("state")?;
    match row.get_ref(column)?.as_str()? {
        "started" => Ok(LedgerState::Started),
        "unknown" => Ok(LedgerState::Unknown),
        "settled" => Ok(LedgerState::Settled {
            status: row.get("response_status")?,
            body: read(row, "response_payload")?,
        }),
        _ => Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(UnknownWord))),
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::plan_of;

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        for sql in [
            super::FIND_BY_KEY_SQL,
            super::FIND_BY_TRANSACTION_SQL,
            super::GIVE_WAY_SQL,
            super::SETTLE_SQL,
            super::MARK_UNKNOWN_SQL,
            super::RELEASE_SQL,
            super::TAKE_OVER_SQL,
            super::EXPIRE_SQL,
        ] {
            let plan = plan_of(sql);
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
        // Pruning reads its bounded number of rows in the order in which they are stored, and sorts nothing.
        let plan = plan_of(super::PRUNE_SQL);
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
