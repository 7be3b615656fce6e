//! Guesses wait longer and longer, right ones too, and who knows the secret starts afresh.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

const POLICY: GuessPolicy = GuessPolicy {
    free: 3,
    forget_after: Duration::from_secs(600),
    first_wait: Duration::from_secs(2),
    longest_wait: Duration::from_secs(10),
};

fn table() -> GuessTable {
    GuessTable::new(POLICY, 64)
}

#[track_caller]
fn refused(table: &GuessTable, now: Duration, seconds: u64) {
    let retry_after = Duration::from_secs(seconds);
    assert_eq!(table.begin(&"somebody", now), Err(TooManyGuesses { retry_after }));
}

#[test]
fn the_wait_doubles_up_to_the_longest() {
    let table = table();
    let mut now = Duration::ZERO;
    for _ in 0..3 {
        table.begin(&"somebody", now).unwrap();
    }
    for seconds in [2, 4, 8, 10, 10] {
        refused(&table, now, seconds);
        now += Duration::from_secs(seconds);
        refused(&table, now - SECOND, 1);
        table.begin(&"somebody", now).unwrap();
    }
    table.begin(&"somebody else", now).unwrap();
}

#[test]
fn refused_guesses_do_not_make_the_wait_longer() {
    let table = table();
    (0..3).for_each(|_| table.begin(&"somebody", Duration::ZERO).unwrap());
    (0..100).for_each(|_| refused(&table, SECOND, 1));
    table.begin(&"somebody", SECOND * 2).unwrap();
}

#[test]
fn whoever_knows_the_secret_starts_afresh() {
    let table = table();
    for _ in 0..10 {
        table.begin(&"somebody", Duration::ZERO).unwrap();
        table.begin(&"somebody", Duration::ZERO).unwrap();
        table.forget(&"somebody");
    }
}

#[test]
fn what_was_no_guess_is_taken_back_alone() {
    let table = table();
    for _ in 0..10 {
        table.begin(&"somebody", Duration::ZERO).unwrap();
        table.take_back(&"somebody");
    }
    (0..3).for_each(|_| table.begin(&"somebody", Duration::ZERO).unwrap());
    refused(&table, Duration::ZERO, 2);
    table.take_back(&"nobody");
}

#[test]
fn failures_are_forgotten_some_time_after_the_last() {
    let table = table();
    (0..3).for_each(|_| table.begin(&"somebody", Duration::ZERO).unwrap());
    // The wait of two seconds, and the ten minutes.
    let late = Duration::from_secs(602);
    (0..3).for_each(|_| table.begin(&"somebody", late).unwrap());
    refused(&table, late, 2);
}

#[test]
fn guesses_at_the_same_time_do_not_all_pass() {
    let table = table();
    let passed: usize = std::thread::scope(|scope| {
        let guess = || (0..50).filter(|_| table.begin(&"somebody", Duration::ZERO).is_ok()).count();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(guess)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 3);
}

proptest! {
    /// However many others fail less often, who is refused stays refused.
    #[test]
    fn nobody_is_pushed_out_by_those_who_failed_less(strangers in 1_u64..2_000, failures in 1_u8..3) {
        let table = GuessTable::new(POLICY, 8);
        (0..3).for_each(|_| table.begin(&0_u64, Duration::ZERO).unwrap());
        for stranger in 1..=strangers {
            (0..failures).for_each(|_| table.begin(&stranger, SECOND).unwrap());
        }
        prop_assert!(table.begin(&0_u64, SECOND).is_err());
    }

    /// In any time no more guesses are looked at than the free ones, and one for each wait.
    #[test]
    fn patience_does_not_buy_more_guesses(waits_ms in prop::collection::vec(0_u64..3_000, 1..400)) {
        let table = table();
        let mut now = Duration::ZERO;
        let mut passed = 0_u64;
        for wait in waits_ms {
            now += Duration::from_millis(wait);
            passed += u64::from(table.begin(&"somebody", now).is_ok());
        }
        // Waits of 2, 4, 8 and then 10 seconds each.
        let seconds = now.as_secs();
        let after_free = [2, 6, 14].into_iter().filter(|at| seconds >= *at).count() as u64;
        prop_assert!(passed <= 3 + after_free + seconds.saturating_sub(14) / 10);
    }
}
