//! Every bound and every time of the tree. No defaults here: they stand in the gateway's configuration.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use resilience::{Backoff, BreakerPolicy, RetryBudgetSettings};

/// Bounds and times, by actor.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Restarts and escalation.
    pub supervision: SupervisionSettings,
    /// Tenants.
    pub tenants: TenantSettings,
    /// Providers.
    pub providers: ProviderSettings,
    /// The ledger's writer.
    pub ledger: LedgerSettings,
    /// The log's writer.
    pub log: LogSettings,
    /// The reconciler.
    pub reconciler: ReconcilerSettings,
    /// How long [`crate::Tree::stop`] waits for each writer to finish what it has.
    pub stop_grace: Duration,
}

/// How often permanent children may die.
#[derive(Debug, Clone)]
pub struct SupervisionSettings {
    /// Deaths within the window that are answered with a restart at once.
    pub restarts: usize,
    /// The window.
    pub within: Duration,
    /// How long a child stays down that died more often.
    pub pause: Duration,
}

/// Loading, keeping and evicting tenants.
#[derive(Debug, Clone)]
pub struct TenantSettings {
    /// Threads on which tenants are loaded and opened; at least 1.
    pub threads: usize,
    /// Most loads under way at once; more are answered with `Busy`.
    pub loads: usize,
    /// Most look-ups of a key's owner under way at once; more are answered with `Busy`.
    pub searches: usize,
    /// How long a load or look-up may take.
    pub load_timeout: Duration,
    /// How long after its last request a tenant's credentials leave memory.
    pub idle: Duration,
    /// How long after its last request a tenant's limits leave memory. At least a day, or a daily limit could be had twice.
    pub forget: Duration,
    /// How often idle tenants are looked for.
    pub sweep_every: Duration,
    /// Most keys remembered as unknown.
    pub unknown_keys: usize,
    /// How long a key is remembered as unknown.
    pub unknown_for: Duration,
    /// What a key may ask in a minute of single endpoints, by [`crate::EndpointIndex`].
    pub endpoints: Arc<[NonZeroU32]>,
    /// Most calls of one tenant to one provider under way at once, so that none can use up the provider's places.
    pub calls_per_service: u32,
    /// Most calls of one tenant under way at once, at all providers together.
    pub calls_per_tenant: u32,
    /// When the circuit of a service's credentials opens, and for how long.
    pub breaker: BreakerPolicy,
}

/// Tokens and attempts.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Most token purchases of one provider under way at once.
    pub token_purchases: usize,
    /// How long buying a token may take.
    pub token_timeout: Duration,
    /// How long before its end a token is renewed.
    pub renew_before: Duration,
    /// Most calls of one provider under way at once.
    pub calls: usize,
    /// Most attempts of one call, the first included; at least 1.
    pub attempts: u8,
    /// How long one attempt may take where another may follow it.
    pub attempt_timeout: Duration,
    /// How much time must be left for an attempt that follows another.
    pub fair_chance: Duration,
    /// The waits between attempts.
    pub backoff: Backoff,
    /// When the circuit of an operation opens, and for how long.
    pub breaker: BreakerPolicy,
    /// How many retries there may be, of each provider's calls.
    pub retry_budget: RetryBudgetSettings,
}

/// Grouping ledger entries.
#[derive(Debug, Clone)]
pub struct LedgerSettings {
    /// Most entries that wait or are being committed.
    pub queue: usize,
    /// Most entries of one commit.
    pub batch: usize,
    /// How long a commit may take.
    pub timeout: Duration,
    /// How often a store that is away is asked whether it is back; only with a journal.
    pub probe_every: Duration,
}

/// Looking up unknown outcomes.
#[derive(Debug, Clone)]
pub struct ReconcilerSettings {
    /// How often rows that are due are looked for.
    pub every: Duration,
    /// Most look-ups under way at once.
    pub at_once: usize,
}

/// Batching log records.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Most records reserved, waiting or being written. What bounds memory while the store is away; a journal takes
    /// more.
    pub queue: usize,
    /// Most records of one write.
    pub batch: usize,
    /// How long the first record of a batch waits for more.
    pub linger: Duration,
    /// How long a write may take.
    pub timeout: Duration,
    /// The waits after failed writes.
    pub backoff: Backoff,
}
