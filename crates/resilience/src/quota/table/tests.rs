//! However many keys come, the table does not grow, and who is refused stays refused.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;

const WINDOW: Duration = Duration::from_secs(60);

fn table(requests: u32, keys: usize) -> QuotaTable {
    QuotaTable::new(QuotaLimit { requests: NonZeroU32::new(requests).unwrap(), window: WINDOW }, keys)
}

fn exhaust(table: &QuotaTable, key: u64, now: Duration) -> u32 {
    let mut passed = 0;
    while table.charge(&key, now).is_ok() {
        passed += 1;
    }
    passed
}

#[test]
fn each_key_has_a_quota_of_its_own() {
    let table = table(3, 64);
    assert_eq!(exhaust(&table, 1, Duration::ZERO), 3);
    assert_eq!(table.charge(&2_u64, Duration::ZERO).map(|left| left.remaining), Ok(2));
    assert!(table.check(&1_u64, Duration::ZERO).is_err());
    assert_eq!(table.check(&3_u64, Duration::ZERO).map(|left| left.remaining), Ok(2));
    assert_eq!(table.count(Duration::ZERO), 2, "a look adds nobody");
    assert_eq!(table.count(WINDOW), 0, "who owes nothing does not count");
}

#[test]
fn what_is_given_back_can_be_had_again_and_is_not_given_twice() {
    let table = table(2, 64);
    assert_eq!(exhaust(&table, 1, Duration::ZERO), 2);
    table.give_back(&1_u64);
    table.give_back(&2_u64);
    assert_eq!(exhaust(&table, 1, Duration::ZERO), 1);
    assert_eq!(exhaust(&table, 2, Duration::ZERO), 2);
}

#[test]
fn a_refused_key_outlives_a_crowd_and_the_table_does_not_grow() {
    let table = table(5, 16);
    assert_eq!(exhaust(&table, 0, Duration::ZERO), 5);
    for stranger in 1..10_000_u64 {
        table.charge(&stranger, Duration::from_millis(1)).unwrap();
    }
    assert!(table.charge(&0_u64, Duration::from_millis(1)).is_err());
    assert!(table.count(Duration::ZERO) <= 16);
}

#[test]
fn threads_that_meet_over_a_key_do_not_pass_twice() {
    let table = table(1_000, 8);
    let passed: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| exhaust(&table, 7, Duration::ZERO))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 1_000);
}

proptest! {
    /// No more keys than places: each is counted exactly as a quota of its own, whatever the order.
    #[test]
    fn with_a_place_for_each_the_table_is_as_exact_as_single_quotas(
        limit in 1_u32..20,
        requests in prop::collection::vec((0_u64..8, 0_u64..5_000), 1..300),
    ) {
        // One bucket, so that nobody is pushed out.
        let table = table(limit, 8);
        let singles: [Quota; 8] = std::array::from_fn(|_| Quota::new());
        let mut now = Duration::ZERO;
        for (key, wait_ms) in requests {
            now += Duration::from_millis(wait_ms);
            let single = singles[usize::try_from(key).unwrap()].charge(table.limit(), now);
            prop_assert_eq!(table.charge(&key, now), single);
        }
    }

    /// Whatever others do with fewer than a whole quota each, a refused key is refused until its time has come.
    #[test]
    fn nobody_is_pushed_out_by_those_who_owe_less(
        limit in 2_u32..20,
        strangers in prop::collection::vec(1_u32..20, 1..500),
    ) {
        let table = table(limit, 8);
        exhaust(&table, 0, Duration::ZERO);
        for (stranger, requests) in (1_u64..).zip(strangers) {
            for _ in 0..requests.min(limit - 1) {
                prop_assert!(table.charge(&stranger, Duration::ZERO).is_ok());
            }
            prop_assert!(table.charge(&0_u64, Duration::ZERO).is_err());
        }
        prop_assert!(table.count(Duration::ZERO) <= 8);
    }
}
