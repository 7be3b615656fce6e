//! Waits double up to the cap and spread over the whole ceiling.

use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn backoff() -> Backoff {
    Backoff::try_new(ms(100), ms(2_000)).unwrap()
}

#[track_caller]
fn check_ceiling(attempt: u32, expected: Duration) {
    assert_eq!(backoff().ceiling(attempt), expected);
    assert_eq!(backoff().delay(attempt, u64::MAX), expected);
    assert_eq!(backoff().delay(attempt, 0), Duration::ZERO);
}

#[test]
fn the_ceiling_doubles_until_the_cap() {
    check_ceiling(0, ms(100));
    check_ceiling(1, ms(200));
    check_ceiling(4, ms(1_600));
    check_ceiling(5, ms(2_000));
    check_ceiling(63, ms(2_000));
    check_ceiling(64, ms(2_000));
    check_ceiling(u32::MAX, ms(2_000));
}

#[test]
fn half_of_the_random_range_is_half_of_the_ceiling() {
    assert_eq!(backoff().delay(1, u64::MAX / 2 + 1), ms(100));
}

#[test]
fn durations_that_are_no_backoff_are_refused() {
    assert_eq!(Backoff::try_new(ms(0), ms(1)), Err(BackoffError::ZeroBase));
    assert_eq!(Backoff::try_new(ms(2), ms(1)), Err(BackoffError::CapBelowBase));
    assert_eq!(Backoff::try_new(ms(2), Duration::MAX), Err(BackoffError::CapTooLong));
    assert!(Backoff::try_new(ms(1), ms(1)).is_ok());
}

proptest! {
    #[test]
    fn no_wait_is_above_its_ceiling_or_the_cap(base in 1_u64.., more: u64, attempt: u32, random: u64) {
        let cap = Duration::from_nanos(base.saturating_add(more));
        let backoff = Backoff::try_new(Duration::from_nanos(base), cap).unwrap();
        prop_assert!(backoff.delay(attempt, random) <= backoff.ceiling(attempt));
        prop_assert!(backoff.ceiling(attempt) <= cap);
        prop_assert!(backoff.ceiling(attempt) <= backoff.ceiling(attempt.saturating_add(1)));
    }

    /// Full jitter: of waits drawn evenly, each tenth of the time up to the ceiling gets its tenth.
    #[test]
    fn waits_are_spread_evenly_up_to_the_ceiling(attempt in 0_u32..10, offset in 0..u64::MAX / 1_000) {
        let ceiling = backoff().ceiling(attempt);
        let mut tenths = [0_u32; 10];
        for draw in 0..1_000 {
            let waited = backoff().delay(attempt, draw * (u64::MAX / 1_000) + offset);
            let tenth = usize::try_from(waited.as_nanos() * 10 / ceiling.as_nanos()).unwrap().min(9);
            tenths[tenth] += 1;
        }
        prop_assert!(tenths.iter().all(|draws| (99..=101).contains(draws)), "{tenths:?}");
    }

    #[test]
    fn more_randomness_never_means_a_shorter_wait(attempt in 0_u32..20, left: u64, right: u64) {
        let (less, more) = (left.min(right), left.max(right));
        prop_assert!(backoff().delay(attempt, less) <= backoff().delay(attempt, more));
    }
}
