//! What a breaker counts: failures in a row, and calls and failures of the last window, with whose they were.

use super::verdict::{Who, Witness};

/// Calls, how many of them failed, and whose they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    samples: u32,
    failures: u32,
    failed: Who,
    succeeded: Who,
}

impl Counts {
    const NONE: Self = Self { samples: 0, failures: 0, failed: Who::Nobody, succeeded: Who::Nobody };
}

/// Counts of two half windows, so that the past leaves in two steps and not all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(super) fn note(&mut self, witness: Witness, is_failure: bool, (window_ns, now_ns): (u64, u64)) {
        self.forget_the_past(window_ns, now_ns);
        let present = &mut self.present;
        present.samples = present.samples.saturating_add(1);
        if is_failure {
            present.failures = present.failures.saturating_add(1);
            present.failed = present.failed.with(witness);
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        } else {
            present.succeeded = present.succeeded.with(witness);
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

    /// Returns whose calls failed in the window.
    pub(super) fn failed(&self) -> Who {
        self.present.failed.and(self.past.failed)
    }

    /// Returns whether the failures of the window speak for all tenants: several have them, or no other than the one who has
    /// them was served. One tenant's own trouble is not to close the door on the others.
    pub(super) fn speaks_for_all(&self) -> bool {
        let succeeded = self.present.succeeded.and(self.past.succeeded);
        match self.failed() {
            Who::Nobody => false,
            Who::One(witness) => succeeded.with(witness) != Who::Several,
            Who::Several => true,
        }
    }

    /// Lets go of what is older than the window.
    pub(super) fn forget_the_past(&mut self, window_ns: u64, now_ns: u64) {
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
    use domain::TenantId;

    use super::*;

    const WINDOW_NS: u64 = 100;

    fn witness(number: u128) -> Witness {
        Witness::new(TenantId::from_u128(number))
    }

    /// Notes calls as (time, whose, whether it failed).
    fn tally(calls: &[(u64, u128, bool)]) -> Tally {
        let mut tally = Tally::EMPTY;
        for &(now_ns, whose, is_failure) in calls {
            tally.note(witness(whose), is_failure, (WINDOW_NS, now_ns));
        }
        tally
    }

    /// Notes calls of one tenant, then compares samples, failures and failures in a row.
    #[track_caller]
    fn check(calls: &[(u64, bool)], expected: (u64, u64, u32)) {
        let calls: Vec<_> = calls.iter().map(|&(now_ns, is_failure)| (now_ns, 1, is_failure)).collect();
        let tally = tally(&calls);
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

    #[test]
    fn failures_speak_for_all_when_several_have_them_or_nobody_else_is_served() {
        #[track_caller]
        fn check(calls: &[(u64, u128, bool)], expected: bool) {
            assert_eq!(tally(calls).speaks_for_all(), expected, "{calls:?}");
        }
        const FAILED: bool = true;
        const SERVED: bool = false;
        check(&[], false);
        check(&[(0, 1, SERVED)], false);
        check(&[(0, 1, FAILED)], true);
        check(&[(0, 1, SERVED), (1, 1, FAILED)], true);
        check(&[(0, 2, SERVED), (1, 1, FAILED)], false);
        check(&[(0, 2, SERVED), (0, 1, SERVED), (1, 1, FAILED)], false);
        check(&[(0, 2, SERVED), (1, 1, FAILED), (2, 2, FAILED)], true);
        check(&[(0, 2, SERVED), (1, 1, FAILED), (2, 3, FAILED)], true);
        // In the half window before, as in this one; and what has left it is forgotten.
        check(&[(0, 2, SERVED), (60, 1, FAILED)], false);
        check(&[(0, 2, SERVED), (160, 1, FAILED)], true);
        check(&[(40, 1, FAILED), (60, 2, FAILED), (61, 3, SERVED)], true);
    }
}
