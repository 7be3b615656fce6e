//! Razorpay's amounts by table and by law.

use proptest::prelude::*;

use super::*;

fn money(minor: i64, code: &str) -> Money {
    Money::from_minor(minor, Currency::parse(code).unwrap()).unwrap()
}

#[track_caller]
fn check(minor: i64, code: &str, expected: Result<i64, &'static str>) {
    assert_eq!(count(money(minor, code)).map_err(|refusal| refusal.code), expected, "{minor} {code}");
}

#[test]
fn amounts_are_whole_numbers_of_the_smallest_unit() {
    check(50_000, "INR", Ok(50_000));
    check(1, "INR", Ok(1));
    check(500, "JPY", Ok(500));
    check(12_345, "HUF", Ok(12_345));
    check(295_990, "KWD", Ok(295_990));
    check(295_991, "KWD", Err("amount_too_precise"));
    check(100, "UGX", Ok(100));
    check(100, "AFN", Err("unsupported_currency"));
}

#[test]
fn the_tables_are_sorted_and_name_each_currency_once() {
    let mut all: Vec<&str> = WITHOUT_DECIMALS
        .into_iter()
        .chain(WITH_THREE_DECIMALS)
        .chain(WITH_TWO_DECIMALS.iter().copied())
        .collect();
    assert_eq!(all.len(), 128);
    assert!(WITH_TWO_DECIMALS.is_sorted());
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 128);
}

proptest! {
    /// What is sent is what was asked for, or nothing is.
    #[test]
    fn an_amount_is_never_changed(minor in 1..=i64::MAX, code in "[A-Z]{3}") {
        let Ok(currency) = Currency::parse(&code) else { return Ok(()) };
        let asked = Money::from_minor(minor, currency).unwrap();
        match count(asked) {
            Ok(units) => {
                let told = unit(currency).unwrap().amount(units, currency);
                prop_assert_eq!(told, Some(asked));
            }
            Err(refusal) => prop_assert!(
                ["unsupported_currency", "amount_too_precise", "invalid_field"].contains(&refusal.code)
            ),
        }
    }

    #[test]
    fn a_three_decimal_amount_ends_in_zero_or_is_refused(minor in 1..=1_000_000_000_i64) {
        let counted = count(money(minor, "KWD"));
        prop_assert_eq!(counted.is_ok(), minor % 10 == 0);
    }
}
