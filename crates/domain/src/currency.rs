//! ISO 4217 currencies and how many decimals each has.

use std::fmt;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// The text names no ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// The Indian rupee.
    pub const INR: Self = Self(iso_currency::Currency::INR);
    /// The yen, which has no decimals.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// The US dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Reads a three-letter code in any case.
    ///
    /// # Errors
    /// [`UnknownCurrency`] when ISO 4217 has no such code, or has it for something without minor units (gold, tests).
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let mut upper = [0_u8; 3];
        if code.len() != upper.len() {
            return Err(UnknownCurrency);
        }
        for (slot, byte) in upper.iter_mut().zip(code.bytes()) {
            *slot = byte.to_ascii_uppercase();
        }
        std::str::from_utf8(&upper)
            .ok()
            .and_then(iso_currency::Currency::from_code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(UnknownCurrency)
    }

    /// Returns the upper-case code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Returns how many decimals an amount of this currency has in ISO 4217.
    pub fn decimals(self) -> u8 {
        self.0.exponent().and_then(|exponent| u8::try_from(exponent).ok()).unwrap_or(2)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
