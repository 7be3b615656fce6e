//! A quota lets exactly its burst through at once and its rate over time, also among threads.

use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn limit(requests: u32, window: Duration) -> QuotaLimit {
    QuotaLimit { requests: NonZeroU32::new(requests).unwrap(), window }
}

fn passes_at(quota: &Quota, limit: QuotaLimit, now: Duration) -> u32 {
    (0..).take_while(|_| quota.charge(limit, now).is_ok()).count().try_into().unwrap()
}

#[test]
fn a_quota_is_eight_bytes() {
    assert_eq!(size_of::<Quota>(), 8);
}

#[test]
fn a_burst_is_the_whole_quota_and_not_one_more() {
    for requests in [1, 2, 3, 7, 60, 600, 10_000] {
        for now in [ms(0), ms(1), Duration::from_secs(86_400 * 365)] {
            assert_eq!(passes_at(&Quota::new(), limit(requests, ms(60_000)), now), requests);
        }
    }
}

#[test]
fn requests_come_back_one_by_one() {
    let (quota, limit) = (Quota::new(), limit(60, ms(60_000)));
    assert_eq!(passes_at(&quota, limit, ms(0)), 60);
    assert_eq!(quota.charge(limit, ms(0)), Err(QuotaExhausted { retry_after: ms(1_000) }));
    assert_eq!(quota.charge(limit, ms(999)), Err(QuotaExhausted { retry_after: ms(1) }));
    assert_eq!(quota.charge(limit, ms(1_000)), Ok(Standing { remaining: 0, reset_after: ms(60_000) }));
    assert_eq!(passes_at(&quota, limit, ms(11_000)), 10);
    assert_eq!(passes_at(&quota, limit, ms(600_000)), 60);
}

#[test]
fn what_is_left_is_told() {
    let (quota, limit) = (Quota::new(), limit(10, ms(10_000)));
    assert_eq!(quota.standing(limit, ms(0)), Standing { remaining: 10, reset_after: ms(0) });
    assert_eq!(quota.charge(limit, ms(0)), Ok(Standing { remaining: 9, reset_after: ms(1_000) }));
    assert_eq!(quota.check(limit, ms(0)), Ok(Standing { remaining: 8, reset_after: ms(2_000) }));
    assert_eq!(quota.standing(limit, ms(500)), Standing { remaining: 9, reset_after: ms(500) });
    assert_eq!(quota.standing(limit, ms(1_000)), Standing { remaining: 10, reset_after: ms(0) });
}

#[test]
fn a_request_given_back_can_be_taken_again() {
    let (quota, limit) = (Quota::new(), limit(3, ms(3_000)));
    assert_eq!(passes_at(&quota, limit, ms(0)), 3);
    quota.give_back(limit);
    quota.give_back(limit);
    assert_eq!(passes_at(&quota, limit, ms(0)), 2);
}

#[test]
fn a_limit_that_does_not_divide_its_window_is_not_exceeded() {
    let (quota, limit) = (Quota::new(), limit(7, Duration::from_nanos(10)));
    assert_eq!(passes_at(&quota, limit, Duration::ZERO), 7);
    let later: u32 = (1..=70).map(|now_ns| passes_at(&quota, limit, Duration::from_nanos(now_ns))).sum();
    assert!(later <= 49, "{later} in seven windows of 7");
}

#[test]
fn extreme_limits_and_times_do_not_overflow() {
    let widest = limit(u32::MAX, Duration::MAX);
    assert!(Quota::new().charge(widest, Duration::ZERO).is_ok());
    let (quota, none) = (Quota::new(), limit(u32::MAX, Duration::ZERO));
    assert!(quota.charge(none, Duration::MAX).is_ok());
    assert_eq!(quota.standing(none, Duration::MAX).reset_after, Duration::ZERO);
}

#[test]
fn exactly_the_quota_passes_among_threads() {
    for _ in 0..20 {
        let (quota, limit) = (Quota::new(), limit(1_000, ms(60_000)));
        let passed: u32 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| passes_at(&quota, limit, ms(5)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 1_000);
    }
}

proptest! {
    #[test]
    fn no_stretch_of_time_lets_more_through_than_burst_and_rate(
        requests in 1_u32..50,
        window_ms in 1_u64..5_000,
        steps in proptest::collection::vec((0_u64..2_000, 1_u32..40), 1..60),
    ) {
        let (quota, limit) = (Quota::new(), limit(requests, ms(window_ms)));
        let mut now_ms = 0;
        let mut passed: Vec<u64> = Vec::new();
        for (passed_ms, wanted) in steps {
            now_ms += passed_ms;
            for _ in 0..wanted {
                let standing = quota.standing(limit, ms(now_ms));
                match quota.charge(limit, ms(now_ms)) {
                    Ok(left) => {
                        prop_assert_eq!(left.remaining + 1, standing.remaining);
                        passed.push(now_ms);
                    }
                    Err(exhausted) => {
                        prop_assert_eq!(standing.remaining, 0);
                        let later = ms(now_ms) + exhausted.retry_after;
                        prop_assert!(quota.check(limit, later).is_ok());
                        prop_assert!(quota.check(limit, later - Duration::from_nanos(1)).is_err());
                    }
                }
            }
        }
        for (first, &from) in passed.iter().enumerate() {
            for (count, &to) in (1_u64..).zip(&passed[first..]) {
                let most = u64::from(requests) + (to - from) * u64::from(requests) / window_ms;
                prop_assert!(count <= most, "{count} of at most {most} from {from} to {to} ms");
            }
        }
    }
}
