//! Tenants that share a breaker: one alone opens it where nobody else is served, and never for those who are.

use super::*;

#[track_caller]
fn call_of(breaker: &Breaker, number: u128, verdict: Verdict, now: Duration) -> Option<Transition> {
    let permit = breaker.try_acquire(tenant(number), now).unwrap();
    breaker.record(permit, verdict, now)
}

fn is_opened(transition: Option<Transition>) -> bool {
    matches!(transition, Some(Transition::Opened { .. }))
}

/// Opened by the failures of tenant 1, who is alone.
fn opened_by_one() -> Breaker {
    let breaker = breaker();
    open(&breaker, ms(0));
    breaker
}

/// Opened by the failures of tenants 1 and 2.
fn opened_by_two() -> Breaker {
    let breaker = breaker();
    assert_eq!(call_of(&breaker, 2, FAILED, ms(0)), None);
    assert_eq!(call_of(&breaker, 1, FAILED, ms(0)), None);
    assert!(is_opened(call_of(&breaker, 1, FAILED, ms(0))));
    breaker
}

#[test]
fn an_installation_with_one_tenant_trips_whatever_was_served_before() {
    let breaker = breaker();
    for _ in 0..3 {
        assert_eq!(call_of(&breaker, 1, Verdict::Success, ms(0)), None);
    }
    open(&breaker, ms(1));
}

#[test]
fn one_tenants_failures_do_not_trip_while_another_is_served() {
    let breaker = breaker();
    assert_eq!(call_of(&breaker, 2, Verdict::Success, ms(0)), None);
    for number in 0..500 {
        assert_eq!(call_of(&breaker, 1, FAILED, ms(number)), None, "call {number}");
    }
    // The other's failure makes it everybody's trouble.
    assert!(is_opened(call_of(&breaker, 2, FAILED, ms(500))));
}

#[test]
fn failures_of_two_trip_though_a_third_was_served() {
    let breaker = breaker();
    assert_eq!(call_of(&breaker, 3, Verdict::Success, ms(0)), None);
    assert_eq!(call_of(&breaker, 1, FAILED, ms(1)), None);
    assert_eq!(call_of(&breaker, 1, FAILED, ms(1)), None);
    assert!(is_opened(call_of(&breaker, 2, FAILED, ms(1))));
}

#[test]
fn what_another_was_served_before_the_window_does_not_count() {
    let breaker = breaker();
    assert_eq!(call_of(&breaker, 2, Verdict::Success, ms(0)), None);
    open(&breaker, ms(10_000));
}

#[test]
fn where_one_tenant_has_told_another_may_find_out_at_once() {
    let breaker = opened_by_one();
    check_refused(&breaker, ms(1), ms(999));
    let probe = breaker.try_acquire(tenant(2), ms(1)).unwrap();
    assert!(probe.is_probe());
    assert!(breaker.try_acquire(tenant(2), ms(1)).is_err());
    assert_eq!(breaker.record(probe, Verdict::Success, ms(2)), Some(Transition::Closed));
    // What the probe has found out is kept: the one tenant does not close the way again.
    for _ in 0..20 {
        assert_eq!(call_of(&breaker, 1, FAILED, ms(3)), None);
    }
}

#[test]
fn where_two_have_told_everybody_waits_for_the_time_to_be_over() {
    let breaker = opened_by_two();
    for number in 1..=3 {
        assert_eq!(breaker.try_acquire(tenant(number), ms(1)), Err(OpenFor { retry_after: ms(999) }));
    }
    let probe = breaker.try_acquire(tenant(1), ms(1_000)).unwrap();
    assert!(breaker.try_acquire(tenant(3), ms(1_000)).is_err(), "one probe");
    assert!(is_opened(breaker.record(probe, FAILED, ms(1_001))));
    // Only the prober says that it goes on: the next who asks finds out, and then nobody.
    let second = breaker.try_acquire(tenant(3), ms(1_002)).unwrap();
    assert!(is_opened(breaker.record(second, FAILED, ms(1_003))));
    assert!(breaker.try_acquire(tenant(2), ms(1_004)).is_err());
}

#[test]
fn the_probe_of_the_tenant_who_alone_fails_keeps_nobody_waiting() {
    let breaker = opened_by_one();
    let slow = breaker.try_acquire(tenant(1), ms(1_000)).unwrap();
    let quick = breaker.try_acquire(tenant(2), ms(1_001)).unwrap();
    assert!(quick.is_probe());
    assert!(breaker.try_acquire(tenant(3), ms(1_001)).is_err());
    assert_eq!(breaker.record(quick, Verdict::Success, ms(1_002)), Some(Transition::Closed));
    assert_eq!(breaker.record(slow, FAILED, ms(30_000)), None);
}

