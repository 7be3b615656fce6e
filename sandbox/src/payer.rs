//! What a payer can do with an order, and what comes of it, in words that fit all providers.

use serde_json::Value;

/// One act of a payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayerAction {
    /// Pays: captured, authorized or approved, as the order asks for.
    Pay,
    /// Lets the amount be blocked, without capture.
    Authorize,
    /// Tries to pay; the bank refuses.
    Decline,
    /// Approves the payment (PayPal), or confirms with the bank (Stripe's 3-D Secure).
    Approve,
    /// Opens the payment page and leaves.
    Abandon,
}

impl PayerAction {
    /// Every act, as the control route spells it.
    pub(crate) const NAMES: [&'static str; 5] = ["pay", "authorize", "decline", "approve", "abandon"];

    /// Returns the act with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "pay" => Some(Self::Pay),
            "authorize" => Some(Self::Authorize),
            "decline" => Some(Self::Decline),
            "approve" => Some(Self::Approve),
            "abandon" => Some(Self::Abandon),
            _ => None,
        }
    }

    /// Returns the name of the effect that the act is recorded as.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Pay => "orders.pay",
            Self::Authorize => "orders.authorize",
            Self::Decline => "orders.decline",
            Self::Approve => "orders.approve",
            Self::Abandon => "orders.abandon",
        }
    }
}

/// What came of a payer's act.
#[derive(Debug)]
pub(crate) struct PayerDone {
    /// The order's status, in the provider's word.
    pub(crate) status: String,
    /// The payment that was made, where the provider has such an object.
    pub(crate) payment_id: Option<String>,
    /// The order as the provider would answer it now.
    pub(crate) object: Value,
    /// Where the payer's browser goes next.
    pub(crate) redirect_url: Option<String>,
}

/// Why a payer's act was refused.
#[derive(Debug)]
pub(crate) enum PayerRefusal {
    /// No order has this id.
    UnknownOrder,
    /// The named field cannot be so, by the order's state or its kind.
    Refused {
        /// The control call's field: `action` or `amount`.
        field: &'static str,
        /// One sentence.
        message: String,
    },
}

impl PayerRefusal {
    /// Returns a refusal of the act itself.
    pub(crate) fn action(message: impl Into<String>) -> Self {
        Self::Refused { field: "action", message: message.into() }
    }

    /// Returns a refusal of the amount.
    pub(crate) fn amount(message: impl Into<String>) -> Self {
        Self::Refused { field: "amount", message: message.into() }
    }
}

/// What the payer's page shows.
#[derive(Debug)]
pub(crate) struct Page {
    /// The amount in major units with its currency, such as `500.00 INR`.
    pub(crate) amount: String,
    /// The merchant's name for it.
    pub(crate) description: Option<String>,
    /// The order's status, in the provider's word.
    pub(crate) status: String,
    /// Whether the payer can still do something.
    pub(crate) is_payable: bool,
    /// Where a payer goes who does not want to pay.
    pub(crate) cancel_url: Option<String>,
}

/// Writes an amount in the smallest unit with its decimals, such as 50000 and 2 as `500.00`.
pub(crate) fn major(amount: i64, decimals: usize) -> String {
    if decimals == 0 {
        return amount.to_string();
    }
    let sign = if amount < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = decimals.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_written_with_their_decimals() {
        assert_eq!(major(50_000, 2), "500.00");
        assert_eq!(major(5, 2), "0.05");
        assert_eq!(major(500, 0), "500");
        assert_eq!(major(-295_990, 3), "-295.990");
    }
}
