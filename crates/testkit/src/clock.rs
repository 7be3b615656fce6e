//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{Clock, Timestamp};

/// Tells the time it was set to.
#[derive(Debug)]
pub struct ManualClock {
    start_ms: u64,
    elapsed_ms: AtomicU64,
}

impl ManualClock {
    /// Returns a clock that stands at this time.
    pub const fn at(start: Timestamp) -> Self {
        Self { start_ms: start.unix_ms(), elapsed_ms: AtomicU64::new(0) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.elapsed_ms.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Timestamp::from_unix_ms(1_756_455_561_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.start_ms.wrapping_add(self.elapsed_ms.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::SeqCst))
    }
}
