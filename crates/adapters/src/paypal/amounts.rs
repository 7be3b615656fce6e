//! PayPal's amounts: texts in major units, by PayPal's own table of currencies, which is not ISO 4217's.
//! Source: PayPal `api/rest/reference/currency-codes`, 2026.

use domain::{Currency, Money, Rejection};
use serde::{Deserialize, Serialize};

use super::NAME;
use crate::{json, rejection};

/// Currencies without decimals. A fraction is refused, `.00` included; ISO 4217 gives HUF and TWD two decimals.
const WITHOUT_DECIMALS: [&str; 3] = ["HUF", "JPY", "TWD"];

/// Currencies with two decimals. BRL, CNY and MYR are for accounts in their countries only, which is PayPal's to say.
const WITH_TWO_DECIMALS: [&str; 21] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "MXN", "MYR", "NOK", "NZD",
    "PHP", "PLN", "SEK", "SGD", "THB", "USD",
];

/// Most digits before the point: orders go up to 999999999999999.99.
const MAX_WHOLE_DIGITS: usize = 15;

/// Returns how many decimals PayPal writes a currency with, `None` when it does not take it.
pub(super) fn decimals(currency: Currency) -> Option<u8> {
    let code = currency.code();
    if WITH_TWO_DECIMALS.contains(&code) {
        Some(2)
    } else if WITHOUT_DECIMALS.contains(&code) {
        Some(0)
    } else {
        None
    }
}

/// An amount as PayPal is told it: `{"currency_code":"USD","value":"100.00"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Amount {
    currency_code: &'static str,
    value: String,
}

impl Amount {
    /// Returns an amount as PayPal is told it, with exactly the currency's decimals. Never rounds.
    ///
    /// # Errors
    /// `unsupported_currency`, `amount_too_precise`, and `invalid_field` beyond what an order can be of.
    pub(super) fn of(money: Money) -> Result<Self, Rejection> {
        let currency = money.currency();
        let decimals = decimals(currency).ok_or_else(|| rejection::unsupported_currency(NAME, currency))?;
        let value = money.to_decimal_text(decimals).map_err(|error| rejection::amount(NAME, error))?;
        let whole_digits = value.split('.').next().map_or(0, str::len);
        if whole_digits > MAX_WHOLE_DIGITS {
            return Err(rejection::invalid_field("amount", "Amount is too large."));
        }
        Ok(Self { currency_code: currency.code(), value })
    }
}

/// An amount as payouts are told it: `{"currency":"USD","value":"25.00"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct PayoutAmount {
    currency: &'static str,
    value: String,
}

impl From<Amount> for PayoutAmount {
    fn from(amount: Amount) -> Self {
        Self { currency: amount.currency_code, value: amount.value }
    }
}

/// An amount as PayPal tells it, with any number of decimals. Payouts name the currency `currency`.
#[derive(Debug, Deserialize)]
pub(super) struct WireAmount {
    #[serde(default, alias = "currency", deserialize_with = "json::nullable")]
    currency_code: String,
    #[serde(default, deserialize_with = "json::nullable")]
    value: String,
}

impl WireAmount {
    /// Returns the amount, `None` when it is none: negative, or of a currency that does not exist.
    pub(super) fn money(&self) -> Option<Money> {
        let currency = Currency::parse(&self.currency_code).ok()?;
        // PayPal's pattern allows `.50` and `007.00`.
        let (whole, fraction) = self.value.split_once('.').unwrap_or((&self.value, "0"));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if self.value.is_empty() || !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        match (whole, fraction) {
            ("", "") => Some(Money::zero(currency)),
            (whole, fraction) => Money::parse(&format!("{whole:0>1}.{fraction:0<1}"), currency).ok(),
        }
    }
}

#[cfg(test)]
mod tests;
