//! What a cache on Redis is opened with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Entropy};
use telemetry::Catalog;

/// What a cache on Redis is opened with.
pub struct Options {
    /// Where Redis is; may hold a password and is never shown:
    /// `redis://user:password@host:port/database`,
    /// `redis-sentinel://user:password@host:port,host:port/master/database?sentinel_username=…&sentinel_password=…`,
    /// `redis-cluster://user:password@host:port,host:port`. With `rediss` instead of `redis` over TLS. Only hosts are needed, and
    /// a Sentinel's master; what is no letter or digit in a name or password is written as `%2F`.
    pub url: Box<str>,
    /// PEM of the authorities that vouch for Redis; absent: those of the system.
    pub ca_pem: Option<Box<[u8]>>,
    /// How long a caller waits for Redis. 20 ms is much for a server in the same building.
    pub timeout: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Names this node among the others.
    pub entropy: Arc<dyn Entropy>,
    /// Counts failures.
    pub catalog: Arc<Catalog>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The options make no sense, whatever Redis does. Says nothing of the address's text.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The address cannot be read.
    #[error("redis address: {0}")]
    Address(&'static str),
    /// The authorities are no PEM certificates.
    #[error("redis authorities cannot be read as PEM certificates")]
    Authorities,
    /// There is nobody to trust.
    #[error("the system trusts no authority, and none is given for redis")]
    NoAuthority,
    /// The library does not take the TLS settings.
    #[error("redis TLS settings are not usable")]
    Tls(#[source] rustls::Error),
}
