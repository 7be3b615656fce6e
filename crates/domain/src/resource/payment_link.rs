//! Payment links as their providers tell them.

use crate::Money;

/// A payment link as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentLink {
    /// The provider's id.
    pub provider_link_id: String,
    /// Where the payer pays.
    pub url: String,
    /// What the payer is asked for.
    pub amount: Money,
    /// How far it is.
    pub status: PaymentLinkStatus,
    /// The provider's own word for that.
    pub provider_status: Option<String>,
}

/// How far a payment link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentLinkStatus {
    /// It cannot be paid yet.
    Created,
    /// It waits for its payer.
    Active,
    /// A part is paid.
    PartiallyPaid,
    /// The money is under way.
    Processing,
    /// It is paid.
    Paid,
    /// Its time is over.
    Expired,
    /// Given up.
    Canceled,
    /// Switched off.
    Inactive,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl PaymentLinkStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Active => "active",
            Self::PartiallyPaid => "partially_paid",
            Self::Processing => "processing",
            Self::Paid => "paid",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
            Self::Inactive => "inactive",
            Self::Unknown => "unknown",
        }
    }
}
