//! Refunds as their providers tell them.

use crate::Money;

/// A refund as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The provider's id.
    pub provider_refund_id: String,
    /// The provider's id of the payment that it is of, where the provider tells.
    pub provider_payment_id: Option<String>,
    /// What goes back.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
    /// The provider's own word for that.
    pub provider_status: Option<String>,
}

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// The money is under way.
    Pending,
    /// The provider has given it back.
    Succeeded,
    /// It could not be given back.
    Failed,
    /// Called off.
    Canceled,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl RefundStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }
}
