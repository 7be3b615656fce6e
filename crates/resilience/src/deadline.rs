//! The moment by which an answer must be there.

use std::time::Duration;

/// A moment of the monotonic clock, handed down with a request: every wait on its way takes from the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Duration);

impl Deadline {
    /// Returns the deadline this long after `now`.
    pub const fn after(now: Duration, time_limit: Duration) -> Self {
        Self(now.saturating_add(time_limit))
    }

    /// Returns how much time is left; `None` when there is none.
    pub fn remaining(self, now: Duration) -> Option<Duration> {
        self.0.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Returns whether a wait of this length, begun now, ends before the deadline.
    pub fn leaves_room_for(self, wait: Duration, now: Duration) -> bool {
        self.remaining(now).is_some_and(|left| wait < left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[track_caller]
    fn check(now: Duration, remaining: Option<Duration>) {
        assert_eq!(Deadline::after(ms(100), ms(50)).remaining(now), remaining);
    }

    #[test]
    fn time_runs_out_at_the_deadline_and_not_before() {
        check(ms(0), Some(ms(150)));
        check(ms(100), Some(ms(50)));
        check(ms(149), Some(ms(1)));
        check(ms(150), None);
        check(ms(151), None);
        check(Duration::MAX, None);
    }

    #[test]
    fn a_wait_must_leave_time_for_what_comes_after_it() {
        let deadline = Deadline::after(ms(0), ms(50));
        assert!(deadline.leaves_room_for(ms(9), ms(40)));
        assert!(!deadline.leaves_room_for(ms(10), ms(40)));
        assert!(!deadline.leaves_room_for(ms(0), ms(50)));
    }

    #[test]
    fn a_time_limit_without_end_does_not_overflow() {
        assert_eq!(Deadline::after(ms(1), Duration::MAX).remaining(ms(0)), Some(Duration::MAX));
    }
}
