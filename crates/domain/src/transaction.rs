//! A transaction: one operation as the ledger guards it and the log keeps it.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::{Environment, KeyId, OperationKind, TenantId, Timestamp, TransactionId};

/// A row of the transaction log. Payloads are redacted before they get here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its id.
    pub id: TransactionId,
    /// Whose.
    pub tenant: TenantId,
    /// By which key.
    pub key: KeyId,
    /// Test or live.
    pub environment: Environment,
    /// What was asked for.
    pub operation: OperationKind,
    /// The transaction that created the object that this one reads or changes.
    pub subject: Option<TransactionId>,
    /// Which provider served, absent when none was chosen.
    pub provider: Option<Box<str>>,
    /// The provider's id of the object.
    pub provider_ref: Option<Box<str>>,
    /// Method and route: `POST /v1/payments/orders`.
    pub endpoint: &'static str,
    /// How it ended.
    pub status: TransactionStatus,
    /// The object's own status in the API's words (`created`), where an object came back.
    pub object_status: Option<&'static str>,
    /// The same in the provider's own word, which says more where ours is `unknown`.
    pub provider_status: Option<Box<str>>,
    /// HTTP status of the gateway's answer.
    pub response_status: u16,
    /// The error's code in the API's words.
    pub error_code: Option<Box<str>>,
    /// Minor units, for operations that have an amount.
    pub amount_minor: Option<i64>,
    /// ISO 4217 code of the amount.
    pub currency: Option<&'static str>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's request body.
    pub request_payload: Bytes,
    /// The gateway's answer.
    pub response_payload: Bytes,
    /// From the request's first byte to the answer's.
    pub duration: Duration,
    /// The provider's share of it.
    pub provider_duration: Duration,
    /// How many requests went to the provider.
    pub attempts: u16,
    /// A line for each of them: a JSON array, empty where none was made.
    pub attempt_lines: Bytes,
    /// The request id.
    pub request_id: Box<str>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's `User-Agent`, at most 256 bytes of it.
    pub user_agent: Option<Box<str>>,
    /// When the request came.
    pub created_at: Timestamp,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// The provider did it.
    Success,
    /// It was not done.
    Failed,
    /// Not known yet.
    Unknown,
}

impl TransactionStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failed, Self::Unknown];

    /// Returns the store's and the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// A row of the ledger: one side effect, asked for once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The transaction that does it.
    pub transaction: TransactionId,
    /// Whose.
    pub tenant: TenantId,
    /// By which key.
    pub key: KeyId,
    /// Test or live.
    pub environment: Environment,
    /// The caller's idempotency key; absent: nothing de-duplicates it.
    pub idempotency_key: Option<Box<str>>,
    /// What was asked for.
    pub operation: OperationKind,
    /// SHA-256 of route and body.
    pub fingerprint: [u8; 32],
    /// The provider chosen. Kept, so that a repeat goes to the same one.
    pub provider: Box<str>,
    /// The key that the provider was given.
    pub provider_key: Box<str>,
    /// The path's own id (`/orders/{id}/capture`), empty where the route has none.
    pub target: Box<str>,
    /// The caller's request body, to build the same provider request again.
    pub request: Bytes,
    /// What it changes, where that may be changed by one call at a time: no two rows of a tenant and environment with the same
    /// name here are open (started or unknown) together.
    pub serial: Option<Box<str>>,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// Until when its owner may still be at work; past it, the outcome of a started row is unknown.
    pub lease_until: Timestamp,
    /// Until when its answer is replayed. A settled row past it gives way to a new one with the same idempotency key.
    pub replay_until: Timestamp,
    /// How it is looked up while it is open.
    pub look_ups: LookUps,
    /// How far it is.
    pub state: LedgerState,
}

/// What was done, and is to be done, to find out what became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookUps {
    /// How often it was looked up in vain.
    pub done: u8,
    /// When to look next. Of a started row the end of its lease. Absent: nobody looks by itself any more, a person has to.
    pub next: Option<Timestamp>,
    /// A line for each request that went to the provider so far: a JSON array, empty where there was none or nobody knows.
    pub attempt_lines: Bytes,
}

/// How far a ledger row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerState {
    /// A call may be under way, or its owner died.
    Started,
    /// The call was made and its outcome is not known.
    Unknown,
    /// It is settled: this answer is given to every repeat, byte for byte.
    Settled {
        /// HTTP status of the answer.
        status: u16,
        /// Its body.
        body: Bytes,
    },
}

/// What becomes of a started ledger row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It has its answer.
    Settled {
        /// HTTP status of the answer.
        status: u16,
        /// Its body.
        body: Bytes,
    },
    /// Its outcome is to be looked up.
    Unknown(LookUps),
    /// Nothing happened: the row goes, and the idempotency key is free again.
    Released,
}
