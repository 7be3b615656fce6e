//! Refunds: money that was taken goes back.

use crate::{AmountError, Currency, Metadata, Money};

/// What can be done with refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundOperation {
    /// Give money back.
    Create(CreateRefund),
    /// Read one.
    Get(GetRefund),
}

/// A refund to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRefund {
    /// What was paid.
    pub payment: RefundedPayment,
    /// How much goes back; all that is left when absent.
    pub amount: Option<RefundAmount>,
    /// Why, in the caller's words.
    pub reason: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// The payment that a refund is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundedPayment {
    /// The one that was captured for this order.
    OfOrder {
        /// The provider's id of the order.
        provider_order_id: Box<str>,
    },
    /// This one: a payment of Razorpay, a capture of PayPal, an intent or charge of Stripe.
    Payment {
        /// The provider's id of the payment.
        provider_payment_id: Box<str>,
    },
}

/// How much goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAmount {
    /// This amount.
    Money(Money),
    /// This number, in the payment's own currency, which only its provider knows.
    Number(AmountNumber),
}

/// An exact, positive number that becomes an amount when its currency is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountNumber(Box<str>);

impl AmountNumber {
    /// Reads a number in major units, as [`Money::parse`] does.
    ///
    /// # Errors
    /// [`AmountError::NotANumber`], [`AmountError::NotPositive`], [`AmountError::TooLarge`]. Whether it has too many decimals
    /// is told by [`AmountNumber::in_currency`].
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        match Money::parse(text, Currency::JPY) {
            // Yen have no decimals: nothing is too large here that would fit another currency.
            Ok(_) | Err(AmountError::TooPrecise { .. }) => Ok(Self(text.into())),
            Err(problem) => Err(problem),
        }
    }

    /// Returns the amount in this currency.
    ///
    /// # Errors
    /// [`AmountError::TooPrecise`] when the currency has fewer decimals.
    pub fn in_currency(&self, currency: Currency) -> Result<Money, AmountError> {
        Money::parse(&self.0, currency)
    }
}

impl RefundAmount {
    /// Returns the amount of a payment in this currency.
    ///
    /// # Errors
    /// [`AmountError`] when the number does not fit the currency. An amount whose currency is known is returned as it is.
    pub fn in_currency(&self, currency: Currency) -> Result<Money, AmountError> {
        match self {
            Self::Money(amount) => Ok(*amount),
            Self::Number(number) => number.in_currency(currency),
        }
    }
}

/// A refund to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRefund {
    /// The provider's id of the refund.
    pub provider_refund_id: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_an_amount_in_a_currency_that_fits_it() {
        let number = AmountNumber::parse("12.50").unwrap();
        assert_eq!(number.in_currency(Currency::USD), Money::parse("12.5", Currency::USD));
        assert!(matches!(number.in_currency(Currency::JPY), Err(AmountError::TooPrecise { allowed: 0, .. })));
        assert!(AmountNumber::parse("0.00001").is_ok(), "only a currency can find it too precise");
    }

    #[test]
    fn what_no_currency_makes_an_amount_is_refused_at_once() {
        assert_eq!(AmountNumber::parse("0"), Err(AmountError::NotPositive));
        assert_eq!(AmountNumber::parse("-1"), Err(AmountError::NotPositive));
        assert_eq!(AmountNumber::parse("1,5"), Err(AmountError::NotANumber));
        assert_eq!(AmountNumber::parse("1e400"), Err(AmountError::TooLarge));
    }
}
