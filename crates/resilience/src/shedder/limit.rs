//! How many requests may be under way: between two bounds, by whether the event loops keep up. Additive increase, multiplicative
//! decrease.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// The limit changes at most this often in each direction, however many event loops tell of themselves.
pub(super) const PERIOD: Duration = Duration::from_millis(100);
/// What a shrinking limit keeps, in percent.
const KEPT_PERCENT: u64 = 80;
/// It grows by this part of its least value at a time: some ten seconds from the least to eight times that.
const GROWTH_PARTS: u32 = 16;

/// Bounds of the limit, and when it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShedderSettings {
    /// The limit is never less, however late the event loops run.
    pub least: u32,
    /// The limit is never more, and begins here.
    pub most: u32,
    /// An event loop that runs later than this has too much to do.
    pub lag: Duration,
}

/// Why settings are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShedderSettingsError {
    /// Nobody would be let in.
    #[error("least number of requests under way must be at least 1")]
    Least,
    /// The bounds are the wrong way round.
    #[error("least number of requests under way must not be more than the most")]
    LeastAboveMost,
    /// No event loop is never late.
    #[error("event loops' lag must be greater than zero")]
    Lag,
}

/// The limit.
#[derive(Debug)]
pub(super) struct Limit {
    settings: ShedderSettings,
    current: AtomicU32,
    shrunk_ms: AtomicU64,
    grown_ms: AtomicU64,
}

impl Limit {
    /// Returns the limit at its most.
    pub(super) const fn try_new(settings: ShedderSettings) -> Result<Self, ShedderSettingsError> {
        if settings.least == 0 {
            return Err(ShedderSettingsError::Least);
        }
        if settings.least > settings.most {
            return Err(ShedderSettingsError::LeastAboveMost);
        }
        if settings.lag.is_zero() {
            return Err(ShedderSettingsError::Lag);
        }
        let (current, shrunk_ms, grown_ms) =
            (AtomicU32::new(settings.most), AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { settings, current, shrunk_ms, grown_ms })
    }

    /// Returns the limit.
    pub(super) fn current(&self) -> u32 {
        self.current.load(Ordering::Relaxed)
    }

    /// Moves the limit by how late an event loop ran, with so many requests under way.
    pub(super) fn adapt(&self, lag: Duration, under_way: u32, now: Duration) {
        let ShedderSettings { least, most, .. } = self.settings;
        if lag > self.settings.lag {
            if is_due(&self.shrunk_ms, now) {
                // Down from what is under way: a limit far above it would shrink for long before anybody is refused.
                let used = self.current().min(under_way.max(least));
                let kept = u64::from(used) * KEPT_PERCENT / 100;
                self.current.store(u32::try_from(kept).unwrap_or(most).max(least), Ordering::Relaxed);
            }
        } else if !has_been(&self.shrunk_ms, now) && self.current() < most && is_due(&self.grown_ms, now) {
            let step = (least / GROWTH_PARTS).max(1);
            self.current.store(self.current().saturating_add(step).min(most), Ordering::Relaxed);
        }
    }
}

/// Returns whether it is time again, to one of all who ask.
fn is_due(last_ms: &AtomicU64, now: Duration) -> bool {
    let last = last_ms.load(Ordering::Relaxed);
    let is_over = last == 0 || millis(now).saturating_sub(last) >= millis(PERIOD);
    is_over
        && last_ms.compare_exchange(last, millis(now).max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Returns whether that was within the last period.
fn has_been(last_ms: &AtomicU64, now: Duration) -> bool {
    let last = last_ms.load(Ordering::Relaxed);
    last != 0 && millis(now).saturating_sub(last) < millis(PERIOD)
}

fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: ShedderSettings =
        ShedderSettings { least: 100, most: 1_000, lag: Duration::from_millis(20) };
    const LATE: Duration = Duration::from_millis(21);
    const IN_TIME: Duration = Duration::from_millis(20);

    fn limit() -> Limit {
        Limit::try_new(SETTINGS).unwrap()
    }

    const fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[track_caller]
    fn check_refused(settings: ShedderSettings, expected: ShedderSettingsError) {
        assert_eq!(Limit::try_new(settings).err(), Some(expected));
    }

    #[test]
    fn settings_that_could_not_work_are_refused() {
        check_refused(ShedderSettings { least: 0, ..SETTINGS }, ShedderSettingsError::Least);
        check_refused(ShedderSettings { least: 1_001, ..SETTINGS }, ShedderSettingsError::LeastAboveMost);
        check_refused(ShedderSettings { lag: Duration::ZERO, ..SETTINGS }, ShedderSettingsError::Lag);
    }

    #[test]
    fn it_shrinks_from_what_is_under_way_and_never_below_its_least() {
        let limit = limit();
        limit.adapt(LATE, 500, at(1_000));
        assert_eq!(limit.current(), 400);
        limit.adapt(LATE, 900, at(1_100));
        assert_eq!(limit.current(), 320, "from the limit, where more are under way");
        limit.adapt(LATE, 3, at(1_200));
        assert_eq!(limit.current(), 100);
        limit.adapt(LATE, 3, at(1_300));
        assert_eq!(limit.current(), 100);
    }

    #[test]
    fn it_grows_by_steps_up_to_its_most() {
        let limit = limit();
        limit.adapt(LATE, 0, at(1_000));
        limit.adapt(IN_TIME, 0, at(1_100));
        assert_eq!(limit.current(), 106);
        for period in 2..=200 {
            limit.adapt(IN_TIME, 0, at(1_000 + 100 * period));
        }
        assert_eq!(limit.current(), 1_000);
    }

    #[test]
    fn many_loops_move_it_once_a_period_and_one_late_one_outweighs_them() {
        let limit = limit();
        for loops in 0..8 {
            limit.adapt(LATE, 1_000, at(1_000 + loops));
            limit.adapt(IN_TIME, 1_000, at(1_000 + loops));
        }
        assert_eq!(limit.current(), 800);
        for loops in 0..8 {
            limit.adapt(IN_TIME, 1_000, at(1_100 + loops));
        }
        assert_eq!(limit.current(), 806);
    }
}
