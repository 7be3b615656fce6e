//! PayPal amounts: texts in major units, two decimals at most, none at all in three currencies.

use serde_json::{Value, json};

use crate::payer::major;

use super::refusal::Refusal;

/// The supported currencies.
const KNOWN: &str =
    "AUD BRL CAD CNY CZK DKK EUR HKD HUF ILS INR JPY MYR MXN TWD NZD NOK PHP PLN GBP SGD SEK CHF THB USD";
/// Currencies without decimals, by PayPal's own table.
const ZERO: [&str; 3] = ["HUF", "JPY", "TWD"];
/// The largest whole part.
const MOST_MAJOR: i64 = 999_999_999_999_999;
/// The longest text of an amount.
const LONGEST_VALUE: usize = 32;

/// An amount in the currency's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) currency: String,
    pub(super) minor: i64,
}

/// How an amount is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// More than nothing.
    Positive,
    /// Nothing or more, as in a breakdown.
    NotNegative,
}

/// Where an amount stands and what it must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The JSON pointer of the money object.
    pub(super) path: &'a str,
    pub(super) rule: Rule,
    /// The issue for decimals in a currency that has none; orders and payments list different ones.
    pub(super) no_decimals: &'static str,
}

/// Why two texts are no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Not the specification's pattern.
    Syntax,
    /// A currency that PayPal does not take.
    Currency,
    /// Decimals in a currency without any.
    NoDecimals,
    /// More than two decimals.
    Precision,
    TooLarge,
}

impl Money {
    /// Returns the amount as PayPal writes it.
    pub(super) fn to_json(&self) -> Value {
        json!({"currency_code": self.currency, "value": self.text()})
    }

    /// Returns the amount as the payouts API writes it.
    pub(super) fn to_payout_json(&self) -> Value {
        json!({"currency": self.currency, "value": self.text()})
    }

    /// Returns the amount's text, with exactly the currency's decimals.
    pub(super) fn text(&self) -> String {
        major(self.minor, decimals(&self.currency))
    }

    /// Returns the same currency with another amount.
    pub(super) fn with(&self, minor: i64) -> Self {
        Self { currency: self.currency.clone(), minor }
    }

    /// Reads a money object.
    pub(super) fn read(value: &Value, place: Place<'_>) -> Result<Self, Refusal> {
        let at = |name: &str| format!("{}/{name}", place.path);
        let missing = |name: &str| Refusal::issue("MISSING_REQUIRED_PARAMETER").at(at(name));
        let currency =
            text_of(value, "currency_code", place.path)?.ok_or_else(|| missing("currency_code"))?;
        let text = text_of(value, "value", place.path)?.ok_or_else(|| missing("value"))?;
        if currency.chars().count() != 3 {
            return Err(Refusal::issue("INVALID_STRING_LENGTH").at(at("currency_code")).with_value(currency));
        }
        if text.is_empty() || text.len() > LONGEST_VALUE {
            return Err(Refusal::issue("INVALID_STRING_LENGTH").at(at("value")).with_value(text));
        }
        let refuse = |wrong: Wrong| match wrong {
            Wrong::Syntax => Refusal::issue("INVALID_PARAMETER_SYNTAX").at(at("value")).with_value(text),
            Wrong::Currency => {
                Refusal::issue("INVALID_CURRENCY_CODE").at(at("currency_code")).with_value(currency)
            }
            Wrong::NoDecimals => Refusal::issue(place.no_decimals).at(at("value")).with_value(text),
            Wrong::Precision => Refusal::issue("DECIMAL_PRECISION").at(at("value")).with_value(text),
            Wrong::TooLarge => Refusal::issue("MAX_VALUE_EXCEEDED").at(at("value")).with_value(text),
        };
        let money = Self::parse(currency, text).map_err(refuse)?;
        let refuse = |issue: &str| Refusal::issue(issue).at(at("value")).with_value(text);
        match place.rule {
            Rule::Positive if money.minor <= 0 => Err(refuse("CANNOT_BE_ZERO_OR_NEGATIVE")),
            Rule::NotNegative if money.minor < 0 || text.starts_with('-') => {
                Err(refuse("CANNOT_BE_NEGATIVE"))
            }
            _ => Ok(money),
        }
    }

    /// Reads an amount from its two texts.
    pub(super) fn parse(currency: &str, text: &str) -> Result<Self, Wrong> {
        let (is_negative, whole, fraction) = split(text).ok_or(Wrong::Syntax)?;
        if !is_known(currency) {
            return Err(Wrong::Currency);
        }
        if ZERO.contains(&currency) && text.contains('.') {
            return Err(Wrong::NoDecimals);
        }
        if fraction.len() > 2 {
            return Err(Wrong::Precision);
        }
        let minor = minor_of(whole, fraction, decimals(currency)).ok_or(Wrong::TooLarge)?;
        let minor = if is_negative { minor.saturating_neg() } else { minor };
        Ok(Self { currency: currency.to_owned(), minor })
    }
}

/// Returns whether PayPal takes the currency.
pub(super) fn is_known(currency: &str) -> bool {
    KNOWN.split(' ').any(|known| known == currency)
}

/// Returns PayPal's number of decimals.
pub(super) fn decimals(currency: &str) -> usize {
    if ZERO.contains(&currency) { 0 } else { 2 }
}

fn text_of<'v>(value: &'v Value, name: &str, path: &str) -> Result<Option<&'v str>, Refusal> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"))),
    }
}

/// The specification's pattern: `^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$`.
fn split(text: &str) -> Option<(bool, &str, &str)> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None if digits.is_empty() => return None,
        None => (digits, ""),
    };
    let are_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    are_digits.then_some((is_negative, whole, fraction))
}

fn minor_of(whole: &str, fraction: &str, decimals: usize) -> Option<i64> {
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if whole > MOST_MAJOR {
        return None;
    }
    if decimals == 0 {
        return Some(whole);
    }
    let cents: i64 = format!("{fraction:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(currency: &str, value: &str, expected: Option<&str>) {
        let place = Place { path: "/amount", rule: Rule::Positive, no_decimals: "DECIMAL_PRECISION" };
        let read = Money::read(&json!({"currency_code": currency, "value": value}), place);
        assert_eq!(read.ok().map(|money| money.text()).as_deref(), expected, "{currency} {value}");
    }

    #[test]
    fn amounts_are_exact_decimals_of_paypals_own_table() {
        check("USD", "100.00", Some("100.00"));
        check("USD", "10", Some("10.00"));
        check("USD", ".5", Some("0.50"));
        check("USD", "10.005", None);
        check("USD", "0.00", None);
        check("USD", "-1", None);
        check("USD", "1.", None);
        check("USD", "1e3", None);
        check("USD", "999999999999999.99", Some("999999999999999.99"));
        check("USD", "1000000000000000", None);
        check("HUF", "500", Some("500"));
        check("HUF", "500.00", None);
        check("JPY", "500.5", None);
        check("KWD", "1.00", None);
        check("usd", "1.00", None);
    }
}
