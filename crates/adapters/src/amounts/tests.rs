//! Amounts in a provider's unit: exact, or refused.

use super::*;

fn bhd(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("BHD").unwrap()).unwrap()
}

#[test]
fn an_amount_is_counted_exactly_or_refused() {
    let unit = Unit::in_tens_of_thousandths();
    assert_eq!(unit.count("Stripe", bhd(5120)), Ok(5120));
    let refusal = unit.count("Stripe", bhd(5124)).unwrap_err();
    assert_eq!((refusal.code, refusal.param), ("amount_too_precise", Some("amount")));
    assert_eq!(refusal.message, "Stripe takes BHD with a last decimal of 0; the amount is 5.124.");
    let refusal = Unit::of(2).count("Stripe", bhd(5124)).unwrap_err();
    assert_eq!(refusal.message, "Stripe takes BHD with 2 decimals; the amount has 3.");
}

#[test]
fn what_does_not_fit_is_too_large() {
    let refusal =
        Unit::of(2).count("Stripe", Money::from_minor(i64::MAX, Currency::parse("JPY").unwrap()).unwrap());
    let refusal = refusal.unwrap_err();
    assert_eq!((refusal.code, refusal.message.as_str()), ("invalid_field", "Amount is too large."));
}

#[test]
fn an_amount_comes_back_from_the_unit() {
    assert_eq!(Unit::of(3).amount(5120, Currency::parse("BHD").unwrap()), Some(bhd(5120)));
    assert_eq!(Unit::of(2).amount(-1, Currency::INR), None);
}
