//! A breaker opens when its provider fails, probes once, and lets nothing through between; by examples and by laws.

use domain::TenantId;
use proptest::prelude::*;

use super::*;

mod tenants;

const FAILED: Verdict = Verdict::Failure(Fault::TimedOut);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Opens after 3 failures in a row, or half of at least 10 calls in 10 s; stays open 1 s, 2 s, then 4 s.
fn breaker() -> Breaker {
    let settings = BreakerSettings {
        consecutive_failures: 3,
        failure_percent: 50,
        min_samples: 10,
        window: ms(10_000),
        first_open_for: ms(1_000),
        max_open_for: ms(4_000),
    };
    Breaker::new(Arc::new(BreakerPolicy::try_new(settings).unwrap()))
}

fn tenant(number: u128) -> Witness {
    Witness::new(TenantId::from_u128(number))
}

fn me() -> Witness {
    tenant(1)
}

#[track_caller]
fn call(breaker: &Breaker, verdict: Verdict, now: Duration) -> Option<Transition> {
    let permit = breaker.try_acquire(me(), now).unwrap();
    breaker.record(permit, verdict, now)
}

/// Opens a closed breaker by failures in a row.
#[track_caller]
fn open(breaker: &Breaker, now: Duration) {
    assert_eq!(call(breaker, FAILED, now), None);
    assert_eq!(call(breaker, FAILED, now), None);
    assert_eq!(call(breaker, FAILED, now), Some(Transition::Opened { open_for: ms(1_000) }));
}

#[track_caller]
fn check_refused(breaker: &Breaker, now: Duration, retry_after: Duration) {
    assert_eq!(breaker.try_acquire(me(), now), Err(OpenFor { retry_after }));
}

#[test]
fn a_breaker_is_small() {
    assert!(size_of::<Breaker>() <= 224, "{} bytes", size_of::<Breaker>());
}

#[test]
fn failures_in_a_row_open_it_for_a_while() {
    let breaker = breaker();
    open(&breaker, ms(500));
    check_refused(&breaker, ms(500), ms(1_000));
    check_refused(&breaker, ms(1_499), ms(1));
    assert_eq!(breaker.state(ms(1_499)), BreakerState::Open { retry_after: ms(1) });
    assert!(breaker.try_acquire(me(), ms(1_500)).unwrap().is_probe());
}

#[test]
fn a_success_ends_the_row() {
    let breaker = breaker();
    for verdict in [FAILED, FAILED, Verdict::Success, FAILED, FAILED] {
        assert_eq!(call(&breaker, verdict, ms(0)), None);
    }
    assert_eq!(breaker.state(ms(0)), BreakerState::Closed);
}

#[test]
fn a_share_of_failures_opens_it_once_there_are_enough_calls() {
    let breaker = breaker();
    for number in 0..9 {
        let verdict = if number % 2 == 0 { FAILED } else { Verdict::Success };
        assert_eq!(call(&breaker, verdict, ms(number)), None, "call {number}");
    }
    assert!(matches!(call(&breaker, Verdict::Success, ms(9)), Some(Transition::Opened { .. })));
}

#[test]
fn failures_before_the_window_do_not_count_for_the_share() {
    let breaker = breaker();
    for number in 0..9 {
        let verdict = if number % 2 == 0 { FAILED } else { Verdict::Success };
        assert_eq!(call(&breaker, verdict, ms(number)), None);
    }
    assert_eq!(call(&breaker, Verdict::Success, ms(20_000)), None);
    assert_eq!(call(&breaker, FAILED, ms(20_001)), None);
}

#[test]
fn what_is_ignored_counts_for_nothing() {
    let breaker = breaker();
    for _ in 0..100 {
        assert_eq!(call(&breaker, Verdict::Ignored, ms(0)), None);
    }
    open(&breaker, ms(0));
}

#[test]
fn one_probe_goes_through_and_its_success_closes_the_breaker() {
    let breaker = breaker();
    open(&breaker, ms(0));
    let probe = breaker.try_acquire(me(), ms(1_000)).unwrap();
    assert_eq!(breaker.state(ms(1_000)), BreakerState::HalfOpen);
    check_refused(&breaker, ms(1_000), ms(1_000));
    check_refused(&breaker, ms(99_000), ms(1_000));
    assert_eq!(breaker.record(probe, Verdict::Success, ms(1_050)), Some(Transition::Closed));
    let permit = breaker.try_acquire(me(), ms(1_050)).unwrap();
    assert!(!permit.is_probe());
    assert_eq!(breaker.record(permit, Verdict::Success, ms(1_060)), None);
    // What was counted before it opened is forgotten, and so is how long it was open.
    open(&breaker, ms(1_070));
}

