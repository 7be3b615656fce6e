//! The sections of the configuration. What each setting means, its unit and its default stand in `default.toml`.
#![expect(missing_docs, reason = "each field is documented where its default stands, in default.toml")]

mod limits;
mod storage;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use resilience::{Schedule, ScheduleError};
use serde::Deserialize;

pub(crate) use limits::LimitSettings;
use storage::{Cache, Journal, Store};
pub(crate) use storage::{CacheEngine, StoreEngine};

use super::text;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: Listen,
    pub store: Store,
    pub cache: Cache,
    pub journal: Journal,
    pub vault: VaultFiles,
    pub auth: Auth,
    pub calls: Calls,
    pub reconcile: Reconcile,
    pub limits: LimitSettings,
    pub passthrough: Passthrough,
    pub transport: Transport,
    pub tenants: Tenants,
    pub log: Log,
    pub telemetry: Telemetry,
    pub providers: BTreeMap<String, ProviderUrls>,
}

/// What the command line says over files and variables.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    pub public: Option<SocketAddr>,
    pub admin: Option<SocketAddr>,
    pub folder: Option<PathBuf>,
}

/// `[listen]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    pub public: SocketAddr,
    pub admin: SocketAddr,
    pub workers: usize,
    pub unready_seconds: u64,
    pub drain_seconds: u64,
    pub connections: usize,
    pub header_seconds: u64,
    pub body_seconds: u64,
    #[serde(deserialize_with = "text::networks")]
    pub trusted_proxies: Box<[IpNet]>,
    pub tls: ListenTls,
}

impl Listen {
    /// Returns how long requests under way may take to finish.
    pub const fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }

    /// Returns how long the head of a request may take to come.
    pub const fn header(&self) -> Duration {
        Duration::from_secs(self.header_seconds)
    }

    /// Returns how long a body that is held may take to come.
    pub const fn body(&self) -> Duration {
        Duration::from_secs(self.body_seconds)
    }

    /// Returns the time between "not ready" and no new connections.
    pub const fn unready(&self) -> Duration {
        Duration::from_secs(self.unready_seconds)
    }
}

/// `[listen.tls]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenTls {
    #[serde(deserialize_with = "text::path_or_none")]
    pub certificate: Option<PathBuf>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub key: Option<PathBuf>,
    pub reload_seconds: u64,
}

/// `[vault]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultFiles {
    pub master_key_file: PathBuf,
}

/// `[auth]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub sign_up: bool,
    pub token_minutes: u64,
}

/// `[calls]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    pub deadline_ms: u64,
    pub replay_hours: u64,
    pub quiet_ms: u64,
    pub attempts: u8,
    pub in_flight: u32,
    pub in_flight_least: u32,
    pub lag_ms: u64,
    pub provider_in_flight: usize,
    pub tenant_provider_percent: u8,
    pub tenant_in_flight: u32,
}

impl Calls {
    /// Returns the time limit of one request.
    pub const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// Returns how much time a provider must have been given before it is to blame for not having answered.
    pub fn fair_chance(&self) -> Duration {
        (self.deadline() / 10).min(Duration::from_secs(1))
    }

    /// Returns how long an answer is replayed.
    pub const fn replay(&self) -> Duration {
        Duration::from_secs(self.replay_hours.saturating_mul(3600))
    }

    /// Returns how many calls of one tenant may be under way to one provider: its share, and at least one.
    pub fn tenant_provider_in_flight(&self) -> u32 {
        let all = u32::try_from(self.provider_in_flight).unwrap_or(u32::MAX);
        let share = u64::from(all) * u64::from(self.tenant_provider_percent) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).max(1)
    }

    /// Returns how old a lost call must be before no trace means that it never arrived.
    pub const fn quiet(&self) -> Duration {
        Duration::from_millis(self.quiet_ms)
    }
}

/// `[reconcile]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    pub schedule_ms: Vec<u64>,
    pub every_ms: u64,
    pub at_once: usize,
    pub per_provider: usize,
}

impl Reconcile {
    /// Returns when unknown outcomes are looked up.
    ///
    /// # Errors
    /// [`ScheduleError`] says why the numbers are no schedule.
    pub fn schedule(&self) -> Result<Schedule, ScheduleError> {
        let ages: Vec<_> = self.schedule_ms.iter().copied().map(Duration::from_millis).collect();
        Schedule::try_new(&ages)
    }

    /// Returns how often outcomes that are due are looked for.
    pub const fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms)
    }
}

/// `[passthrough]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passthrough {
    pub body_bytes: u64,
}

/// `[transport]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transport {
    pub connect_ms: u64,
    pub idle_seconds: u64,
    pub idle_connections: usize,
    pub reply_bytes: usize,
}

/// `[tenants]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    pub idle_seconds: u64,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub queue: usize,
}

/// `[telemetry]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub format: LogFormat,
    pub filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// `[providers.NAME]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderUrls {
    pub test_url: String,
    pub live_url: String,
}
