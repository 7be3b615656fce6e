//! What a closed breaker counts: failures in a row, and calls and failures of the last window.

/// Calls and how many of them failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    samples: u32,
    failures: u32,
}

impl Counts {
    const NONE: Self = Self { samples: 0, failures: 0 };
}

/// Counts of two half windows, so that the past leaves in two steps and not all at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tally {
    half_began_ns: u64,
    present: Counts,
    past: Counts,
    consecutive_failures: u32,
}

impl Tally {
    /// Nothing was counted yet.
    pub(super) const EMPTY: Self =
        Self { half_began_ns: 0, present: Counts::NONE, past: Counts::NONE, consecutive_failures: 0 };

    /// Counts one call.
    pub(super) fn note(&mut self, is_failure: bool, window_ns: u64, now_ns: u64) {
        self.forget_the_past(window_ns, now_ns);
        self.present.samples = self.present.samples.saturating_add(1);
        if is_failure {
            self.present.failures = self.present.failures.saturating_add(1);
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        } else {
            self.consecutive_failures = 0;
        }
    }

    /// Returns the window's calls.
    pub(super) fn samples(&self) -> u64 {
        u64::from(self.present.samples) + u64::from(self.past.samples)
    }

    /// Returns the window's failures.
    pub(super) fn failures(&self) -> u64 {
        u64::from(self.present.failures) + u64::from(self.past.failures)
    }

    /// Returns how many calls failed since the last one that did not, however long ago.
    pub(super) const fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    fn forget_the_past(&mut self, window_ns: u64, now_ns: u64) {
        let half_ns = window_ns.div_ceil(2);
        // Another thread may have read its clock a little earlier: time that goes backwards is time that stands still.
        let elapsed_ns = now_ns.saturating_sub(self.half_began_ns);
        if elapsed_ns < half_ns {
            return;
        }
        let is_next_half = elapsed_ns - half_ns < half_ns;
        self.past = if is_next_half { self.present } else { Counts::NONE };
        self.half_began_ns = if is_next_half { self.half_began_ns.saturating_add(half_ns) } else { now_ns };
        self.present = Counts::NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW_NS: u64 = 100;

    /// Notes calls as (time, whether it failed), then compares samples, failures and failures in a row.
    #[track_caller]
    fn check(calls: &[(u64, bool)], expected: (u64, u64, u32)) {
        let mut tally = Tally::EMPTY;
        for &(now_ns, is_failure) in calls {
            tally.note(is_failure, WINDOW_NS, now_ns);
        }
        let counted = (tally.samples(), tally.failures(), tally.consecutive_failures());
        assert_eq!(counted, expected, "{tally:?}");
    }

    #[test]
    fn calls_count_for_at_least_half_a_window_and_at_most_a_whole_one() {
        check(&[(0, true), (49, true)], (2, 2, 2));
        check(&[(0, true), (99, true)], (2, 2, 2));
        check(&[(49, true), (99, false)], (2, 1, 0));
        check(&[(49, true), (100, false)], (1, 0, 0));
        check(&[(0, true), (50, true), (100, true)], (2, 2, 3));
        check(&[(0, true), (1_000, false)], (1, 0, 0));
    }

    #[test]
    fn failures_in_a_row_count_however_far_apart() {
        check(&[(0, true), (1_000, true), (2_000, true)], (1, 1, 3));
        check(&[(0, true), (1, false), (2, true)], (3, 2, 1));
    }

    #[test]
    fn time_that_goes_backwards_stands_still() {
        check(&[(1_000, true), (990, true), (1_001, false)], (3, 2, 0));
    }
}
