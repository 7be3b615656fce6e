//! Look-ups in the transaction log that tell an object's latest status: one transaction, and a tenant's orders.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use domain::ports::{OrderFilter, StoredOrder, StoredTransaction};
use domain::{Environment, TenantId, Timestamp, TransactionId, TransactionStatus};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text, integer, plain, read, read_count, read_optional};
use crate::error::Failure;
use crate::store::{Scope, Statement};

/// A transaction's id carries the moment at which its request came, which is when its row was created. So much may lie between
/// the two, and the look-up still goes to the one day that has the row, or to two.
const LEEWAY: Duration = Duration::from_secs(3600);

/// How far back orders are looked for before all days are.
const WINDOWS: [Duration; 2] = [Duration::from_secs(24 * 3600), Duration::from_secs(8 * 24 * 3600)];

/// The latest status is that of the newest transaction that told one; ids sort by age. What names no status (a refused
/// capture) changes none. Later transactions are in the days from the order's own on.
const FIND_SQL: &str = "SELECT log.*, coalesce((
        SELECT later.object_status FROM transaction_logs AS later
        WHERE later.user_id = $1 AND later.subject = $3 AND later.environment = $2
            AND later.object_status IS NOT NULL AND later.created_at >= $4
        ORDER BY later.transaction_id DESC LIMIT 1
    ), log.object_status) AS latest_status
    FROM transaction_logs AS log
    WHERE log.user_id = $1 AND log.transaction_id = $3 AND log.environment = $2
        AND log.created_at >= $4 AND log.created_at <= $5";

/// A call that was begun and whose outcome nobody knows yet has no row in the log; its row in the ledger tells it. So does one that
/// was withdrawn a moment ago, and is logged in the next.
const FIND_OPEN_SQL: &str =
    "SELECT transaction_id, environment, operation, service_name, request_payload, started_at, attempt_lines
    FROM ledger WHERE user_id = $1 AND transaction_id = $3 AND environment = $2";

/// Operation and status stand in the text, not as parameters, so that the planner sees that the index of orders serves.
const LIST_SQL: &str = "SELECT log.*, latest.status AS latest_status
    FROM transaction_logs AS log
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT later.object_status FROM transaction_logs AS later
            WHERE later.user_id = log.user_id AND later.subject = log.transaction_id
                AND later.environment = log.environment AND later.object_status IS NOT NULL
                AND later.created_at >= log.created_at - interval '1 hour'
            ORDER BY later.transaction_id DESC LIMIT 1
        ), log.object_status) AS status
    ) AS latest
    WHERE log.user_id = $1 AND log.environment = $2
        AND log.operation = 'orders.create' AND log.status = 'success'
        AND log.transaction_id < $3
        AND log.created_at >= $4 AND log.created_at < $5
        AND ($6 IS NULL OR log.service_name = $6)
        AND ($7 IS NULL OR latest.status = $7)
    ORDER BY log.transaction_id DESC LIMIT $8";

/// Returns one of the tenant's transactions.
pub(crate) async fn find(
    store: &PostgresStore,
    tenant: TenantId,
    environment: Environment,
    transaction: TransactionId,
) -> Result<Option<StoredTransaction>, Failure> {
    let (of, word, id) = (Column(tenant), environment.as_str(), Column(transaction));
    let made = transaction.created_at();
    let from = Column(earlier(made, LEEWAY));
    let until = Column(made.after(LEEWAY));
    let answers = store
        .transact(
            Scope::Tenant(tenant),
            &[
                // First the ledger: a call that ends between the two look-ups is found in the log.
                Statement::new(FIND_OPEN_SQL, [(&of, Type::UUID), (&word, Type::TEXT), (&id, Type::UUID)]),
                Statement::new(
                    FIND_SQL,
                    [
                        (&of, Type::UUID),
                        (&word, Type::TEXT),
                        (&id, Type::UUID),
                        (&from, Type::TIMESTAMPTZ),
                        (&until, Type::TIMESTAMPTZ),
                    ],
                ),
            ],
        )
        .await?;
    let [open, logged] = answers.as_slice() else { return Ok(None) };
    match logged.first() {
        Some(row) => read_transaction(row).map(Some),
        None => open.first().map(read_open).transpose(),
    }
}

fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_ms(moment.unix_ms().saturating_sub(by_ms))
}

/// Returns the tenant's created orders, newest first. Looked for in the newest days first: a page is seldom of more, and each
/// day more is another partition to open.
pub(crate) async fn list(
    store: &PostgresStore,
    tenant: TenantId,
    filter: &OrderFilter,
) -> Result<Vec<StoredOrder>, Failure> {
    let limit = usize::from(filter.limit);
    let mut orders = Vec::new();
    for window in windows(filter.created_from, newest(store, tenant, filter).await?) {
        let missing = limit.saturating_sub(orders.len());
        if missing == 0 {
            break;
        }
        orders.extend(list_window(store, tenant, filter, &window, missing).await?);
    }
    Ok(orders)
}

/// Returns before when the orders that are asked for were created. Nothing that is older than the cursor was created much
/// after it.
async fn newest(store: &PostgresStore, tenant: TenantId, filter: &OrderFilter) -> Result<Timestamp, Failure> {
    let of_cursor = filter.starting_after.map(|cursor| cursor.created_at().after(LEEWAY));
    if let Some(newest) = of_cursor.into_iter().chain(filter.created_before).min() {
        return Ok(newest);
    }
    // Of the server, whose answer is the same for all nodes.
    let rows = store.query(Scope::Tenant(tenant), "SELECT now() AS now", []).await?;
    let now: Timestamp = rows.first().map_or(Err(Failure::Unreadable("now")), |row| read(row, "now"))?;
    Ok(now.after(LEEWAY))
}

