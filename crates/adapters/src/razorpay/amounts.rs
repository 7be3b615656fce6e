//! Which currencies Razorpay takes, and in which unit.
//! Source: `razorpay/markdown-docs`, `payments/international-payments.md`, 2026-04-09.

use domain::{Currency, Money, Rejection};

use super::NAME;
use crate::amounts::Unit;
use crate::rejection;

/// Currencies without decimals, sorted.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
    "XPF",
];

/// Currencies with three decimals of which the last must be 0, sorted.
const WITH_THREE_DECIMALS: [&str; 6] = ["BHD", "IQD", "JOD", "KWD", "OMR", "TND"];

/// Currencies with two decimals, sorted. HUF and TWD have them here, unlike elsewhere.
const WITH_TWO_DECIMALS: &[&str] = &[
    "AED", "ALL", "AMD", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND", "BOB", "BRL", "BSD",
    "BTN", "BWP", "BZD", "CAD", "CHF", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP",
    "ETB", "EUR", "FJD", "GBP", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR",
    "ILS", "INR", "JMD", "KES", "KGS", "KHR", "KYD", "KZT", "LAK", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA",
    "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SCR", "SEK", "SGD", "SLL",
    "SOS", "SVC", "SZL", "THB", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "XCD", "YER", "ZAR",
    "ZMW",
];

/// Returns the unit in which Razorpay counts a currency, `None` when it does not take it.
pub(super) fn unit(currency: Currency) -> Option<Unit> {
    unit_of_code(currency.code())
}

fn unit_of_code(code: &str) -> Option<Unit> {
    if WITH_TWO_DECIMALS.binary_search(&code).is_ok() {
        Some(Unit::of(2))
    } else if WITHOUT_DECIMALS.contains(&code) {
        Some(Unit::of(0))
    } else if WITH_THREE_DECIMALS.contains(&code) {
        Some(Unit::in_tens_of_thousandths())
    } else {
        None
    }
}

/// Returns an amount as Razorpay is told it. The least and the most that an account may ask for is Razorpay's to say.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`.
pub(super) fn count(amount: Money) -> Result<i64, Rejection> {
    let currency = amount.currency();
    let unit = unit(currency).ok_or_else(|| rejection::unsupported_currency(NAME, currency))?;
    unit.count(NAME, amount)
}

#[cfg(test)]
mod tests;
