//! When calls are made, on a clock that is passed in.

use super::*;

const START: Duration = Duration::from_secs(100);

fn opened() -> Breaker {
    let breaker = Breaker::new();
    breaker.admit(START).unwrap().fail(START);
    breaker
}

#[test]
fn while_calls_succeed_all_are_made() {
    let breaker = Breaker::new();
    let passes: Vec<_> = (0..100).map(|_| breaker.admit(START).unwrap()).collect();
    passes.into_iter().for_each(Pass::succeed);
    assert!(breaker.admit(START).is_some());
}

#[test]
fn one_failure_is_enough_for_a_second() {
    let breaker = opened();
    let almost = START + OPEN_FOR - Duration::from_nanos(1);
    assert!((0..100).all(|_| breaker.admit(almost).is_none()));
    assert!(breaker.admit(START + OPEN_FOR).is_some());
}

#[test]
fn one_call_finds_out_for_all() {
    let breaker = opened();
    let probe = breaker.admit(START + OPEN_FOR).unwrap();
    assert!(breaker.admit(START + OPEN_FOR * 10).is_none());
    probe.succeed();
    assert!(breaker.admit(START + OPEN_FOR * 10).is_some());
}

#[test]
fn a_probe_that_fails_costs_another_second() {
    let breaker = opened();
    let later = START + OPEN_FOR * 5;
    breaker.admit(later).unwrap().fail(later);
    assert!(breaker.admit(later + OPEN_FOR / 2).is_none());
    assert!(breaker.admit(later + OPEN_FOR).is_some());
}

#[test]
fn a_probe_whose_caller_goes_away_leaves_the_next_one_to_probe() {
    let breaker = opened();
    drop(breaker.admit(START + OPEN_FOR).unwrap());
    let probe = breaker.admit(START + OPEN_FOR).unwrap();
    assert!(breaker.admit(START + OPEN_FOR).is_none());
    probe.succeed();
    assert!(breaker.admit(START + OPEN_FOR).is_some());
}

#[test]
fn calls_from_before_say_nothing_about_after() {
    let breaker = Breaker::new();
    let [slow, slower, failing] = [(); 3].map(|()| breaker.admit(START).unwrap());
    failing.fail(START);
    slow.succeed();
    assert!(breaker.admit(START).is_none());
    breaker.admit(START + OPEN_FOR).unwrap().succeed();
    slower.fail(START + OPEN_FOR);
    assert!(breaker.admit(START + OPEN_FOR).is_some());
}