/// Returns spans of time, newest first, that together reach from `from`, or the beginning, until `until`.
fn windows(from: Option<Timestamp>, until: Timestamp) -> impl Iterator<Item = Range<Timestamp>> {
    let from = from.unwrap_or(Timestamp::from_unix_ms(0));
    let mut ends = until;
    let starts = WINDOWS.into_iter().map(move |span| earlier(until, span).max(from)).chain([from]);
    starts.map(move |start| start..std::mem::replace(&mut ends, start)).filter(|window| !window.is_empty())
}

async fn list_window(
    store: &PostgresStore,
    tenant: TenantId,
    filter: &OrderFilter,
    window: &Range<Timestamp>,
    limit: usize,
) -> Result<Vec<StoredOrder>, Failure> {
    let cursor = filter.starting_after.unwrap_or(TransactionId::from_u128(u128::MAX));
    let rows = store
        .query(
            Scope::Tenant(tenant),
            LIST_SQL,
            [
                (&Column(tenant), Type::UUID),
                (&filter.environment.as_str(), Type::TEXT),
                (&Column(cursor), Type::UUID),
                (&Column(window.start), Type::TIMESTAMPTZ),
                (&Column(window.end), Type::TIMESTAMPTZ),
                (&Text::optional(filter.provider.as_deref()), Type::TEXT),
                (&Text::optional(filter.status.as_deref()), Type::TEXT),
                (&integer(limit), Type::INT8),
            ],
        )
        .await?;
    rows.iter().map(read_transaction).collect()
}

fn read_open(row: &Row) -> Result<StoredTransaction, Failure> {
    let attempt_lines: &[u8] = plain(row, "attempt_lines")?;
    let attempts =
        serde_json::from_slice(attempt_lines).map_or(0, |lines: Vec<serde_json::Value>| lines.len());
    Ok(StoredTransaction {
        id: read(row, "transaction_id")?,
        environment: read(row, "environment")?,
        operation: read(row, "operation")?,
        subject: None,
        provider: plain(row, "service_name")?,
        provider_ref: None,
        endpoint: "".into(),
        status: TransactionStatus::Unknown.as_str().into(),
        object_status: None,
        provider_status: None,
        response_status: 0,
        error_code: None,
        amount_minor: None,
        currency: None,
        reference: None,
        request_payload: Bytes::copy_from_slice(plain(row, "request_payload")?),
        response_payload: Bytes::new(),
        duration_us: 0,
        provider_duration_us: 0,
        attempts: attempts.try_into().unwrap_or(u16::MAX),
        attempt_lines: Bytes::copy_from_slice(attempt_lines),
        request_id: "".into(),
        created_at: read(row, "started_at")?,
    })
}

/// Reads a row that has the latest status beside its own.
fn read_transaction(row: &Row) -> Result<StoredTransaction, Failure> {
    let response_status: i32 = plain(row, "response_status")?;
    let attempts: i32 = plain(row, "attempts")?;
    Ok(StoredTransaction {
        id: read(row, "transaction_id")?,
        environment: read(row, "environment")?,
        operation: read(row, "operation")?,
        subject: read_optional(row, "subject")?,
        provider: plain(row, "service_name")?,
        provider_ref: plain(row, "provider_txn_id")?,
        endpoint: plain(row, "endpoint")?,
        status: plain(row, "status")?,
        object_status: plain(row, "latest_status")?,
        provider_status: plain(row, "provider_status")?,
        response_status: response_status.try_into().or(Err(Failure::Unreadable("response_status")))?,
        error_code: plain(row, "error_code")?,
        amount_minor: plain(row, "amount_minor")?,
        currency: plain(row, "currency")?,
        reference: plain(row, "reference")?,
        request_payload: Bytes::copy_from_slice(plain(row, "request_payload")?),
        response_payload: Bytes::copy_from_slice(plain(row, "response_payload")?),
        duration_us: read_count(row, "duration_us")?,
        provider_duration_us: read_count(row, "provider_duration_us")?,
        attempts: attempts.try_into().or(Err(Failure::Unreadable("attempts")))?,
        attempt_lines: Bytes::copy_from_slice(plain(row, "attempt_lines")?),
        request_id: plain(row, "request_id")?,
        created_at: read(row, "created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(span: &Range<Timestamp>) -> (u64, u64) {
        (span.start.unix_seconds() / 3600, span.end.unix_seconds() / 3600)
    }

    #[test]
    fn windows_reach_back_from_the_newest_to_the_first_without_a_gap() {
        let at = |hour: u64| Timestamp::from_unix_seconds(hour * 3600);
        let check = |from: Option<u64>, until: u64, expected: &[(u64, u64)]| {
            let found: Vec<_> = windows(from.map(at), at(until)).map(|window| hours(&window)).collect();
            assert_eq!(found, expected);
        };
        check(None, 1000, &[(976, 1000), (808, 976), (0, 808)]);
        check(Some(990), 1000, &[(990, 1000)]);
        check(Some(900), 1000, &[(976, 1000), (900, 976)]);
        check(Some(1000), 1000, &[]);
        check(Some(1001), 1000, &[]);
        check(None, 10, &[(0, 10)]);
    }
}
