//! The `Ledger` port: what makes one idempotency key one side effect.

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{Begun, Ledger, Reroute, StoreError, Unsettled};
use domain::{
    Environment, LedgerEntry, LedgerState, LookUps, Settlement, TenantId, Timestamp, TransactionId,
};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::columns::{UnknownWord, id, ms, read, read_optional};
use crate::error::{Failure, Task};
use crate::{SqliteStore, begin};

pub(crate) const ROW: &str = "a ledger row";
const BEGIN: Task = Task { doing: "beginning ledger entries", row: ROW };
const FIND: Task = Task { doing: "looking up an idempotency key", row: ROW };
const EXPIRE: Task = Task { doing: "ending the leases of ledger rows", row: ROW };
const PRUNE: Task = Task { doing: "forgetting settled ledger rows", row: ROW };

/// By its idempotency key.
pub(crate) const FIND_BY_KEY_SQL: &str =
    "SELECT * FROM ledger WHERE user_id = ?1 AND environment = ?2 AND idempotency_key = ?3";

/// By its transaction.
pub(crate) const FIND_BY_TRANSACTION_SQL: &str =
    "SELECT * FROM ledger WHERE transaction_id = ?2 AND user_id = ?1";

const SETTLE_SQL: &str = "UPDATE ledger SET state = 'settled', response_status = ?3, response_payload = ?4
    WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

const MARK_UNKNOWN_SQL: &str =
    "UPDATE ledger SET state = 'unknown', look_ups = ?3, look_up_at = ?4, attempt_lines = ?5
    WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

const RELEASE_SQL: &str =
    "DELETE FROM ledger WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";

/// The second condition follows from the first, and shows `SQLite` that the index of open rows serves.
const EXPIRE_SQL: &str = "UPDATE ledger SET lease_until = 0, look_up_at = 0
    WHERE state = 'started' AND state <> 'settled' AND look_up_at > 0";

/// Among the oldest rows: most end in the order in which they began, so no index is kept for it. Rows that wait to be
/// looked up stay; ten thousand of them at the front would hide what is behind.
const PRUNE_SQL: &str = "DELETE FROM ledger WHERE rowid IN (
    SELECT rowid FROM (SELECT rowid, state, replay_until FROM ledger ORDER BY rowid LIMIT ?2 + 10000)
    WHERE state = 'settled' AND replay_until < ?1 LIMIT ?2)";

#[async_trait]
impl Ledger for SqliteStore {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        self.write(BEGIN, entries.len(), move |connection| begin::begin(connection, &entries)).await
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let key: Box<str> = idempotency_key.into();
        self.read(FIND, move |connection| Ok(begin::find_by_key(connection, tenant, environment, &key)?))
            .await
    }

    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.take_over_row((tenant, transaction), now, until).await
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        self.write(EXPIRE, 1, |connection| count(connection.prepare_cached(EXPIRE_SQL)?.execute(())?)).await
    }

    async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        self.take_due_rows(now, until, limit).await
    }

    async fn withdraw(&self, row: LedgerEntry) -> Result<bool, StoreError> {
        self.withdraw_row(row).await
    }

    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, StoreError> {
        self.reroute_row((tenant, transaction), reroute).await
    }

    async fn unsettled(&self) -> Result<Unsettled, StoreError> {
        self.count_unknown_rows().await
    }

    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        self.list_unknown_rows(needs_attention, limit).await
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
        Settlement::Unknown(LookUps { done, next, attempt_lines }) => connection
            .prepare_cached(MARK_UNKNOWN_SQL)?
            .execute(params![tenant, transaction, done, next.map(ms), &**attempt_lines])?,
        Settlement::Released => {
            connection.prepare_cached(RELEASE_SQL)?.execute(params![tenant, transaction])?
        }
    };
    Ok(())
}

/// Reads a whole row.
pub(crate) fn read_entry(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
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
        serial: row.get("serial")?,
        look_ups: LookUps {
            done: row.get("look_ups")?,
            next: read_optional(row, "look_up_at")?,
            attempt_lines: read(row, "attempt_lines")?,
        },
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
            super::SETTLE_SQL,
            super::MARK_UNKNOWN_SQL,
            super::RELEASE_SQL,
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
