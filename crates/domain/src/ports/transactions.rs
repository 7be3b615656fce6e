//! The transaction log.

use async_trait::async_trait;
use bytes::Bytes;

use super::StoreError;
use crate::{Environment, Event, OperationKind, Settlement, TenantId, Timestamp, Transaction, TransactionId};

/// A transaction to log, and what becomes of its ledger row, if it has one. Both or neither are committed.
#[derive(Debug, Clone)]
pub struct Record {
    /// The log row. Absent when only a ledger row is settled.
    pub transaction: Option<Transaction>,
    /// The ledger row's end, by tenant and transaction.
    pub settlement: Option<(TenantId, TransactionId, Settlement)>,
    /// An event that tells the tenant of it. Stored once for its [`Event::once`], however often the record is written.
    pub event: Option<Event>,
}

/// A logged transaction, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTransaction {
    /// Its id.
    pub id: TransactionId,
    /// Test or live.
    pub environment: Environment,
    /// What was asked for.
    pub operation: OperationKind,
    /// The transaction that created the object.
    pub subject: Option<TransactionId>,
    /// Which provider served.
    pub provider: Option<Box<str>>,
    /// The provider's id of the object.
    pub provider_ref: Option<Box<str>>,
    /// Method and route.
    pub endpoint: Box<str>,
    /// `success`, `failed` or `unknown`.
    pub status: Box<str>,
    /// The object's status in the API's words, the latest that the log knows.
    pub object_status: Option<Box<str>>,
    /// The object's status in the provider's own word, when this transaction told it.
    pub provider_status: Option<Box<str>>,
    /// HTTP status of the answer.
    pub response_status: u16,
    /// The error's code.
    pub error_code: Option<Box<str>>,
    /// Minor units.
    pub amount_minor: Option<i64>,
    /// ISO 4217 code.
    pub currency: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's request, redacted.
    pub request_payload: Bytes,
    /// The gateway's answer, redacted.
    pub response_payload: Bytes,
    /// Whole duration in microseconds.
    pub duration_us: u64,
    /// The provider's share in microseconds.
    pub provider_duration_us: u64,
    /// Requests to the provider.
    pub attempts: u16,
    /// A line for each: a JSON array, empty where there was none, or where an earlier version wrote the row.
    pub attempt_lines: Bytes,
    /// The request id.
    pub request_id: Box<str>,
    /// When the request came.
    pub created_at: Timestamp,
}

/// Which orders to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilter {
    /// Test or live.
    pub environment: Environment,
    /// Only older than this one.
    pub starting_after: Option<TransactionId>,
    /// Only with this status.
    pub status: Option<Box<str>>,
    /// Only of this provider.
    pub provider: Option<Box<str>>,
    /// Only from this moment on.
    pub created_from: Option<Timestamp>,
    /// Only before this moment.
    pub created_before: Option<Timestamp>,
    /// At most this many.
    pub limit: u16,
}

/// An order as the log has it: its creation, with the latest status that any later transaction on it told.
pub type StoredOrder = StoredTransaction;

/// Keeps the transaction log.
#[async_trait]
pub trait TransactionLog: Send + Sync + std::fmt::Debug {
    /// Writes records in one commit. A transaction that is logged already is left as it is, so that a repeat is harmless.
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError>;

    /// Returns one of the tenant's transactions. One that was begun and whose outcome is not known yet has no row in the log:
    /// it is told from the ledger, with status `unknown`, an empty `endpoint` and `request_id`, `response_status` 0, and its
    /// request as it came, secrets and all.
    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        transaction: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError>;

    /// Returns the tenant's created orders, newest first.
    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError>;
}
