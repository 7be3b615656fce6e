//! The actors' bounds and times: a few from the configuration, the others fixed with their reasons.

use std::num::NonZeroU32;
use std::time::Duration;

use actors::{
    LedgerSettings, LogSettings, ProviderSettings, ReconcilerSettings, Settings, SupervisionSettings,
    TenantSettings,
};
use resilience::{Backoff, BreakerPolicy, BreakerSettings, RetryBudgetSettings, Shedder, ShedderSettings};

use super::BuildError;
use crate::config::{Config, StoreEngine};

/// Retries are at most this share of a provider's calls, and at least three a second.
const RETRY_BUDGET: RetryBudgetSettings =
    RetryBudgetSettings { percent_of_calls: 20, min_per_second: NonZeroU32::MIN.saturating_add(2) };

/// The circuit of a provider's operation opens on ten failures in a row of whichever tenants, or on half of twenty within half a
/// minute. Ten: at a hundred calls a second of which one in five fails, five in a row come every half a minute.
const PROVIDER_BREAKER: BreakerSettings = BreakerSettings {
    consecutive_failures: 10,
    failure_percent: 50,
    min_samples: 20,
    window: Duration::from_secs(30),
    first_open_for: Duration::from_secs(1),
    max_open_for: Duration::from_secs(30),
};

/// The circuit of a tenant's credentials opens on five refusals in a row: providers lock accounts, and addresses, that go on.
/// Only refusals count, so that there is no share of them.
const CREDENTIALS_BREAKER: BreakerSettings = BreakerSettings {
    consecutive_failures: 5,
    failure_percent: 100,
    min_samples: u32::MAX,
    window: Duration::from_secs(60),
    first_open_for: Duration::from_secs(5),
    max_open_for: Duration::from_secs(60),
};

/// Returns how long each writer has for what it was given, when requests are over: not so long that whoever stops the process loses
/// patience first. What PostgreSQL does not take stays in the journal; what the embedded store does not take is lost.
const fn writers_grace(engine: StoreEngine) -> Duration {
    match engine {
        StoreEngine::Embedded => Duration::from_secs(20),
        StoreEngine::Postgres => Duration::from_secs(10),
    }
}

/// Returns how long a commit of the ledger may take. Behind PostgreSQL there is the journal: what it can take goes on well within a
/// request's deadline. Behind the embedded store there is nothing, and its disk may be slow.
const fn ledger_patience(engine: StoreEngine) -> Duration {
    match engine {
        StoreEngine::Embedded => Duration::from_secs(5),
        StoreEngine::Postgres => Duration::from_secs(2),
    }
}

/// Returns the settings of the tree.
pub(super) fn actors(config: &Config) -> Result<Settings, BuildError> {
    let broken = |error: &dyn std::error::Error| BuildError::Other(error.to_string());
    let backoff = |base: u64, cap: u64| {
        Backoff::try_new(Duration::from_millis(base), Duration::from_millis(cap))
            .map_err(|error| broken(&error))
    };
    Ok(Settings {
        supervision: SupervisionSettings {
            restarts: 10,
            within: Duration::from_secs(10),
            pause: Duration::from_secs(1),
        },
        tenants: TenantSettings {
            threads: 1,
            loads: 1024,
            searches: 1024,
            load_timeout: Duration::from_secs(5),
            idle: Duration::from_secs(config.tenants.idle_seconds),
            forget: Duration::from_secs(24 * 3600),
            sweep_every: Duration::from_secs(10),
            unknown_keys: 10_000,
            unknown_for: Duration::from_secs(30),
            endpoints: config.limits.of_endpoints(),
            calls_per_service: config.calls.tenant_provider_in_flight(),
            calls_per_tenant: config.calls.tenant_in_flight,
            breaker: BreakerPolicy::try_new(CREDENTIALS_BREAKER).map_err(|error| broken(&error))?,
        },
        providers: ProviderSettings {
            token_purchases: 256,
            token_timeout: Duration::from_secs(15),
            renew_before: Duration::from_secs(60),
            calls: config.calls.provider_in_flight,
            attempts: config.calls.attempts,
            attempt_timeout: Duration::from_secs(10),
            fair_chance: config.calls.fair_chance(),
            backoff: backoff(50, 2_000)?,
            breaker: BreakerPolicy::try_new(PROVIDER_BREAKER).map_err(|error| broken(&error))?,
            retry_budget: RETRY_BUDGET,
        },
        ledger: LedgerSettings {
            queue: 8192,
            batch: 256,
            timeout: ledger_patience(config.store.engine),
            probe_every: Duration::from_secs(1),
        },
        log: LogSettings {
            queue: config.log.queue,
            // Small enough that no beginning waits long for a batch of the log in front of it.
            batch: 256,
            linger: Duration::from_millis(5),
            timeout: Duration::from_secs(10),
            // A store that is back soon knows what is known: the reconciler waits for that, and not for long.
            backoff: backoff(50, 1_000)?,
        },
        reconciler: ReconcilerSettings { every: config.reconcile.every(), at_once: config.reconcile.at_once },
        stop_grace: writers_grace(config.store.engine),
    })
}

/// Returns what lets requests in.
pub(super) fn shedder(config: &Config) -> Result<Shedder, BuildError> {
    let calls = &config.calls;
    Shedder::try_new(ShedderSettings {
        least: calls.in_flight_least,
        most: calls.in_flight,
        lag: Duration::from_millis(calls.lag_ms),
    })
    .map_err(|error| BuildError::Other(error.to_string()))
}
