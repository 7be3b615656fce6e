//! The ledger: what makes one idempotency key one side effect.

use async_trait::async_trait;

use super::StoreError;
use crate::{Environment, LedgerEntry, TenantId, TransactionId};

/// What came of beginning an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The row is committed: the call may be made.
    Started,
    /// The tenant has used this idempotency key in this environment before: this is its row.
    Existing(Box<LedgerEntry>),
}

/// Keeps the ledger. Durable when a call returns.
#[async_trait]
pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// Begins entries, all in one commit; the answers are in the entries' order. Two entries of one batch with the same
    /// tenant, environment and key begin once. A settled row whose `replay_until` is not after the new entry's `started_at`
    /// is replaced by it; rows that are not settled never give way.
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError>;

    /// Returns the row of an idempotency key.
    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError>;

    /// Takes over a row that is unknown, or started with its lease over at `now`: gives it the lease `until`, back in state
    /// started. Returns false when someone else was faster or it is settled.
    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: crate::Timestamp,
        until: crate::Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends the leases of all started rows. For a store that only this process can have open, when it starts.
    async fn expire_leases(&self) -> Result<u64, StoreError>;

    /// Forgets settled rows whose `replay_until` is before `before`, at most `limit`; returns how many went.
    async fn prune(&self, before: crate::Timestamp, limit: u32) -> Result<u64, StoreError>;
}
