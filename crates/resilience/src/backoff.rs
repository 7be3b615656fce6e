//! How long to wait before the next attempt: exponential, with full jitter, capped.

use std::time::Duration;

use crate::nanos;

/// Waits of a random length between nothing and a ceiling that doubles with each attempt.
///
/// Full jitter spreads those who failed together over the whole time, so that they do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base_ns: u64,
    cap_ns: u64,
}

/// Why two durations are no backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackoffError {
    /// With nothing to double, every wait would be nothing.
    #[error("backoff's base must be greater than zero")]
    ZeroBase,
    /// The first ceiling would already be above the cap.
    #[error("backoff's cap must not be less than its base")]
    CapBelowBase,
    /// Nanoseconds of it do not fit 64 bits.
    #[error("backoff's cap must be less than 584 years")]
    CapTooLong,
}

impl Backoff {
    /// Returns a backoff whose ceiling is `base` for the first wait and never more than `cap`.
    ///
    /// # Errors
    /// Every variant of [`BackoffError`].
    pub fn try_new(base: Duration, cap: Duration) -> Result<Self, BackoffError> {
        if base.is_zero() {
            return Err(BackoffError::ZeroBase);
        }
        if cap < base {
            return Err(BackoffError::CapBelowBase);
        }
        let cap_ns = u64::try_from(cap.as_nanos()).or(Err(BackoffError::CapTooLong))?;
        Ok(Self { base_ns: nanos::from_duration(base), cap_ns })
    }

    /// Returns the longest that the wait before this attempt can be; 0 is the first wait.
    pub fn ceiling(&self, attempt: u32) -> Duration {
        Duration::from_nanos(self.ceiling_ns(attempt))
    }

    /// Returns how long to wait before this attempt; 0 is the first wait. `random` is any value, each as likely as another.
    pub fn delay(&self, attempt: u32, random: u64) -> Duration {
        // The upper half of the product spreads `random` evenly over 0 to the ceiling, both included.
        let spread = u128::from(random) * (u128::from(self.ceiling_ns(attempt)) + 1);
        Duration::from_nanos(u64::try_from(spread >> u64::BITS).unwrap_or(self.cap_ns))
    }

    fn ceiling_ns(&self, attempt: u32) -> u64 {
        let factor = 1_u64.checked_shl(attempt).unwrap_or(u64::MAX);
        self.base_ns.saturating_mul(factor).min(self.cap_ns)
    }
}

#[cfg(test)]
mod tests;
