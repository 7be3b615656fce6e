//! The `Ledger` port: what makes one idempotency key one side effect.

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{Begun, Ledger, Reroute, StoreError, Unsettled};
use domain::{Environment, LedgerEntry, LedgerState, LookUps, TenantId, Timestamp, TransactionId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text, plain, read, read_count, read_optional};
use crate::error::{Failure, Task};
use crate::open_rows;
use crate::store::Scope;

pub(crate) const ROW: &str = "a ledger row";
const BEGIN: Task = Task { doing: "beginning ledger entries", row: ROW };
const FIND: Task = Task { doing: "looking up an idempotency key", row: ROW };
const TAKE_OVER: Task = Task { doing: "taking over a ledger row", row: ROW };
const TAKE_DUE: Task = Task { doing: "taking over ledger rows that are due", row: ROW };
const WITHDRAW: Task = Task { doing: "withdrawing a ledger row", row: ROW };
const REROUTE: Task = Task { doing: "giving a ledger row to another provider", row: ROW };
const COUNT: Task = Task { doing: "counting ledger rows that are unknown", row: "a number of rows" };
const LIST: Task = Task { doing: "listing ledger rows that are unknown", row: ROW };
const PRUNE: Task = Task { doing: "forgetting settled ledger rows", row: ROW };

/// Who writes the ledger, for all tenants.
pub(crate) const WRITER: Scope = Scope::Role("gateway_ledger_writer");

const FIND_SQL: &str =
    "SELECT * FROM ledger WHERE user_id = $1 AND environment = $2 AND idempotency_key = $3";

/// Rows that another node is about to forget, or that give way at this moment, are left to it.
const PRUNE_SQL: &str = "WITH old AS (
        SELECT transaction_id, user_id FROM ledger WHERE state = 'settled' AND replay_until < $1
        ORDER BY replay_until LIMIT $2 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM ledger USING old
        WHERE ledger.transaction_id = old.transaction_id AND ledger.user_id = old.user_id
        RETURNING 1
    )
    SELECT count(*) AS gone FROM gone";

#[async_trait]
impl Ledger for PostgresStore {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        crate::begin::begin(self, &entries).await.map_err(|failure| failure.into_store_error(BEGIN))
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let find = async {
            let rows = self
                .query(
                    Scope::Tenant(tenant),
                    FIND_SQL,
                    [
                        (&Column(tenant), Type::UUID),
                        (&environment.as_str(), Type::TEXT),
                        (&Text(idempotency_key), Type::TEXT),
                    ],
                )
                .await?;
            rows.first().map(read_entry).transpose()
        };
        find.await.map_err(|failure| failure.into_store_error(FIND))
    }

    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        open_rows::take_over(self, (tenant, transaction), now, until)
            .await
            .map_err(|failure| failure.into_store_error(TAKE_OVER))
    }

    /// Ends none: other nodes have this store open, too, and a started row may be the one that they are at work on. The rows
    /// of a node that died are taken over when their leases are over.
    async fn expire_leases(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        open_rows::take_due(self, now, until, limit)
            .await
            .map_err(|failure| failure.into_store_error(TAKE_DUE))
    }

    async fn withdraw(&self, row: LedgerEntry) -> Result<bool, StoreError> {
        crate::withdraw::withdraw(self, &row).await.map_err(|failure| failure.into_store_error(WITHDRAW))
    }

    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, StoreError> {
        open_rows::reroute(self, (tenant, transaction), &reroute)
            .await
            .map_err(|failure| failure.into_store_error(REROUTE))
    }

    async fn unsettled(&self) -> Result<Unsettled, StoreError> {
        open_rows::count_unknown(self).await.map_err(|failure| failure.into_store_error(COUNT))
    }

    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        open_rows::list_unknown(self, needs_attention, limit)
            .await
            .map_err(|failure| failure.into_store_error(LIST))
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let prune = async {
            let rows = self
                .query(
                    WRITER,
                    PRUNE_SQL,
                    [(&Column(before), Type::TIMESTAMPTZ), (&i64::from(limit), Type::INT8)],
                )
                .await?;
            rows.first().map_or(Ok(0), |row| read_count(row, "gone"))
        };
        prune.await.map_err(|failure| failure.into_store_error(PRUNE))
    }
}

/// Reads a whole row.
pub(crate) fn read_entry(row: &Row) -> Result<LedgerEntry, Failure> {
    let fingerprint: &[u8] = plain(row, "fingerprint")?;
    let look_ups: i16 = plain(row, "look_ups")?;
    Ok(LedgerEntry {
        transaction: read(row, "transaction_id")?,
        tenant: read(row, "user_id")?,
        key: read(row, "api_key_id")?,
        environment: read(row, "environment")?,
        idempotency_key: plain(row, "idempotency_key")?,
        operation: read(row, "operation")?,
        fingerprint: fingerprint.try_into().or(Err(Failure::Unreadable("fingerprint")))?,
        provider: plain(row, "service_name")?,
        provider_key: plain(row, "provider_key")?,
        target: plain(row, "target")?,
        request: Bytes::copy_from_slice(plain(row, "request_payload")?),
        started_at: read(row, "started_at")?,
        lease_until: read(row, "lease_until")?,
        replay_until: read(row, "replay_until")?,
        serial: plain(row, "serial")?,
        look_ups: LookUps {
            done: look_ups.try_into().or(Err(Failure::Unreadable("look_ups")))?,
            next: read_optional(row, "look_up_at")?,
            attempt_lines: Bytes::copy_from_slice(plain(row, "attempt_lines")?),
        },
        state: read_state(row)?,
    })
}

fn read_state(row: &Row) -> Result<LedgerState, Failure> {
    match plain(row, "state")? {
        "started" => Ok(LedgerState::Started),
        "unknown" => Ok(LedgerState::Unknown),
        "settled" => {
            let status: i32 = plain(row, "response_status")?;
            Ok(LedgerState::Settled {
                status: status.try_into().or(Err(Failure::Unreadable("response_status")))?,
                body: Bytes::copy_from_slice(plain(row, "response_payload")?),
            })
        }
        _ => Err(Failure::Unreadable("state")),
    }
}
