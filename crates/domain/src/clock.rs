//! Time as an argument: a moment, and the port that tells it.

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the moment this many milliseconds after 1970.
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    /// Returns the moment this many seconds after 1970.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Returns milliseconds since 1970.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// Returns whole seconds since 1970.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Returns the time from `earlier` to this moment, zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time. The only source of it, so that tests can set it.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Returns the wall clock's time.
    fn now(&self) -> Timestamp;

    /// Returns the time since a fixed point in the past; never goes backwards.
    fn monotonic(&self) -> Duration;
}
