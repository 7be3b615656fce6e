//! The `TransactionLog` port: rows that are added with the end of their ledger rows, and read back.

use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{OrderFilter, Record, StoreError, StoredOrder, StoredTransaction, TransactionLog};
use domain::{Environment, Settlement, TenantId, Transaction, TransactionId};
use rusqlite::{CachedStatement, Connection, Row, params};

use crate::columns::{id, integer, ms, read, read_optional};
use crate::error::{Failure, Task};
use crate::{SqliteStore, events, ledger, orders};

const ROW: &str = "a logged transaction";
const RECORD: Task = Task { doing: "writing the transaction log", row: ROW };
const FIND: Task = Task { doing: "looking a transaction up", row: ROW };
const LIST: Task = Task { doing: "listing orders", row: ROW };

/// A transaction that is logged already is left as it is.
const INSERT_SQL: &str = "INSERT INTO transaction_logs (user_id, transaction_id, api_key_id, environment, operation,
    subject, service_name, provider_txn_id, endpoint, status, object_status, response_status, error_code, amount_minor,
    currency, reference, duration_us, provider_duration_us, attempts, request_id, ip_address, user_agent, created_at,
    request_payload, response_payload, provider_status, attempt_lines)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
    ?24, ?25, ?26, ?27) ON CONFLICT DO NOTHING";

#[async_trait]
impl TransactionLog for SqliteStore {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        // Whoever is told that nothing was done is told so when this returns: after a power failure, too, nobody looks it up.
        let is_taken_back = |record: &Record| matches!(record.settlement, Some((_, _, Settlement::Released)));
        let (rows, is_urgent) = (records.len(), records.iter().any(is_taken_back));
        let write = move |connection: &Connection| record(connection, &records);
        if is_urgent {
            self.write(RECORD, rows, write).await
        } else {
            self.write_soon(RECORD, rows, write).await
        }
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        transaction: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        self.read(FIND, move |connection| Ok(orders::find(connection, tenant, environment, transaction)?))
            .await
    }

    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        self.read(LIST, move |connection| Ok(orders::list(connection, tenant, &filter)?)).await
    }
}

fn record(connection: &Connection, records: &[Record]) -> Result<(), Failure> {
    let mut insert = connection.prepare_cached(INSERT_SQL)?;
    for record in records {
        if let Some(transaction) = &record.transaction {
            insert_transaction(&mut insert, transaction)?;
        }
        if let Some((tenant, transaction, settlement)) = &record.settlement {
            ledger::settle(connection, *tenant, *transaction, settlement)?;
        }
        if let Some(event) = &record.event {
            events::insert(connection, event)?;
        }
    }
    Ok(())
}

fn insert_transaction(insert: &mut CachedStatement<'_>, row: &Transaction) -> rusqlite::Result<()> {
    insert.execute(params![
        id(row.tenant),
        id(row.id),
        id(row.key),
        row.environment.as_str(),
        row.operation.as_str(),
        row.subject.map(id),
        row.provider,
        row.provider_ref,
        row.endpoint,
        row.status.as_str(),
        row.object_status,
        row.response_status,
        row.error_code,
        row.amount_minor,
        row.currency,
        row.reference,
        micros(row.duration),
        micros(row.provider_duration),
        row.attempts,
        row.request_id,
        row.ip.map(|ip| ip.to_string()),
        row.user_agent,
        ms(row.created_at),
        &*row.request_payload,
        &*row.response_payload,
        row.provider_status,
        &*row.attempt_lines,
    ])?;
    Ok(())
}

fn micros(duration: Duration) -> i64 {
    integer(duration.as_micros())
}

/// Reads a row that has the latest status beside its own.
pub(crate) fn read_transaction(row: &Row<'_>) -> rusqlite::Result<StoredTransaction> {
    Ok(StoredTransaction {
        id: read(row, "transaction_id")?,
        environment: read(row, "environment")?,
        operation: read(row, "operation")?,
        subject: read_optional(row, "subject")?,
        provider: row.get("service_name")?,
        provider_ref: row.get("provider_txn_id")?,
        endpoint: row.get("endpoint")?,
        status: row.get("status")?,
        object_status: row.get("latest_status")?,
        provider_status: row.get("provider_status")?,
        response_status: row.get("response_status")?,
        error_code: row.get("error_code")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        reference: row.get("reference")?,
        request_payload: read(row, "request_payload")?,
        response_payload: read(row, "response_payload")?,
        duration_us: read(row, "duration_us")?,
        provider_duration_us: read(row, "provider_duration_us")?,
        attempts: row.get("attempts")?,
        attempt_lines: read(row, "attempt_lines")?,
        request_id: row.get("request_id")?,
        created_at: read(row, "created_at")?,
    })
}
