//! Stripe's amounts by table and by law.

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
fn amounts_are_whole_numbers_of_stripes_own_unit() {
    check(2000, "USD", Ok(2000));
    check(500, "JPY", Ok(500));
    // Two decimals in ISO 4217 and none at Stripe.
    check(500, "MGA", Ok(5));
    check(550, "MGA", Err("amount_too_precise"));
    // None in ISO 4217 and two at Stripe.
    check(5, "UGX", Ok(500));
    check(5, "ISK", Ok(500));
    check(5120, "KWD", Ok(5120));
    check(5124, "KWD", Err("amount_too_precise"));
    check(175, "HUF", Ok(175));
    check(175, "TWD", Ok(175));
}

#[test]
fn forint_and_taiwan_dollars_are_paid_out_whole() {
    let pay_out = |minor, code| count_payout(money(minor, code)).map_err(|refusal| refusal.code);
    for code in PAID_OUT_WHOLE {
        assert_eq!(pay_out(100, code), Ok(100));
        assert_eq!(pay_out(150, code), Err("amount_too_precise"));
        check(150, code, Ok(150));
    }
    assert_eq!(pay_out(150, "USD"), Ok(150));
    assert_eq!(pay_out(5, "UGX"), Ok(500));
    assert_eq!(pay_out(10, "IQD"), Err("unsupported_currency"));
}

#[test]
fn what_stripe_states_is_read_in_its_own_unit() {
    assert_eq!(told(2000, "usd"), Some(money(2000, "USD")));
    assert_eq!(told(500, "isk"), Some(money(5, "ISK")));
    assert_eq!(told(550, "isk"), None);
    assert_eq!(told(-1, "usd"), None);
    assert_eq!(told(1, "zzz"), None);
    assert_eq!(word(Currency::USD), "usd");
}

#[test]
fn a_currency_whose_unit_no_document_names_is_refused() {
    for code in ["IQD", "LYD", "CLF", "UYI"] {
        check(10, code, Err("unsupported_currency"));
    }
}

#[test]
fn every_listed_currency_is_taken() {
    for code in WITHOUT_DECIMALS.iter().chain(&IN_HUNDREDTHS_OF_WHOLE_UNITS).chain(&WITH_THREE_DECIMALS) {
        assert!(unit(Currency::parse(code).unwrap()).is_some(), "{code}");
    }
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
    fn hundredths_of_whole_units_end_in_two_zeros(minor in 1..=1_000_000_000_i64) {
        for code in IN_HUNDREDTHS_OF_WHOLE_UNITS {
            prop_assert_eq!(count(money(minor, code)).unwrap() % 100, 0);
        }
    }
}
