//! Razorpay's subscriptions as it writes them. Source: `razorpay/markdown-docs`, `api/payments/subscriptions`, 2026-04-09.

use domain::{NextAction, Resource, Subscription, SubscriptionStatus, Timestamp};
use serde::Deserialize;

use crate::razorpay::notes::ReadNotes;
use crate::{json, request};

/// A subscription. Everything but the id may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireSubscription {
    id: String,
    #[serde(default, deserialize_with = "json::lenient")]
    plan_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    quantity: Option<u32>,
    #[serde(default, deserialize_with = "json::lenient")]
    current_end: Option<u64>,
    #[serde(default, deserialize_with = "json::lenient")]
    charge_at: Option<u64>,
    #[serde(default, deserialize_with = "json::lenient")]
    short_url: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    notes: Option<ReadNotes>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) created_at: Option<i64>,
}

impl WireSubscription {
    /// Returns whether this transaction created it.
    pub(super) fn is_of(&self, transaction: &str) -> bool {
        self.notes.as_ref().and_then(|notes| notes.transaction_id.as_deref()) == Some(transaction)
    }

    /// Returns whether someone ended it.
    pub(super) fn is_canceled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }

    /// Returns the subscription in the gateway's words, `None` when it has no id. Razorpay does not tell whether one ends
    /// with its period: who asked for that just now says so.
    pub(super) fn tell(self, cancel_at_period_end: bool) -> Option<Resource> {
        let word = self.status.as_deref();
        let status = match word {
            Some("created") => SubscriptionStatus::Pending,
            Some("authenticated" | "active") => SubscriptionStatus::Active,
            Some("pending") => SubscriptionStatus::PastDue,
            Some("halted") => SubscriptionStatus::Halted,
            Some("paused") => SubscriptionStatus::Paused,
            Some("cancelled") => SubscriptionStatus::Canceled,
            Some("completed") => SubscriptionStatus::Completed,
            Some("expired") => SubscriptionStatus::Expired,
            _ => SubscriptionStatus::Unknown,
        };
        // The payer has agreed, and the first charge is to come.
        let is_trial = word == Some("authenticated");
        let awaits_payer = status == SubscriptionStatus::Pending;
        let due = self.current_end.filter(|seconds| *seconds > 0).or(self.charge_at);
        let page = self.short_url.filter(|url| awaits_payer && !url.is_empty());
        request::is_plain_id(&self.id).then_some(Resource::Subscription(Subscription {
            provider_subscription_id: self.id,
            plan_id: self.plan_id,
            quantity: self.quantity,
            status,
            is_trial,
            cancel_at_period_end: cancel_at_period_end && status != SubscriptionStatus::Canceled,
            current_period_end: due.filter(|seconds| *seconds > 0).map(Timestamp::from_unix_seconds),
            next_action: page.map(|url| NextAction::Redirect { url }),
            provider_status: self.status,
        }))
    }
}
