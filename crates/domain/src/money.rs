//! Exact amounts: whole minor units and a currency. Nothing here rounds, and no float comes near.
#![deny(clippy::float_arithmetic, clippy::as_conversions, clippy::arithmetic_side_effects)]

use std::fmt;

use crate::Currency;

/// An amount that is exact: a positive or zero number of ISO 4217 minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a text or a number is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number: letters, `NaN`, empty, a stray sign or point.
    #[error("not a decimal number")]
    NotANumber,
    /// The value has more decimals than fit.
    #[error("{currency} has {allowed} decimals; the amount has {found}")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// Decimals that fit.
        allowed: u8,
        /// Decimals that the value has.
        found: u32,
    },
    /// Zero or negative.
    #[error("amount is not greater than zero")]
    NotPositive,
    /// Beyond what 63 bits of minor units hold.
    #[error("amount is too large")]
    TooLarge,
}

impl Money {
    /// Returns this many minor units.
    ///
    /// # Errors
    /// [`AmountError::NotPositive`] below zero. Zero is an amount (nothing refunded yet), though none that can be asked for.
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        if minor < 0 { Err(AmountError::NotPositive) } else { Ok(Self { minor, currency }) }
    }

    /// Returns zero of a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads an amount in major units from the text of a JSON number: `500`, `500.00`, `1e2`.
    ///
    /// The value decides, not its spelling: `500.000` is 500.00 INR, `500.005` is refused.
    ///
    /// # Errors
    /// Every variant of [`AmountError`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let decimal = Decimal::parse(text)?;
        let minor = decimal.scaled_to(currency.decimals()).map_err(|problem| problem.with(currency))?;
        match minor {
            1.. => Ok(Self { minor, currency }),
            _ => Err(AmountError::NotPositive),
        }
    }

    /// Returns the amount that a provider states as a whole number of its own smallest unit, `decimals` places down.
    ///
    /// # Errors
    /// [`AmountError`] when the number does not fit the currency.
    pub fn from_provider_units(units: i64, decimals: u8, currency: Currency) -> Result<Self, AmountError> {
        if units < 0 {
            return Err(AmountError::NotPositive);
        }
        let decimal =
            Decimal { negative: false, digits: i128::from(units), decimals: u32::from(decimals).into() };
        let minor = decimal.scaled_to(currency.decimals()).map_err(|problem| problem.with(currency))?;
        Ok(Self { minor, currency })
    }

    /// Returns the amount as a whole number of a provider's smallest unit, `decimals` places down.
    ///
    /// # Errors
    /// [`AmountError::TooPrecise`] when the provider's unit is too coarse, [`AmountError::TooLarge`] when it does not fit.
    pub fn to_provider_units(self, decimals: u8) -> Result<i64, AmountError> {
        let decimal = Decimal {
            negative: false,
            digits: i128::from(self.minor),
            decimals: i64::from(self.currency.decimals()),
        };
        decimal.scaled_to(decimals).map_err(|problem| problem.with(self.currency))
    }

    /// Returns the amount in ISO 4217 minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Returns the currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Returns whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Returns the amount in major units with exactly `decimals` places: `500.00`.
    ///
    /// # Errors
    /// As [`Money::to_provider_units`].
    pub fn to_decimal_text(self, decimals: u8) -> Result<String, AmountError> {
        let units = self.to_provider_units(decimals)?;
        let mut text = String::with_capacity(24);
        write_decimal(&mut text, units, decimals).or(Err(AmountError::TooLarge))?;
        Ok(text)
    }
}

/// Writes major units with the currency's own number of decimals: `500.00`, `500`, `0.500`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.minor, self.currency.decimals())
    }
}

fn write_decimal(out: &mut impl fmt::Write, units: i64, decimals: u8) -> fmt::Result {
    let scale = 10_i64.checked_pow(u32::from(decimals)).ok_or(fmt::Error)?;
    let whole = units.checked_div(scale).ok_or(fmt::Error)?;
    if decimals == 0 {
        return write!(out, "{whole}");
    }
    let fraction = units.checked_rem(scale).ok_or(fmt::Error)?;
    write!(out, "{whole}.{fraction:0width$}", width = usize::from(decimals))
}

/// A parsed decimal number: `digits` × 10^-`decimals`, without trailing zeros beyond what was read.
struct Decimal {
    negative: bool,
    digits: i128,
    decimals: i64,
}

/// Why a decimal does not fit a unit; the currency is added where it is known.
enum Misfit {
    TooPrecise { allowed: u8, found: u32 },
    TooLarge,
}

impl Misfit {
    fn with(self, currency: Currency) -> AmountError {
        match self {
            Self::TooPrecise { allowed, found } => AmountError::TooPrecise { currency, allowed, found },
            Self::TooLarge => AmountError::TooLarge,
        }
    }
}

/// Longest text read as an amount; beyond it there is no amount that fits.
const MAX_AMOUNT_CHARS: usize = 64;

impl Decimal {
    /// Reads JSON's number grammar: an optional minus, digits, an optional fraction, an optional exponent.
    fn parse(text: &str) -> Result<Self, AmountError> {
        if text.len() > MAX_AMOUNT_CHARS {
            return Err(AmountError::TooLarge);
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(AmountError::NotANumber),
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let has_spare_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || has_spare_zero {
            return Err(AmountError::NotANumber);
        }
        let fraction = fraction_digits(fraction)?;
        let mut digits: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit =
                byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0')).ok_or(AmountError::NotANumber)?;
            digits = digits
                .checked_mul(10)
                .and_then(|shifted| shifted.checked_add(i128::from(digit)))
                .ok_or(AmountError::TooLarge)?;
        }
        let decimals = i64::try_from(fraction.len())
            .ok()
            .and_then(|places| places.checked_sub(exponent))
            .ok_or(AmountError::TooLarge)?;
        if negative && digits != 0 {
            return Err(AmountError::NotPositive);
        }
        Ok(Self { negative, digits, decimals })
    }

    /// Returns the value as a whole number of units that lie `places` decimals down.
    fn scaled_to(&self, places: u8) -> Result<i64, Misfit> {
        let mut digits = self.digits;
        let mut decimals = self.decimals;
        if digits == 0 || self.negative {
            return Ok(0);
        }
        while digits.checked_rem(10) == Some(0) {
            digits = digits.checked_div(10).ok_or(Misfit::TooLarge)?;
            decimals = decimals.checked_sub(1).ok_or(Misfit::TooLarge)?;
        }
        let shift = i64::from(places).checked_sub(decimals).ok_or(Misfit::TooLarge)?;
        let Ok(shift) = u32::try_from(shift) else {
            let found = u32::try_from(decimals).unwrap_or(u32::MAX);
            return Err(Misfit::TooPrecise { allowed: places, found });
        };
        10_i128
            .checked_pow(shift)
            .and_then(|scale| digits.checked_mul(scale))
            .and_then(|units| i64::try_from(units).ok())
            .ok_or(Misfit::TooLarge)
    }
}

/// Returns the fraction without its trailing zeros, which say nothing about the value.
fn fraction_digits(fraction: &str) -> Result<&str, AmountError> {
    if fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(fraction.trim_end_matches('0'))
    } else {
        Err(AmountError::NotANumber)
    }
}

fn parse_exponent(text: &str) -> Result<i64, AmountError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    // An exponent of more than four digits moves any amount out of range.
    if digits.trim_start_matches('0').len() > 4 {
        return Err(AmountError::TooLarge);
    }
    text.parse::<i64>().or(Err(AmountError::NotANumber))
}

#[cfg(test)]
mod tests;
