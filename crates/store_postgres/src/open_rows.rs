//! Rows whose outcome is not known: giving them to whoever looks them up, and counting them.

use std::time::Duration;

use domain::ports::{Reroute, Unsettled};
use domain::{LedgerEntry, TenantId, Timestamp, TransactionId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text, read, read_count, read_optional};
use crate::error::Failure;
use crate::ledger::{WRITER, read_entry};

/// A row that is taken over is due again when the lease is over.
const TAKE_OVER_SQL: &str = "UPDATE ledger SET state = 'started', lease_until = $4, look_up_at = $4
    WHERE transaction_id = $2 AND user_id = $1
        AND (state = 'unknown' OR (state = 'started' AND lease_until <= $3))
    RETURNING 1";

/// Rows that another node takes at this moment, or ends, are left to it: nobody waits here while it holds a row.
const TAKE_DUE_SQL: &str = "WITH due AS (
        SELECT * FROM ledger
        WHERE state <> 'settled' AND look_up_at <= $1 AND (state = 'unknown' OR lease_until <= $1)
        ORDER BY look_up_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE ledger SET state = 'started', lease_until = $2, look_up_at = $2 FROM due
        WHERE ledger.transaction_id = due.transaction_id AND ledger.user_id = due.user_id
    )
    SELECT * FROM due ORDER BY look_up_at";

/// A row that cannot be read is in nobody's way for a while, and then a version that can may come by.
const SET_ASIDE_SQL: &str = "UPDATE ledger SET state = 'unknown', look_up_at = $3
    WHERE transaction_id = $2 AND user_id = $1 AND state <> 'settled'";
/// For how long.
const ASIDE: Duration = Duration::from_secs(3600);

const REROUTE_SQL: &str = "UPDATE ledger SET service_name = $4, provider_key = $5, attempt_lines = $6
    WHERE transaction_id = $2 AND user_id = $1 AND state = 'started' AND service_name = $3
    RETURNING 1";

const COUNT_SQL: &str =
    "SELECT count(look_up_at) AS waiting, count(*) - count(look_up_at) AS needs_attention,
    min(started_at) AS oldest FROM ledger WHERE state = 'unknown'";

const LIST_SQL: &str = "SELECT * FROM ledger WHERE state = 'unknown' AND (NOT $1 OR look_up_at IS NULL)
    ORDER BY started_at LIMIT $2";

/// Takes over a row; returns whether it was to be had.
pub(crate) async fn take_over(
    store: &PostgresStore,
    (tenant, transaction): (TenantId, TransactionId),
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Failure> {
    let parameters = [
        (&Column(tenant) as _, Type::UUID),
        (&Column(transaction) as _, Type::UUID),
        (&Column(now) as _, Type::TIMESTAMPTZ),
        (&Column(until) as _, Type::TIMESTAMPTZ),
    ];
    Ok(!store.query(WRITER, TAKE_OVER_SQL, parameters).await?.is_empty())
}

/// Takes over what is due, and returns it as it was. What this version cannot read is set aside, so that the others are looked up.
pub(crate) async fn take_due(
    store: &PostgresStore,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<LedgerEntry>, Failure> {
    let parameters = [
        (&Column(now) as _, Type::TIMESTAMPTZ),
        (&Column(until) as _, Type::TIMESTAMPTZ),
        (&i64::from(limit) as _, Type::INT8),
    ];
    let rows = store.query(WRITER, TAKE_DUE_SQL, parameters).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        match readable(row) {
            Some(entry) => due.push(entry),
            None => set_aside(store, row, now.after(ASIDE)).await,
        }
    }
    Ok(due)
}

/// Returns a row, unless this version cannot read it, which is logged: a later one may have written it.
fn readable(row: &Row) -> Option<LedgerEntry> {
    let unread = |failure: &Failure| {
        let transaction = read::<TransactionId>(row, "transaction_id").ok().map(tracing::field::display);
        tracing::error!(transaction, %failure, "a ledger row cannot be read: was it written by a later version?");
    };
    read_entry(row).inspect_err(unread).ok()
}

/// Puts a row's look-up off. Where that fails it is due again when its lease is over.
async fn set_aside(store: &PostgresStore, row: &Row, until: Timestamp) {
    let writing = async {
        let (tenant, transaction) =
            (read::<TenantId>(row, "user_id")?, read::<TransactionId>(row, "transaction_id")?);
        let parameters = [
            (&Column(tenant) as _, Type::UUID),
            (&Column(transaction) as _, Type::UUID),
            (&Column(until) as _, Type::TIMESTAMPTZ),
        ];
        store.query(WRITER, SET_ASIDE_SQL, parameters).await.map(|_| ())
    };
    if let Err(failure) = writing.await {
        tracing::warn!(%failure, "a ledger row that cannot be read is not set aside");
    }
}

/// Gives a started row to another provider; returns whether it was this one's.
pub(crate) async fn reroute(
    store: &PostgresStore,
    (tenant, transaction): (TenantId, TransactionId),
    reroute: &Reroute,
) -> Result<bool, Failure> {
    let Reroute { from, to, provider_key, attempt_lines } = reroute;
    let parameters = [
        (&Column(tenant) as _, Type::UUID),
        (&Column(transaction) as _, Type::UUID),
        (&Text(from) as _, Type::TEXT),
        (&Text(to) as _, Type::TEXT),
        (&Text(provider_key) as _, Type::TEXT),
        (&&**attempt_lines as _, Type::BYTEA),
    ];
    Ok(!store.query(WRITER, REROUTE_SQL, parameters).await?.is_empty())
}

/// Counts the rows that are unknown.
pub(crate) async fn count_unknown(store: &PostgresStore) -> Result<Unsettled, Failure> {
    let rows = store.query(WRITER, COUNT_SQL, []).await?;
    let row = rows.first().ok_or(Failure::Unreadable("waiting"))?;
    Ok(Unsettled {
        waiting: read_count(row, "waiting")?,
        needs_attention: read_count(row, "needs_attention")?,
        oldest: read_optional(row, "oldest")?,
    })
}

/// Returns rows that are unknown and can be read, the oldest first.
pub(crate) async fn list_unknown(
    store: &PostgresStore,
    needs_attention: bool,
    limit: u32,
) -> Result<Vec<LedgerEntry>, Failure> {
    let parameters = [(&needs_attention as _, Type::BOOL), (&i64::from(limit) as _, Type::INT8)];
    Ok(store.query(WRITER, LIST_SQL, parameters).await?.iter().filter_map(readable).collect())
}