#[test]
fn each_failed_probe_doubles_the_time_up_to_the_most() {
    let breaker = breaker();
    open(&breaker, ms(0));
    let mut now = ms(1_000);
    for open_for in [ms(2_000), ms(4_000), ms(4_000)] {
        assert_eq!(call(&breaker, FAILED, now), Some(Transition::Opened { open_for }));
        check_refused(&breaker, now, open_for);
        now += open_for;
    }
}

#[test]
fn an_abandoned_probe_passes_its_turn_to_the_next_caller() {
    let breaker = breaker();
    open(&breaker, ms(0));
    assert_eq!(call(&breaker, Verdict::Ignored, ms(1_000)), Some(Transition::GivenBack));
    let probe = breaker.try_acquire(me(), ms(1_000)).unwrap();
    assert!(probe.is_probe());
    assert_eq!(breaker.record(probe, FAILED, ms(1_000)), Some(Transition::Opened { open_for: ms(2_000) }));
}

#[test]
fn calls_from_before_it_opened_say_nothing_about_the_probe() {
    let breaker = breaker();
    let early = [(); 3].map(|()| breaker.try_acquire(me(), ms(0)).unwrap());
    open(&breaker, ms(0));
    let [first, second, third] = early;
    assert_eq!(breaker.record(first, FAILED, ms(10)), None);
    check_refused(&breaker, ms(10), ms(990));
    let probe = breaker.try_acquire(me(), ms(1_000)).unwrap();
    assert_eq!(breaker.record(second, Verdict::Success, ms(1_001)), None);
    assert_eq!(breaker.record(third, Verdict::Ignored, ms(1_001)), None);
    check_refused(&breaker, ms(1_001), ms(1_000));
    assert_eq!(breaker.record(probe, Verdict::Success, ms(1_002)), Some(Transition::Closed));
}

#[test]
fn threads_get_one_probe_between_them() {
    for _ in 0..50 {
        let breaker = breaker();
        open(&breaker, ms(0));
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..50).filter(|_| breaker.try_acquire(me(), ms(1_000)).is_ok()).count())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1);
    }
}

/// Something that happens to a breaker.
#[derive(Debug, Clone)]
enum Step {
    Acquire,
    Record { which: usize, verdict: Verdict },
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let verdict = prop_oneof![
        2 => Just(Verdict::Success),
        5 => Just(FAILED),
        1 => Just(Verdict::Ignored),
    ];
    prop_oneof![
        4 => Just(Step::Acquire),
        4 => (any::<usize>(), verdict).prop_map(|(which, verdict)| Step::Record { which, verdict }),
        1 => (0_u64..3_000).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn nothing_passes_while_open_and_at_most_one_probe_is_out(steps in proptest::collection::vec(step(), 1..300)) {
        let breaker = breaker();
        let mut now = Duration::ZERO;
        let mut open_until = Duration::ZERO;
        let mut permits: Vec<Permit> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(passed_ms) => now += ms(passed_ms),
                Step::Acquire => {
                    let state = breaker.state(now);
                    let probes_out = permits.iter().filter(|permit| permit.is_probe()).count();
                    match breaker.try_acquire(me(), now) {
                        Ok(permit) => {
                            prop_assert!(now >= open_until, "admitted at {now:?}, open until {open_until:?}");
                            prop_assert_eq!(permit.is_probe(), state == BreakerState::HalfOpen);
                            prop_assert!(!permit.is_probe() || probes_out == 0, "a second probe");
                            permits.push(permit);
                        }
                        Err(refused) => {
                            prop_assert!(!refused.retry_after.is_zero());
                            prop_assert!(now < open_until || probes_out == 1, "refused for nothing");
                        }
                    }
                }
                Step::Record { which, verdict } => {
                    if permits.is_empty() {
                        continue;
                    }
                    let permit = permits.swap_remove(which % permits.len());
                    match breaker.record(permit, verdict, now) {
                        Some(Transition::Opened { open_for }) => open_until = now + open_for,
                        Some(Transition::Closed) => prop_assert_eq!(verdict, Verdict::Success),
                        Some(Transition::GivenBack) => prop_assert_eq!(verdict, Verdict::Ignored),
                        None => {}
                    }
                }
            }
        }
    }

    #[test]
    fn a_breaker_whose_permits_all_come_back_admits_again_in_time(steps in proptest::collection::vec(step(), 1..200)) {
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
        }
        for permit in permits {
            breaker.record(permit, Verdict::Ignored, now);
        }
        let longest = ms(4_000);
        prop_assert!(breaker.try_acquire(me(), now + longest).is_ok());
    }
}
