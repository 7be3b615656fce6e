//! Retries are a fifth of the calls or three a second, whichever is more, and never both together.

use proptest::prelude::*;

use super::*;

fn budget() -> RetryBudget {
    let min_per_second = NonZeroU32::new(3).unwrap();
    RetryBudget::try_new(RetryBudgetSettings { percent_of_calls: 20, min_per_second }).unwrap()
}

fn retries_until_spent(budget: &RetryBudget, now: Duration) -> u32 {
    (0..).take_while(|_| budget.try_retry(now).is_ok()).count().try_into().unwrap()
}

#[track_caller]
fn check(calls: u32, retries: u32) {
    let budget = budget();
    for _ in 0..calls {
        budget.note_call();
    }
    assert_eq!(retries_until_spent(&budget, Duration::from_secs(1)), retries, "after {calls} calls");
}

#[test]
fn the_larger_of_share_and_minimum_counts() {
    check(0, 3);
    check(5, 3);
    check(15, 3);
    check(19, 3);
    check(20, 4);
    check(100, 20);
    check(104, 20);
    check(105, 21);
}

#[test]
fn quiet_times_save_up_only_so_much() {
    check(500, 100);
    check(1_000_000, 100);
}

#[test]
fn the_minimum_comes_back_with_time() {
    let budget = budget();
    assert_eq!(retries_until_spent(&budget, Duration::ZERO), 3);
    assert_eq!(retries_until_spent(&budget, Duration::from_millis(333)), 0);
    assert_eq!(retries_until_spent(&budget, Duration::from_millis(334)), 1);
    assert_eq!(retries_until_spent(&budget, Duration::from_secs(10)), 3);
}

#[test]
fn more_retries_than_calls_are_no_budget() {
    let min_per_second = NonZeroU32::MIN;
    let settings = RetryBudgetSettings { percent_of_calls: 101, min_per_second };
    assert_eq!(RetryBudget::try_new(settings).err(), Some(RetryBudgetError::ShareTooLarge));
}

#[test]
fn threads_share_one_budget() {
    let budget = budget();
    for _ in 0..250 {
        budget.note_call();
    }
    let taken: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| retries_until_spent(&budget, Duration::from_secs(1)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!((50..=53).contains(&taken), "{taken} retries");
}

proptest! {
    #[test]
    fn retries_never_exceed_the_share_plus_the_minimum(
        steps in proptest::collection::vec((0_u32..30, 0_u64..400, 0_u32..30), 1..60),
    ) {
        let budget = budget();
        let (mut calls, mut retries, mut now_ms) = (0, 0, 0);
        for (new_calls, passed_ms, wanted) in steps {
            now_ms += passed_ms;
            for _ in 0..new_calls {
                budget.note_call();
            }
            calls += new_calls;
            retries += (0..wanted).filter(|_| budget.try_retry(Duration::from_millis(now_ms)).is_ok()).count();
            let by_share = u64::from(calls) / 5;
            let by_time = 3 + now_ms * 3 / 1000;
            prop_assert!(u64::try_from(retries).unwrap() <= by_share + by_time);
        }
    }
}
