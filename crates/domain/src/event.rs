//! An event: something that a tenant is told of beside the answer to its request.

use bytes::Bytes;

use crate::{Environment, EventId, TenantId, Timestamp, TransactionId};

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Whose.
    pub tenant: TenantId,
    /// Test or live.
    pub environment: Environment,
    /// What it tells.
    pub kind: EventKind,
    /// The transaction it is about.
    pub transaction: TransactionId,
    /// The event in the API's words: a JSON object. Secrets are masked before they get here.
    pub payload: Bytes,
    /// When it happened.
    pub created_at: Timestamp,
}

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The outcome of a transaction that was unknown is known.
    TransactionSettled,
    /// The outcome of a transaction is still unknown, and nobody looks it up by itself any more.
    TransactionNeedsAttention,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::TransactionSettled, Self::TransactionNeedsAttention];

    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TransactionSettled => "transaction.settled",
            Self::TransactionNeedsAttention => "transaction.needs_attention",
        }
    }
}

impl Event {
    /// Returns what must be stored once: kind and transaction.
    pub fn once(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.transaction)
    }
}