#[test]
fn what_is_told_of_it_is_what_happened() {
    let breaker = breaker();
    assert_eq!(call(&breaker, Verdict::Success, ms(10)), None);
    open(&breaker, ms(20));
    let opened = breaker.observe(ms(520));
    assert_eq!(
        opened,
        BreakerObservation {
            state: BreakerState::Open { retry_after: ms(500) },
            since: ms(20),
            samples: 4,
            failures: 3,
            last_fault: Some(Fault::TimedOut),
            openings: 1,
        }
    );
    assert_eq!(breaker.observe(ms(2_000)).state, BreakerState::HalfOpen);
    assert_eq!(call(&breaker, Verdict::Success, ms(2_000)), Some(Transition::Closed));
    let closed = breaker.observe(ms(2_000));
    assert_eq!((closed.state, closed.since), (BreakerState::Closed, ms(2_000)));
    assert_eq!((closed.samples, closed.failures, closed.openings), (1, 0, 1));
    assert_eq!(breaker.observe(ms(60_000)).samples, 0);
}

/// A call of one of three tenants, begun and ended a while later.
fn calls() -> impl Strategy<Value = Vec<(u128, Verdict, u64)>> {
    let verdict = prop_oneof![
        2 => Just(Verdict::Success),
        3 => Just(FAILED),
        1 => Just(Verdict::Ignored),
    ];
    proptest::collection::vec((1_u128..=3, verdict, 0_u64..2_000), 1..300)
}

proptest! {
    /// The law in its own words, against a list of everything that was counted.
    #[test]
    fn it_trips_only_when_failures_are_of_two_or_nobody_else_was_served(calls in calls()) {
        let breaker = breaker();
        let mut now = Duration::ZERO;
        let mut counted: Vec<(Duration, u128, Verdict)> = Vec::new();
        for (number, verdict, passed_ms) in calls {
            now += ms(passed_ms);
            let was_closed = breaker.state(now) == BreakerState::Closed;
            let Ok(permit) = breaker.try_acquire(tenant(number), now) else { continue };
            counted.push((now, number, verdict));
            let transition = breaker.record(permit, verdict, now);
            if was_closed && is_opened(transition) {
                let since = |window: Duration| {
                    let from = now.saturating_sub(window);
                    counted.iter().filter(move |(at, ..)| *at >= from)
                };
                // All that can have been counted, and what is sure to have been.
                let failed: Vec<u128> =
                    since(ms(10_000)).filter(|call| call.2 == FAILED).map(|call| call.1).collect();
                let are_of_two = failed.iter().any(|one| *one != failed[0]);
                let is_served = |call: &&(Duration, u128, Verdict)| call.2 == Verdict::Success && call.1 != failed[0];
                prop_assert!(are_of_two || since(ms(4_999)).filter(is_served).count() == 0, "{counted:?}");
            }
            if matches!(transition, Some(Transition::Opened { .. } | Transition::Closed)) {
                counted.retain(|call| transition == Some(Transition::Closed) && call.0 == now && call.1 == number);
            }
        }
    }

    /// Whatever one tenant does, with as many calls at once as it likes: another, whose calls are served, is never refused.
    #[test]
    fn no_tenant_keeps_out_another_that_is_served(steps in proptest::collection::vec(step(), 1..300)) {
        let breaker = breaker();
        let mut now = Duration::ZERO;
        let mut permits: Vec<Permit> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(passed_ms) => now += ms(passed_ms),
                Step::Acquire => permits.extend(breaker.try_acquire(me(), now)),
                Step::Record { which, verdict } if !permits.is_empty() => {
                    breaker.record(permits.swap_remove(which % permits.len()), verdict, now);
                }
                Step::Record { .. } => {}
            }
            let served = breaker.try_acquire(tenant(2), now);
            prop_assert!(served.is_ok(), "refused at {now:?}: {:?}", breaker.observe(now));
            breaker.record(served.unwrap(), Verdict::Success, now);
        }
    }

    /// The same where the other asks now and then only, so that the window has forgotten it.
    #[test]
    fn no_tenant_keeps_out_another_that_comes_seldom(steps in proptest::collection::vec(step(), 1..300), every in 1_usize..60) {
        let breaker = breaker();
        let mut now = Duration::ZERO;
        let mut permits: Vec<Permit> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Pass(passed_ms) => now += ms(passed_ms * 10),
                Step::Acquire => permits.extend(breaker.try_acquire(me(), now)),
                Step::Record { which, .. } if !permits.is_empty() => {
                    breaker.record(permits.swap_remove(which % permits.len()), FAILED, now);
                }
                Step::Record { .. } => {}
            }
            if number % every == 0 {
                let served = breaker.try_acquire(tenant(2), now);
                prop_assert!(served.is_ok(), "refused at {now:?}: {:?}", breaker.observe(now));
                breaker.record(served.unwrap(), Verdict::Success, now);
            }
        }
    }

    #[test]
    fn an_outage_opens_it_for_everybody_within_few_calls(order in proptest::collection::vec(1_u128..=3, 40)) {
        let breaker = breaker();
        for number in 1..=3 {
            assert_eq!(call_of(&breaker, number, Verdict::Success, ms(0)), None);
        }
        let mut reached = 0;
        for number in order.iter().copied().chain([1, 2, 3]) {
            if let Ok(permit) = breaker.try_acquire(tenant(number), ms(1)) {
                breaker.record(permit, FAILED, ms(1));
                reached += 1;
            }
        }
        // Until two have failed it may be one's own trouble; from then on three in a row are enough.
        let until_two = order.iter().take_while(|number| **number == order[0]).count() + 1;
        prop_assert_eq!(reached, until_two.max(3));
    }
}
