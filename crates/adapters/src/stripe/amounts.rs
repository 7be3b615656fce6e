//! In which unit Stripe counts a currency. Source: Stripe documentation, "Supported currencies", texts of 2022 and 2026.

use domain::{Currency, Money, Rejection};

use super::NAME;
use crate::amounts::Unit;
use crate::rejection;

/// Currencies without decimals. MGA has two in ISO 4217 and none here.
const WITHOUT_DECIMALS: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];

/// Currencies without decimals in ISO 4217 that Stripe counts in hundredths all the same (5 UGX is 500).
const IN_HUNDREDTHS_OF_WHOLE_UNITS: [&str; 2] = ["ISK", "UGX"];

/// Currencies with three decimals of which the last must be 0.
const WITH_THREE_DECIMALS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// Currencies with two decimals that are paid out in whole units only.
const PAID_OUT_WHOLE: [&str; 2] = ["HUF", "TWD"];

/// Returns the unit in which Stripe counts a currency, `None` where no document says. Stripe's default is two decimals;
/// it is believed only for currencies that have two, since a wrong guess would ask for ten or a hundred times too much.
/// Which of those an account can take is Stripe's to say.
pub(super) fn unit(currency: Currency) -> Option<Unit> {
    let code = currency.code();
    if WITHOUT_DECIMALS.contains(&code) {
        Some(Unit::of(0))
    } else if WITH_THREE_DECIMALS.contains(&code) {
        Some(Unit::in_tens_of_thousandths())
    } else if currency.decimals() == 2 || IN_HUNDREDTHS_OF_WHOLE_UNITS.contains(&code) {
        Some(Unit::of(2))
    } else {
        None
    }
}

/// Returns an amount as Stripe is told it. The least and the most that can be asked for is Stripe's to say: it follows
/// from the currency in which the account is settled.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`.
pub(super) fn count(amount: Money) -> Result<i64, Rejection> {
    let currency = amount.currency();
    let unit = unit(currency).ok_or_else(|| rejection::unsupported_currency(NAME, currency))?;
    unit.count(NAME, amount)
}

/// Returns an amount of a payout as Stripe is told it.
///
/// # Errors
/// As [`count`], and `amount_too_precise` for a part of a unit that is paid out whole.
pub(super) fn count_payout(amount: Money) -> Result<i64, Rejection> {
    let units = count(amount)?;
    let currency = amount.currency();
    if PAID_OUT_WHOLE.contains(&currency.code()) && units % 100 != 0 {
        let message = format!("{NAME} pays out whole {currency} only; the amount is {amount}.");
        return Err(rejection::amount_too_precise(message));
    }
    Ok(units)
}

/// Returns what Stripe states in its own unit, `None` when it is no amount.
pub(super) fn told(units: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(currency).ok()?;
    unit(currency)?.amount(units, currency)
}

/// Returns a currency as Stripe writes it.
pub(super) fn word(currency: Currency) -> String {
    currency.code().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
