//! Amounts as PayPal writes them: exact, or refused.

use domain::RejectionClass;
use proptest::prelude::*;

use super::*;

mod every_request;

fn money(text: &str, code: &str) -> Money {
    Money::parse(text, Currency::parse(code).unwrap()).unwrap()
}

#[track_caller]
fn check(text: &str, code: &str, expected: Result<&str, &str>) {
    let written = Amount::of(money(text, code));
    assert_eq!(
        written.as_ref().map(|amount| amount.value.as_str()).map_err(|refusal| refusal.code),
        expected
    );
    if let Ok(amount) = written {
        assert_eq!(amount.currency_code, code);
    }
}

#[test]
fn amounts_have_exactly_the_decimals_of_paypals_own_table() {
    check("10", "USD", Ok("10.00"));
    check("10.5", "EUR", Ok("10.50"));
    check("0.01", "GBP", Ok("0.01"));
    check("500", "JPY", Ok("500"));
    check("500.00", "HUF", Ok("500"));
    check("500.00", "TWD", Ok("500"));
    check("999999999999999.99", "USD", Ok("999999999999999.99"));
    check("999999999999999", "JPY", Ok("999999999999999"));
}

#[test]
fn what_paypal_cannot_be_told_is_refused_and_never_rounded() {
    check("500.50", "HUF", Err("amount_too_precise"));
    check("500.01", "TWD", Err("amount_too_precise"));
    check("1000000000000000", "USD", Err("invalid_field"));
    check("1000000000000000", "JPY", Err("invalid_field"));
    // Three decimals, Indian rupees, and a currency with two that PayPal does not have.
    for code in ["BHD", "KWD", "INR", "ZAR", "KRW"] {
        check("500", code, Err("unsupported_currency"));
    }
}

#[test]
fn a_refused_amount_says_which_field_is_at_fault() {
    let refusal = Amount::of(money("500.50", "HUF")).unwrap_err();
    assert_eq!((refusal.class, refusal.param), (RejectionClass::InvalidRequest, Some("amount")));
    let refusal = Amount::of(money("500", "INR")).unwrap_err();
    assert_eq!((refusal.class, refusal.param), (RejectionClass::InvalidRequest, Some("currency")));
}

#[test]
fn exactly_the_24_currencies_of_the_table_are_taken() {
    let letters = || 'A'..='Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    let taken =
        codes.filter_map(|code| Currency::parse(&code).ok()).filter(|currency| decimals(*currency).is_some());
    assert_eq!(taken.count(), WITHOUT_DECIMALS.len() + WITH_TWO_DECIMALS.len());
    assert_eq!(WITHOUT_DECIMALS.len() + WITH_TWO_DECIMALS.len(), 24);
}

#[track_caller]
fn check_read(json: &str, expected: Option<Money>) {
    let read = serde_json::from_str::<WireAmount>(json).ok().and_then(|amount| amount.money());
    assert_eq!(read, expected, "{json}");
}

#[test]
fn amounts_are_read_with_any_number_of_decimals() {
    let amount = |value: &str, code: &str| format!(r#"{{"currency_code":"{code}","value":"{value}"}}"#);
    for value in ["10", "10.0", "10.00", "10.000000", "010.00"] {
        check_read(&amount(value, "USD"), Some(money("10", "USD")));
    }
    check_read(&amount(".50", "USD"), Some(money("0.5", "USD")));
    check_read(&amount("500", "HUF"), Some(money("500", "HUF")));
    check_read(&amount("500.00", "JPY"), Some(money("500", "JPY")));
    for value in ["0", "0.00", "00"] {
        check_read(&amount(value, "USD"), Some(Money::zero(Currency::USD)));
    }
}

#[test]
fn what_is_no_amount_is_none() {
    for value in ["-1.00", "1e3", "1,00", "ten", "1.2.3", "10.001", "99999999999999999999999999"] {
        check_read(&format!(r#"{{"currency_code":"USD","value":"{value}"}}"#), None);
    }
    check_read(r#"{"currency_code":"XQX","value":"1.00"}"#, None);
    check_read(r#"{"currency_code":"USD"}"#, None);
    check_read(r#"{"value":"1.00"}"#, None);
    check_read(r#"{"currency_code":null,"value":null}"#, None);
}

proptest! {
    #[test]
    fn an_amount_that_can_be_told_comes_back_the_same(
        minor in 1_i64..=99_999_999_999_999_999,
        code in proptest::sample::select([&WITHOUT_DECIMALS[..], &WITH_TWO_DECIMALS[..]].concat()),
    ) {
        let currency = Currency::parse(code).unwrap();
        let money = Money::from_minor(minor, currency).unwrap();
        match Amount::of(money) {
            Ok(amount) => {
                let fraction = amount.value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                prop_assert_eq!(Some(fraction), decimals(currency).map(usize::from));
                let told = WireAmount { currency_code: code.to_owned(), value: amount.value };
                prop_assert_eq!(told.money(), Some(money));
            }
            // Only what has a fraction that PayPal cannot be told, or more whole digits than an order can have.
            Err(refusal) => match refusal.code {
                "amount_too_precise" => prop_assert!(WITHOUT_DECIMALS.contains(&code) && minor % 100 != 0),
                "invalid_field" => prop_assert!(currency.decimals() == 0 && minor > 999_999_999_999_999),
                other => prop_assert!(false, "{}", other),
            },
        }
    }
}
