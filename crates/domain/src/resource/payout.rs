//! Payouts as their providers tell them.

use crate::Money;

/// A payout as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The provider's id.
    pub provider_payout_id: String,
    /// What goes to the payee.
    pub amount: Money,
    /// What the provider takes for it, where known.
    pub fee: Option<Money>,
    /// How far it is. A paid one may still come back.
    pub status: PayoutStatus,
    /// Why it failed or came back, in the provider's word.
    pub failure_reason: Option<String>,
    /// The provider's own word for the status.
    pub provider_status: Option<String>,
}

/// How far a payout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayoutStatus {
    /// It waits for an approval or its turn.
    Pending,
    /// It waits for money or for a bank.
    Queued,
    /// It is under way.
    Processing,
    /// The payee has it.
    Paid,
    /// It could not be made.
    Failed,
    /// Called off.
    Canceled,
    /// It was made and taken back.
    Reversed,
    /// It came back.
    Returned,
    /// It waits for its payee to claim it.
    Unclaimed,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl PayoutStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Reversed => "reversed",
            Self::Returned => "returned",
            Self::Unclaimed => "unclaimed",
            Self::Unknown => "unknown",
        }
    }
}
