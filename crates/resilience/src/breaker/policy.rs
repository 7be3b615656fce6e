//! When a breaker opens, and for how long.

use std::time::Duration;

use super::tally::Tally;
use crate::{Backoff, BackoffError, nanos};

/// A breaker's thresholds, as configuration states them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// This many failures in a row open it.
    pub consecutive_failures: u32,
    /// So does this share of failures among the calls of the window, 1 to 100 %.
    pub failure_percent: u8,
    /// The share counts only among at least this many calls.
    pub min_samples: u32,
    /// How far back the share looks; between half of it and all of it.
    pub window: Duration,
    /// How long it stays open at first.
    pub first_open_for: Duration,
    /// How long it stays open at most; the time doubles with each probe that fails.
    pub max_open_for: Duration,
}

/// A breaker's thresholds, checked. Shared by all breakers of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    settings: BreakerSettings,
    open: Backoff,
}

/// Why settings are no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BreakerPolicyError {
    /// It would open before anything failed.
    #[error("breaker's consecutive failures must be at least 1")]
    ConsecutiveFailures,
    /// 0 % would always open it, more than 100 % never.
    #[error("breaker's failure share must be 1 to 100 percent")]
    FailurePercent,
    /// There is no share of no calls.
    #[error("breaker's least number of samples must be at least 1")]
    MinSamples,
    /// A window of no length holds no calls.
    #[error("breaker's window must be greater than zero")]
    Window,
    /// The open times do not make a backoff.
    #[error("breaker's open times are no backoff")]
    OpenTimes(#[from] BackoffError),
}

impl BreakerPolicy {
    /// Returns the policy with these thresholds.
    ///
    /// # Errors
    /// Every variant of [`BreakerPolicyError`].
    pub fn try_new(settings: BreakerSettings) -> Result<Self, BreakerPolicyError> {
        if settings.consecutive_failures == 0 {
            return Err(BreakerPolicyError::ConsecutiveFailures);
        }
        if !(1..=100).contains(&settings.failure_percent) {
            return Err(BreakerPolicyError::FailurePercent);
        }
        if settings.min_samples == 0 {
            return Err(BreakerPolicyError::MinSamples);
        }
        if settings.window.is_zero() {
            return Err(BreakerPolicyError::Window);
        }
        let open = Backoff::try_new(settings.first_open_for, settings.max_open_for)?;
        Ok(Self { settings, open })
    }

    /// Returns how long a breaker stays open that opened this often in a row before.
    ///
    /// Without jitter: a breaker sends one probe.
    pub(super) fn open_for(&self, openings_before: u32) -> Duration {
        self.open.ceiling(openings_before)
    }

    pub(super) fn window_ns(&self) -> u64 {
        nanos::from_duration(self.settings.window)
    }

    pub(super) fn is_tripped_by(&self, tally: &Tally) -> bool {
        let (samples, failures) = (tally.samples(), tally.failures());
        let share_is_reached = failures > 0
            && samples >= u64::from(self.settings.min_samples)
            && failures * 100 >= samples * u64::from(self.settings.failure_percent);
        let is_reached =
            share_is_reached || tally.consecutive_failures() >= self.settings.consecutive_failures;
        is_reached && tally.speaks_for_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: BreakerSettings = BreakerSettings {
        consecutive_failures: 1,
        failure_percent: 100,
        min_samples: 1,
        window: Duration::from_nanos(1),
        first_open_for: Duration::from_secs(1),
        max_open_for: Duration::from_secs(1),
    };

    #[track_caller]
    fn check_refused(settings: BreakerSettings, expected: BreakerPolicyError) {
        assert_eq!(BreakerPolicy::try_new(settings), Err(expected));
    }

    #[test]
    fn settings_that_could_not_work_are_refused() {
        assert!(BreakerPolicy::try_new(GOOD).is_ok());
        check_refused(
            BreakerSettings { consecutive_failures: 0, ..GOOD },
            BreakerPolicyError::ConsecutiveFailures,
        );
        check_refused(BreakerSettings { failure_percent: 0, ..GOOD }, BreakerPolicyError::FailurePercent);
        check_refused(BreakerSettings { failure_percent: 101, ..GOOD }, BreakerPolicyError::FailurePercent);
        check_refused(BreakerSettings { min_samples: 0, ..GOOD }, BreakerPolicyError::MinSamples);
        check_refused(BreakerSettings { window: Duration::ZERO, ..GOOD }, BreakerPolicyError::Window);
        check_refused(
            BreakerSettings { first_open_for: Duration::ZERO, ..GOOD },
            BreakerPolicyError::OpenTimes(BackoffError::ZeroBase),
        );
        check_refused(
            BreakerSettings { max_open_for: Duration::from_millis(999), ..GOOD },
            BreakerPolicyError::OpenTimes(BackoffError::CapBelowBase),
        );
    }
}
