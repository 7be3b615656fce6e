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
    /// Another row with the same `serial` is open: nothing was begun. This is that row.
    Occupied(Box<LedgerEntry>),
}

/// A started row that goes to another provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reroute {
    /// Whose it is.
    pub from: Box<str>,
    /// Whose it becomes.
    pub to: Box<str>,
    /// The idempotency key that this one is given.
    pub provider_key: Box<str>,
    /// The requests that were made so far, as JSON.
    pub attempt_lines: bytes::Bytes,
}

/// How many rows are not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsettled {
    /// Rows that are unknown and will be looked up.
    pub waiting: u64,
    /// Rows that are unknown, and that nobody looks up by itself any more.
    pub needs_attention: u64,
    /// When the oldest of both was asked for.
    pub oldest: Option<crate::Timestamp>,
}

/// Keeps the ledger. Durable when a call returns.
#[async_trait]
pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// Begins entries, all in one commit; the answers are in the entries' order. Two entries of one batch with the same
    /// tenant, environment and key begin once; of two with the same `serial` the first begins. The key is looked at before the
    /// `serial`: a repeat finds its own row. A settled row whose `replay_until` is not after the new entry's `started_at`
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
    /// started, to be looked up when that is over. Returns false when someone else was faster or it is settled.
    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: crate::Timestamp,
        until: crate::Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes over rows that are due to be looked up at `now` (`look_ups.next` is not after it, and they are unknown, or started
    /// with their lease over), of all tenants, the longest due first, at most `limit`: gives them the lease `until`, as
    /// [`Ledger::take_over`] does, and returns them as they were. A row goes to one of those who ask at the same time.
    async fn take_due(
        &self,
        now: crate::Timestamp,
        until: crate::Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Takes back an entry of which it is not known whether it was begun: `row` is written in its place, settled as it is given,
    /// with neither key nor `serial`, whether the entry is there or not. One that comes in after it begins nothing. Returns
    /// false, and changes nothing, when somebody has taken the row over since (its `lease_until` is another) or it has ended;
    /// true again for the same `row`.
    async fn withdraw(&self, row: LedgerEntry) -> Result<bool, StoreError>;

    /// Gives a started row to another provider. Durable when it returns, so that after a crash the look-up asks the right one.
    /// Returns false when the row is not started any more, or not at `from`.
    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, StoreError>;

    /// Returns how many rows are unknown, of all tenants.
    async fn unsettled(&self) -> Result<Unsettled, StoreError>;

    /// Returns rows that are unknown, of all tenants, the oldest first, at most `limit`; with `needs_attention` only those that
    /// nobody looks up by itself any more.
    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Ends the leases of all started rows, so that they are due to be looked up. For a store that only this process can have open, when it starts.
    async fn expire_leases(&self) -> Result<u64, StoreError>;

    /// Forgets settled rows whose `replay_until` is before `before`, at most `limit`; returns how many went.
    async fn prune(&self, before: crate::Timestamp, limit: u32) -> Result<u64, StoreError>;
}
