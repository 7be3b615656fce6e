//! Look-ups in the transaction log that tell an object's latest status: one transaction, and a tenant's orders.

use bytes::Bytes;
use domain::ports::{OrderFilter, StoredOrder, StoredTransaction};
use domain::{Environment, TenantId, TransactionId, TransactionStatus};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::columns::{id, ms, read};
use crate::transactions::read_transaction;

/// The latest status is that of the newest transaction that told one; ids sort by age. What names no status (a refused
/// capture) changes none.
const FIND_SQL: &str = "SELECT log.*, coalesce((
        SELECT later.object_status FROM transaction_logs AS later
        WHERE later.user_id = log.user_id AND later.subject = log.transaction_id
            AND later.environment = log.environment AND later.object_status IS NOT NULL
        ORDER BY later.transaction_id DESC LIMIT 1
    ), log.object_status) AS latest_status
    FROM transaction_logs AS log
    WHERE log.user_id = ?1 AND log.transaction_id = ?3 AND log.environment = ?2";

/// A call that was begun and whose outcome nobody knows yet has no row in the log; its row in the ledger tells it. So does one that
/// was withdrawn a moment ago, and is logged in the next.
const FIND_OPEN_SQL: &str =
    "SELECT transaction_id, environment, operation, service_name, request_payload, started_at, attempt_lines,
        iif(json_valid(CAST(attempt_lines AS TEXT)), json_array_length(CAST(attempt_lines AS TEXT)), 0) AS attempts
    FROM ledger WHERE user_id = ?1 AND transaction_id = ?3 AND environment = ?2";

/// Operation and status stand in the text, not as parameters, so that `SQLite` sees that the index of orders serves.
const LIST_SQL: &str = "SELECT log.*, coalesce((
        SELECT later.object_status FROM transaction_logs AS later
        WHERE later.user_id = log.user_id AND later.subject = log.transaction_id
            AND later.environment = log.environment AND later.object_status IS NOT NULL
        ORDER BY later.transaction_id DESC LIMIT 1
    ), log.object_status) AS latest_status
    FROM transaction_logs AS log INDEXED BY transaction_logs_orders
    WHERE log.user_id = ?1 AND log.environment = ?2
        AND log.operation = 'orders.create' AND log.status = 'success'
        AND log.transaction_id < ?3
        AND log.created_at >= ?4 AND log.created_at < ?5
        AND (?6 IS NULL OR log.service_name = ?6)
        AND (?7 IS NULL OR latest_status = ?7)
    ORDER BY log.transaction_id DESC LIMIT ?8";

/// Returns one of the tenant's transactions.
pub(crate) fn find(
    connection: &Connection,
    tenant: TenantId,
    environment: Environment,
    transaction: TransactionId,
) -> rusqlite::Result<Option<StoredTransaction>> {
    let of = params![id(tenant), environment.as_str(), id(transaction)];
    match connection.prepare_cached(FIND_SQL)?.query_row(of, read_transaction).optional()? {
        Some(logged) => Ok(Some(logged)),
        None => connection.prepare_cached(FIND_OPEN_SQL)?.query_row(of, read_open).optional(),
    }
}

fn read_open(row: &Row<'_>) -> rusqlite::Result<StoredTransaction> {
    Ok(StoredTransaction {
        id: read(row, "transaction_id")?,
        environment: read(row, "environment")?,
        operation: read(row, "operation")?,
        subject: None,
        provider: row.get("service_name")?,
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
        request_payload: read(row, "request_payload")?,
        response_payload: Bytes::new(),
        duration_us: 0,
        provider_duration_us: 0,
        attempts: row.get("attempts")?,
        attempt_lines: read(row, "attempt_lines")?,
        request_id: "".into(),
        created_at: read(row, "started_at")?,
    })
}

/// Returns the tenant's created orders, newest first.
pub(crate) fn list(
    connection: &Connection,
    tenant: TenantId,
    filter: &OrderFilter,
) -> rusqlite::Result<Vec<StoredOrder>> {
    let older_than = filter.starting_after.unwrap_or(TransactionId::from_u128(u128::MAX));
    connection
        .prepare_cached(LIST_SQL)?
        .query_map(
            params![
                id(tenant),
                filter.environment.as_str(),
                id(older_than),
                filter.created_from.map_or(0, ms),
                filter.created_before.map_or(i64::MAX, ms),
                filter.provider,
                filter.status,
                filter.limit,
            ],
            read_transaction,
        )?
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::connection::plan_of;

    #[test]
    fn look_ups_and_lists_go_by_an_index_and_sort_nothing() {
        for sql in [super::FIND_SQL, super::LIST_SQL] {
            let plan = plan_of(sql);
            assert!(!plan.contains("SCAN log") && !plan.contains("SCAN later"), "{plan}");
            assert!(plan.contains("transaction_logs_by_subject"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
