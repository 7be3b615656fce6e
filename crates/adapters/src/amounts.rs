//! Amounts as whole numbers of a provider's smallest unit, for providers that count that way.

use domain::{Currency, Money, Rejection};

use crate::rejection;

/// How a provider counts a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    /// How many decimals down its smallest unit lies.
    pub(crate) decimals: u8,
    /// Whether the last digit must be 0: the unit is there, but only in steps of ten.
    pub(crate) ends_in_zero: bool,
}

impl Unit {
    /// Returns a unit this many decimals down, of which any number can be asked for.
    pub(crate) const fn of(decimals: u8) -> Self {
        Self { decimals, ends_in_zero: false }
    }

    /// Returns the unit of three decimals of which the last must be 0.
    pub(crate) const fn in_tens_of_thousandths() -> Self {
        Self { decimals: 3, ends_in_zero: true }
    }

    /// Returns an amount in this unit. Never rounds.
    ///
    /// # Errors
    /// `amount_too_precise` when the provider cannot be told this amount, `invalid_field` when it is too large.
    pub(crate) fn count(self, provider: &str, amount: Money) -> Result<i64, Rejection> {
        let units =
            amount.to_provider_units(self.decimals).map_err(|error| rejection::amount(provider, error))?;
        if self.ends_in_zero && units % 10 != 0 {
            let currency = amount.currency();
            let message =
                format!("{provider} takes {currency} with a last decimal of 0; the amount is {amount}.");
            return Err(rejection::amount_too_precise(message));
        }
        Ok(units)
    }

    /// Returns the amount that the provider states in this unit, `None` when it is none.
    pub(crate) fn amount(self, units: i64, currency: Currency) -> Option<Money> {
        Money::from_provider_units(units, self.decimals, currency).ok()
    }
}

#[cfg(test)]
mod tests;
