//! A key's quotas are charged together or not at all, also among threads.

use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_secs(1_000);

const fn limits(per_minute: u32, per_day: u32) -> RateLimits {
    RateLimits { per_minute, per_day }
}

fn passes_at(quotas: &KeyQuotas, limits: RateLimits, now: Duration) -> u32 {
    (0..).take_while(|_| quotas.charge(limits, now).is_ok()).count().try_into().unwrap()
}

fn passes_among_threads(quotas: &KeyQuotas, limits: RateLimits) -> u32 {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..500).filter(|_| quotas.charge(limits, NOW).is_ok()).count()))
            .collect();
        threads.into_iter().map(|thread| u32::try_from(thread.join().unwrap()).unwrap()).sum()
    })
}

#[test]
fn a_keys_quotas_are_16_bytes() {
    assert_eq!(size_of::<KeyQuotas>(), 16);
}

#[test]
fn the_smaller_quota_bounds_a_burst() {
    assert_eq!(passes_at(&KeyQuotas::new(), limits(5, 100), NOW), 5);
    assert_eq!(passes_at(&KeyQuotas::new(), limits(100, 5), NOW), 5);
    assert_eq!(passes_at(&KeyQuotas::new(), limits(5, 5), NOW), 5);
    assert_eq!(passes_at(&KeyQuotas::new(), limits(0, 0), NOW), 1);
}

#[test]
fn a_charge_tells_what_is_left_of_both() {
    let quotas = KeyQuotas::new();
    let allowance = quotas.charge(limits(60, 1_000), NOW).unwrap();
    let minute = Remaining {
        window: QuotaWindow::Minute,
        limit: 60,
        remaining: 59,
        reset_after: Duration::from_secs(1),
    };
    let day = Remaining {
        window: QuotaWindow::Day,
        limit: 1_000,
        remaining: 999,
        reset_after: Duration::from_millis(86_400),
    };
    assert_eq!(allowance, Allowance { minute, day });
    assert_eq!(quotas.allowance(limits(60, 1_000), NOW), allowance);
    assert_eq!(*allowance.tightest(), minute);
    assert_eq!(quotas.allowance(limits(60, 10), NOW).tightest().window, QuotaWindow::Day);
    assert_eq!(KeyQuotas::new().allowance(limits(10, 10), NOW).tightest().window, QuotaWindow::Minute);
}

#[test]
fn an_exhausted_minute_leaves_the_day_alone() {
    let quotas = KeyQuotas::new();
    let limits = limits(3, 10);
    assert_eq!(passes_at(&quotas, limits, NOW), 3);
    for _ in 0..20 {
        let exceeded = quotas.charge(limits, NOW).unwrap_err();
        assert_eq!((exceeded.which, exceeded.retry_after), (QuotaWindow::Minute, Duration::from_secs(20)));
        assert_eq!((exceeded.allowance.minute.remaining, exceeded.allowance.day.remaining), (0, 7));
    }
}

#[test]
fn an_exhausted_day_leaves_the_minute_alone() {
    let quotas = KeyQuotas::new();
    let limits = limits(10, 3);
    assert_eq!(passes_at(&quotas, limits, NOW), 3);
    for _ in 0..20 {
        let exceeded = quotas.charge(limits, NOW).unwrap_err();
        assert_eq!((exceeded.which, exceeded.retry_after), (QuotaWindow::Day, Duration::from_secs(28_800)));
        assert_eq!((exceeded.allowance.minute.remaining, exceeded.allowance.day.remaining), (7, 0));
        assert_eq!(exceeded.to_string(), "more than 3 requests a day");
    }
}

#[test]
fn where_both_are_exhausted_the_longer_wait_is_told() {
    let quotas = KeyQuotas::new();
    assert_eq!(passes_at(&quotas, limits(3, 3), NOW), 3);
    assert_eq!(quotas.charge(limits(3, 3), NOW).unwrap_err().which, QuotaWindow::Day);
    // A day's request of the largest plan comes back sooner than a minute's of a small one.
    let quotas = KeyQuotas::new();
    let limits = limits(1, 100_000);
    let after_burst = quotas.charge(limits, NOW).map(|_| quotas.charge(limits, NOW).unwrap_err());
    assert_eq!(after_burst.unwrap().which, QuotaWindow::Minute);
}

#[test]
fn exactly_the_minutes_quota_passes_among_threads() {
    for _ in 0..20 {
        let quotas = KeyQuotas::new();
        assert_eq!(passes_among_threads(&quotas, limits(700, 100_000)), 700);
        assert_eq!(quotas.allowance(limits(700, 100_000), NOW).day.remaining, 100_000 - 700);
    }
}

#[test]
fn exactly_the_days_quota_passes_among_threads_and_the_minute_gets_the_rest_back() {
    for _ in 0..20 {
        let quotas = KeyQuotas::new();
        assert_eq!(passes_among_threads(&quotas, limits(1_000, 300)), 300);
        assert_eq!(quotas.allowance(limits(1_000, 300), NOW).minute.remaining, 1_000 - 300);
    }
}

proptest! {
    #[test]
    fn both_are_charged_or_neither(
        per_minute in 1_u32..20,
        per_day in 1_u32..60,
        pauses_ms in proptest::collection::vec(0_u64..20_000, 1..200),
    ) {
        let limits = limits(per_minute, per_day);
        let quotas = KeyQuotas::new();
        let mut now = NOW;
        for pause_ms in pauses_ms {
            now += Duration::from_millis(pause_ms);
            let before = quotas.allowance(limits, now);
            match quotas.charge(limits, now) {
                Ok(after) => {
                    prop_assert_eq!(after.minute.remaining + 1, before.minute.remaining);
                    prop_assert_eq!(after.day.remaining + 1, before.day.remaining);
                }
                Err(exceeded) => {
                    prop_assert_eq!(exceeded.allowance, before);
                    prop_assert_eq!(quotas.allowance(limits, now), before);
                    prop_assert_eq!(exceeded.exceeded().remaining, 0);
                    let later = now + exceeded.retry_after;
                    prop_assert!(quotas.charge(limits, later).is_ok());
                    now = later;
                }
            }
        }
    }
}
