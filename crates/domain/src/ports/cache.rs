//! What is shared between nodes for speed, and may be lost at any time: losing all of it costs time, never safety.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Environment, KeyHash, KeyId, QuotaWindow, SealedTenant, TenantId, Timestamp};

/// The cache did not do what it was asked. Never a reason to refuse a request: whoever asks has another way.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It is away, or too slow; it may be so only now.
    #[error("cache is away while {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An entry holds what this version cannot read. It is as good as none.
    #[error("{0} cannot be read back")]
    Corrupt(&'static str),
}

/// An answer that repeats of an idempotency key get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// SHA-256 of route and body of the request that it answers.
    pub fingerprint: [u8; 32],
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
}

/// Keeps finished answers in front of the ledger.
#[async_trait]
pub trait Answers: Send + Sync + std::fmt::Debug {
    /// Returns the answer of an idempotency key.
    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<KeptAnswer>, CacheError>;

    /// Keeps an answer for `replay_for`, 24 hours at most.
    #[expect(clippy::too_many_arguments, reason = "the three that name an answer are the three of `find`")]
    async fn keep(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
        answer: KeptAnswer,
        replay_for: Duration,
    ) -> Result<(), CacheError>;
}

/// Keeps what serves a tenant, sealed as the store has it. For a node that has to load a tenant while the store is away.
#[async_trait]
pub trait TenantCache: Send + Sync + std::fmt::Debug {
    /// Returns whose key has this hash.
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, CacheError>;

    /// Returns what was kept of a tenant, if all of it is there.
    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, CacheError>;

    /// Keeps what was loaded from the store: keys 5 minutes, credentials 10 minutes, the account 1 hour. Keeps nothing in the
    /// seconds after [`Self::forget`]: what was read before a change must not come back after it.
    async fn keep(&self, tenant: &SealedTenant) -> Result<(), CacheError>;

    /// Forgets all that is kept of a tenant.
    async fn forget(&self, tenant: TenantId) -> Result<(), CacheError>;
}

/// What a node asks of a key's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Whose limit.
    pub key: KeyId,
    /// Which of its limits.
    pub window: QuotaWindow,
    /// How many requests the limit allows in the window.
    pub limit: u32,
    /// How many the node wants; at least 1.
    pub want: u32,
    /// Within which time the node will spend them, counted from before it asks; at most the window's length. Past it they must
    /// not be spent any more.
    pub spend_within: Duration,
}

/// Requests that a node may let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Names it when what was not spent is given back.
    pub id: Box<str>,
    /// How many, from none to what was wanted.
    pub granted: u32,
    /// How many more are left for all nodes after this lease.
    pub remaining: u32,
    /// How long until at least one is left again; zero when one is.
    pub retry_after: Duration,
    /// How long until all are back, if nothing else is leased.
    pub reset_after: Duration,
}

/// Divides limits among nodes. Over any window the requests of all nodes never exceed the limit, whenever within
/// `spend_within` each was spent. Up to 200 leases in a window are counted one by one; of more, those that end within the same
/// 200th of the window are counted until the last of them has left it.
#[async_trait]
pub trait QuotaLeases: Send + Sync + std::fmt::Debug {
    /// Leases requests of a limit.
    async fn lease(&self, request: LeaseRequest) -> Result<Lease, CacheError>;

    /// Gives back what was not spent of a lease, once. A lease that is not known any more is no error.
    async fn give_back(
        &self,
        key: KeyId,
        window: QuotaWindow,
        lease: &str,
        unspent: u32,
    ) -> Result<(), CacheError>;

    /// Tells that this node is there, and returns how many there are. To be called every few seconds.
    async fn nodes(&self) -> Result<u32, CacheError>;
}

/// What one node tells the others, and what it may have missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A key, credential or setting of this tenant was changed.
    Tenant(TenantId),
    /// This node hears nothing from now on.
    CutOff,
    /// This node hears again; what was told in between is lost.
    Resumed,
}

/// Tells every node what was changed, this one included.
#[async_trait]
pub trait Changes: Send + Sync + std::fmt::Debug {
    /// Tells that something of a tenant was changed and is committed.
    async fn publish(&self, tenant: TenantId) -> Result<(), CacheError>;

    /// Waits for the next change. For one listener; where there are no other nodes it waits for ever.
    async fn next(&self) -> Change;
}

/// Calls of a tenant to a service, to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUse {
    /// The service.
    pub service: Box<str>,
    /// The tenant.
    pub tenant: TenantId,
    /// When; the day counts, in UTC.
    pub at: Timestamp,
    /// How many calls.
    pub calls: u64,
}

/// Counts calls by service, tenant and day, for reports. Kept 30 days.
#[async_trait]
pub trait UsageCounters: Send + Sync + std::fmt::Debug {
    /// Adds calls.
    async fn count(&self, uses: Vec<ServiceUse>) -> Result<(), CacheError>;

    /// Returns the tenants' calls to a service on the day of `at`, most first.
    async fn on_day(&self, service: &str, at: Timestamp) -> Result<Vec<(TenantId, u64)>, CacheError>;
}

/// An event that was handed off, and what it is called until it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOff {
    /// Names this hand-off.
    pub entry: Box<str>,
    /// The event's id. The row in the store is the truth; this only says that there is one.
    pub event: Box<str>,
}

/// Hands stored webhook events from the node that took them in to one that routes them.
#[async_trait]
pub trait WebhookHandOff: Send + Sync + std::fmt::Debug {
    /// Hands an event off.
    async fn push(&self, tenant: TenantId, event: &str) -> Result<(), CacheError>;

    /// Takes up to `most` events that nobody works on: new ones, and those taken more than `abandoned_after` ago and not done.
    async fn take(
        &self,
        tenant: TenantId,
        most: u16,
        abandoned_after: Duration,
    ) -> Result<Vec<HandedOff>, CacheError>;

    /// Says that events are routed.
    async fn done(&self, tenant: TenantId, entries: Vec<Box<str>>) -> Result<(), CacheError>;
}

/// The cache as a whole.
#[async_trait]
pub trait CacheEngine: Send + Sync + std::fmt::Debug {
    /// Asks whether it answers.
    async fn check(&self) -> Result<(), CacheError>;

    /// Lets go of connections.
    async fn close(&self);
}
