//! Subscriptions: a payer is charged again and again.

use crate::{Customer, Metadata, Money};

/// What can be done with subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionOperation {
    /// Create one.
    Create(CreateSubscription),
    /// Read one.
    Get(GetSubscription),
    /// End one.
    Cancel(CancelSubscription),
}

/// A subscription to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSubscription {
    /// What is charged, and how often.
    pub plan: SubscriptionPlan,
    /// Who pays, as far as the caller knows.
    pub customer: Option<Customer>,
    /// How many of the plan; one when absent. At least 1.
    pub quantity: Option<u32>,
    /// How many times the payer is charged; until it is cancelled when absent. At least 1.
    pub total_count: Option<u32>,
    /// Days before the first charge. At least 1.
    pub trial_days: Option<u16>,
    /// Where the payer's browser goes after agreeing.
    pub return_url: Option<Box<str>>,
    /// Where it goes after giving up.
    pub cancel_url: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// What a subscription charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionPlan {
    /// The provider's own plan or price of this id.
    Existing(Box<str>),
    /// A plan that is made at the provider with the subscription.
    New(NewPlan),
}

/// A plan to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    /// Words for the payer.
    pub name: Box<str>,
    /// What one charge is, for a quantity of one.
    pub amount: Money,
    /// The unit of time between two charges.
    pub interval: PlanInterval,
    /// How many of it lie between two charges. At least 1.
    pub interval_count: u16,
}

/// A unit of time between two charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanInterval {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// A subscription to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSubscription {
    /// The provider's id of the subscription.
    pub provider_subscription_id: Box<str>,
}

/// A subscription to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelSubscription {
    /// The provider's id of the subscription.
    pub provider_subscription_id: Box<str>,
    /// When it ends.
    pub when: CancelWhen,
}

/// When a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelWhen {
    /// Now.
    AtOnce,
    /// When the period ends that is paid for.
    AtPeriodEnd,
}
