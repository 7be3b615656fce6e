//! The sections on what is kept and what nodes share: `[store]`, `[cache]`, `[journal]`.

use std::path::PathBuf;
use std::time::Duration;

use domain::Secret;
use serde::Deserialize;

use crate::config::text;

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub engine: StoreEngine,
    pub folder: PathBuf,
    pub readers: usize,
    pub postgres: Postgres,
}

/// Where everything is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreEngine {
    /// SQLite in the store's folder.
    Embedded,
    /// PostgreSQL.
    Postgres,
}

/// `[store.postgres]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    #[serde(deserialize_with = "text::secret_or_none")]
    pub url: Option<Secret>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub url_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::secret_or_none")]
    pub owner_url: Option<Secret>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub owner_url_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub ca_file: Option<PathBuf>,
    pub connections: u32,
    pub connect_ms: u64,
    pub checkout_ms: u64,
    pub statement_ms: u64,
    pub lifetime_minutes: u64,
    pub prepared_statements: bool,
    pub retention_days: u32,
}

impl Postgres {
    /// Returns the time limit of a new connection.
    pub const fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// Returns how long a free connection is waited for.
    pub const fn checkout(&self) -> Duration {
        Duration::from_millis(self.checkout_ms)
    }

    /// Returns the time limit of a statement.
    pub const fn statement(&self) -> Duration {
        Duration::from_millis(self.statement_ms)
    }

    /// Returns how long a connection is used.
    pub const fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_minutes.saturating_mul(60))
    }

    /// Returns the URL of the role that owns the tables, where one is set; otherwise the one everything else uses.
    pub fn owner(&self) -> Option<&Secret> {
        self.owner_url.as_ref().or(self.url.as_ref())
    }
}

/// `[cache]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub engine: CacheEngine,
    pub redis: Redis,
}

/// What nodes share beside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheEngine {
    /// Nothing: this process only.
    Local,
    /// Redis.
    Redis,
}

/// `[cache.redis]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    #[serde(deserialize_with = "text::secret_or_none")]
    pub url: Option<Secret>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub url_file: Option<PathBuf>,
    #[serde(deserialize_with = "text::path_or_none")]
    pub ca_file: Option<PathBuf>,
    pub timeout_ms: u64,
}

impl Redis {
    /// Returns how long a request waits for Redis.
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// `[journal]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    #[serde(deserialize_with = "text::path_or_none")]
    pub folder: Option<PathBuf>,
    pub bytes: u64,
    pub segment_bytes: u64,
}
