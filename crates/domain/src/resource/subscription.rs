//! Subscriptions as their providers tell them.

use crate::{NextAction, Timestamp};

/// A subscription as its provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The provider's id.
    pub provider_subscription_id: String,
    /// The provider's id of its plan or price.
    pub plan_id: Option<String>,
    /// How many of the plan.
    pub quantity: Option<u32>,
    /// How far it is.
    pub status: SubscriptionStatus,
    /// Whether it is in its trial.
    pub is_trial: bool,
    /// Whether it ends with the present period.
    pub cancel_at_period_end: bool,
    /// When the period ends that is paid for, or the next charge is due.
    pub current_period_end: Option<Timestamp>,
    /// How the payer goes on, while there is something left for the payer to do.
    pub next_action: Option<NextAction>,
    /// The provider's own word for the status.
    pub provider_status: Option<String>,
}

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionStatus {
    /// The payer has not agreed, or not paid the first charge.
    Pending,
    /// It runs.
    Active,
    /// A charge failed and is tried again.
    PastDue,
    /// Charges failed and are not tried again.
    Halted,
    /// It rests.
    Paused,
    /// Ended by someone.
    Canceled,
    /// All charges were made.
    Completed,
    /// The payer never agreed in time.
    Expired,
    /// The provider used a word that the gateway does not know.
    Unknown,
}

impl SubscriptionStatus {
    /// Returns the API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Halted => "halted",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}
