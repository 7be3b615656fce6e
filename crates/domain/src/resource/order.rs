//! Orders as their providers tell them.

use crate::{Money, NextAction};

/// An order as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The provider's id.
    pub provider_order_id: String,
    /// What the payer is asked for.
    pub amount: Money,
    /// What went back.
    pub amount_refunded: Money,
    /// How far it is.
    pub status: OrderStatus,
    /// The provider's own word for that.
    pub provider_status: Option<String>,
    /// How the payer goes on, while there is something left for the payer to do.
    pub next_action: Option<NextAction>,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Nobody has paid yet.
    Created,
    /// The payer has something to do.
    RequiresAction,
    /// The money is under way.
    Processing,
    /// The money is reserved and waits for a capture.
    Authorized,
    /// The money is taken.
    Succeeded,
    /// A part went back.
    PartiallyRefunded,
    /// All went back.
    Refunded,
    /// Given up.
    Canceled,
    /// Ended without money.
    Failed,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl OrderStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Succeeded => "succeeded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Canceled => "canceled",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}
