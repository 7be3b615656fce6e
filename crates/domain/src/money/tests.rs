//! Amounts by table and by law.

use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency of the test")
}

#[track_caller]
fn check(text: &str, code: &str, expected: Result<i64, AmountError>) {
    assert_eq!(Money::parse(text, currency(code)).map(Money::minor), expected, "{text} {code}");
}

#[track_caller]
fn check_too_precise(text: &str, code: &str, allowed: u8, found: u32) {
    check(text, code, Err(AmountError::TooPrecise { currency: currency(code), allowed, found }));
}

#[test]
fn amounts_are_exact() {
    check("500.00", "INR", Ok(50_000));
    check("500", "INR", Ok(50_000));
    check("500.0", "JPY", Ok(500));
    check("500.000", "INR", Ok(50_000));
    check("0.01", "USD", Ok(1));
    check("1e2", "INR", Ok(10_000));
    check("1E+2", "JPY", Ok(100));
    check("12345e-2", "INR", Ok(12_345));
    check("0.500", "KWD", Ok(500));
    check("12345678901234567", "INR", Ok(1_234_567_890_123_456_700));
    check("12345678901234567", "JPY", Ok(12_345_678_901_234_567));
}

#[test]
fn amounts_that_would_be_rounded_are_refused() {
    check_too_precise("500.005", "INR", 2, 3);
    check_too_precise("0.30000000000000004", "INR", 2, 17);
    check_too_precise("500.5", "JPY", 0, 1);
    check_too_precise("0.5005", "KWD", 3, 4);
    check_too_precise("1e-3", "INR", 2, 3);
}

#[test]
fn amounts_out_of_range_are_refused() {
    for text in ["0", "0.00", "-0", "-1", "-500.00", "0e5"] {
        check(text, "INR", Err(AmountError::NotPositive));
    }
    for text in
        ["1000000000000000000000000000000", "1e30", "1e99999", "99999999999999999.99", &"9".repeat(65)]
    {
        check(text, "INR", Err(AmountError::TooLarge));
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "NaN", "Infinity", "five", "1.", ".5", "+1", "1_000", "1,000", "0x10", "01", "1e", "1e1.5",
        "--1", " 1", "1.5.5",
    ] {
        check(text, "INR", Err(AmountError::NotANumber));
    }
}

#[test]
fn providers_that_count_otherwise_are_met_exactly() {
    let krona = Money::parse("5", currency("ISK")).expect("5 ISK");
    assert_eq!(krona.to_provider_units(2), Ok(500));
    let forint = Money::parse("500.50", currency("HUF")).expect("500.50 HUF");
    assert_eq!(
        forint.to_provider_units(0),
        Err(AmountError::TooPrecise { currency: currency("HUF"), allowed: 0, found: 1 })
    );
    assert_eq!(Money::from_provider_units(500, 2, currency("ISK")), Ok(krona));
    assert_eq!(krona.to_decimal_text(2), Ok("5.00".to_owned()));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(minor in 1_i64.., code in prop::sample::select(vec!["INR", "JPY", "KWD", "USD"])) {
        let money = Money::from_minor(minor, currency(code)).expect("positive");
        prop_assert_eq!(Money::parse(&money.to_string(), currency(code)), Ok(money));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}") {
        Money::parse(&text, Currency::INR).ok();
    }

    #[test]
    fn provider_units_lead_back_to_the_amount(minor in 1_i64..=99_999_999_999_999, decimals in 2_u8..=4) {
        let money = Money::from_minor(minor, Currency::INR).expect("positive");
        let units = money.to_provider_units(decimals).expect("fits");
        prop_assert_eq!(Money::from_provider_units(units, decimals, Currency::INR), Ok(money));
    }
}
