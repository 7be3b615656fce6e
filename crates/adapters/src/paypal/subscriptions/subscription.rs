//! A subscription as PayPal tells it, and what that means in the gateway's words. Source: `billing_subscriptions_v1`,
//! 2024-02-03.

use domain::{Effect, NextAction, Outcome, Reply, Request, Subscription, SubscriptionStatus, Timestamp};
use serde::Deserialize;

use crate::paypal::links::{self, WireLink};
use crate::paypal::{NAME, errors, moments};
use crate::rejection::Missing;
use crate::{json, reply as replies, request};

/// Where subscriptions live.
pub(super) const PATH: &str = "/v1/billing/subscriptions";

/// Returns the read of a subscription, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
}

/// Reads the reply to a read.
///
/// # Errors
/// The outcome of a reply that tells no subscription.
pub(super) fn read(reply: &Reply, now: Timestamp) -> Result<Subscription, Outcome> {
    if !replies::is_success(reply) {
        return Err(errors::outcome(Missing::Subscription, Effect::Read, reply));
    }
    json::read::<WireSubscription>(reply)
        .and_then(|subscription| subscription.tell(now))
        .ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))
}

/// A subscription on the wire. Nothing in it is promised.
#[derive(Deserialize)]
pub(super) struct WireSubscription {
    #[serde(default, deserialize_with = "json::lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    plan_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    quantity: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    start_time: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    billing_info: Option<BillingInfo>,
    #[serde(default, deserialize_with = "json::nullable")]
    links: Vec<WireLink>,
}

/// What was charged so far.
#[derive(Default, Deserialize)]
struct BillingInfo {
    #[serde(default, deserialize_with = "json::nullable")]
    cycle_executions: Vec<Cycle>,
    #[serde(default, deserialize_with = "json::lenient")]
    next_billing_time: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    failed_payments_count: Option<u64>,
}

/// How far a plan's trial or regular cycles are.
#[derive(Deserialize)]
struct Cycle {
    #[serde(default, deserialize_with = "json::lenient")]
    tenure_type: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    cycles_completed: Option<u64>,
}

impl BillingInfo {
    /// Returns whether the plan has trial cycles, and no regular one has begun.
    fn is_trial(&self) -> bool {
        let is = |cycle: &Cycle, tenure: &str| cycle.tenure_type.as_deref() == Some(tenure);
        let has_begun =
            |cycle: &Cycle| is(cycle, "REGULAR") && cycle.cycles_completed.unwrap_or_default() > 0;
        self.cycle_executions.iter().any(|cycle| is(cycle, "TRIAL"))
            && !self.cycle_executions.iter().any(has_begun)
    }
}

impl WireSubscription {
    /// Tells the subscription in the gateway's words, `None` when it has no id.
    pub(super) fn tell(self, now: Timestamp) -> Option<Subscription> {
        let provider_subscription_id = self.id.filter(|id| !id.is_empty())?;
        let billing = self.billing_info.unwrap_or_default();
        let status = status(self.status.as_deref(), billing.failed_payments_count.unwrap_or_default());
        // A trial of the gateway's is a first charge in the future; one of the plan's own stands among its cycles.
        let starts_later =
            self.start_time.as_deref().and_then(moments::read).is_some_and(|start| start > now);
        let next_action = match self.status.as_deref() {
            Some("APPROVAL_PENDING") => {
                links::address(&self.links, &["approve"]).map(|url| NextAction::Redirect { url })
            }
            _ => None,
        };
        Some(Subscription {
            provider_subscription_id,
            plan_id: self.plan_id.filter(|id| !id.is_empty()),
            quantity: self.quantity.and_then(|quantity| quantity.parse().ok()),
            status,
            is_trial: status == SubscriptionStatus::Active && (starts_later || billing.is_trial()),
            cancel_at_period_end: false,
            current_period_end: billing.next_billing_time.as_deref().and_then(moments::read),
            next_action,
            provider_status: self.status,
        })
    }
}

fn status(word: Option<&str>, failed_payments: u64) -> SubscriptionStatus {
    match word {
        Some("APPROVAL_PENDING" | "APPROVED") => SubscriptionStatus::Pending,
        Some("ACTIVE") if failed_payments > 0 => SubscriptionStatus::PastDue,
        Some("ACTIVE") => SubscriptionStatus::Active,
        Some("SUSPENDED") => SubscriptionStatus::Paused,
        Some("CANCELLED") => SubscriptionStatus::Canceled,
        Some("EXPIRED") => SubscriptionStatus::Completed,
        _ => SubscriptionStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
