//! Stripe's subscriptions as it writes them, and what they say in the gateway's words. What moved in later versions is read
//! in both places. Source: `stripe/openapi`, API versions 2023-08-16 and 2026-07-29; Stripe documentation, changelog.

use domain::{NextAction, Secret, Subscription, SubscriptionStatus, Timestamp};
use serde::Deserialize;

use crate::{Context, json, request};

/// A subscription. Everything but the id may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireSubscription {
    id: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    cancel_at_period_end: Option<bool>,
    /// Since 2025-03-31 at the items.
    #[serde(default, deserialize_with = "json::lenient")]
    current_period_end: Option<u64>,
    #[serde(default, deserialize_with = "json::lenient")]
    items: Option<Items>,
    /// An object where the request asked for it, else an id, of which nothing is learned.
    #[serde(default, deserialize_with = "json::lenient")]
    latest_invoice: Option<Invoice>,
    /// As the invoice: what collects a means of payment when nothing is due yet.
    #[serde(default, deserialize_with = "json::lenient")]
    pending_setup_intent: Option<Confirmable>,
}

#[derive(Deserialize)]
struct Items {
    #[serde(default, deserialize_with = "json::nullable")]
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "json::lenient")]
    price: Option<Price>,
    #[serde(default, deserialize_with = "json::lenient")]
    quantity: Option<u32>,
    #[serde(default, deserialize_with = "json::lenient")]
    current_period_end: Option<u64>,
}

#[derive(Deserialize)]
struct Price {
    id: String,
}

#[derive(Deserialize)]
struct Invoice {
    #[serde(default, deserialize_with = "json::lenient")]
    payment_intent: Option<Confirmable>,
    /// Stands for the intent since 2025-03-31.
    #[serde(default, deserialize_with = "json::lenient")]
    confirmation_secret: Option<Confirmable>,
}

/// What the payer confirms in the browser.
#[derive(Deserialize)]
struct Confirmable {
    client_secret: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
}

impl Confirmable {
    /// Returns the secret while it is the payer's turn.
    fn secret(self) -> Option<String> {
        let awaits_payer = match self.status.as_deref() {
            Some(status) => {
                matches!(status, "requires_payment_method" | "requires_confirmation" | "requires_action")
            }
            None => true,
        };
        awaits_payer.then_some(self.client_secret)
    }
}

impl WireSubscription {
    /// Returns the subscription in the gateway's words; `None` when it has no id.
    pub(super) fn tell(self, context: &Context<'_>) -> Option<Subscription> {
        if !request::is_plain_id(&self.id) {
            return None;
        }
        let status = self.status();
        let is_trial = self.status.as_deref() == Some("trialing");
        let mut items = self.items.map(|items| items.data).unwrap_or_default().into_iter();
        let item = items.next();
        let at_item = item.as_ref().and_then(|item| item.current_period_end);
        let quantity = item.as_ref().and_then(|item| item.quantity);
        let secret = match status {
            SubscriptionStatus::Pending => self.latest_invoice.and_then(Invoice::secret),
            SubscriptionStatus::Active => self.pending_setup_intent.and_then(Confirmable::secret),
            _ => None,
        };
        Some(Subscription {
            provider_subscription_id: self.id,
            plan_id: item.and_then(|item| item.price).map(|price| price.id),
            quantity,
            status,
            is_trial,
            cancel_at_period_end: self.cancel_at_period_end.unwrap_or(false),
            current_period_end: at_item.or(self.current_period_end).map(Timestamp::from_unix_seconds),
            next_action: secret.map(|client_secret| NextAction::StripeClientSecret {
                client_secret,
                publishable_key: context
                    .credentials
                    .get("publishable_key")
                    .map(|key| Secret::expose(key).to_owned()),
            }),
            provider_status: self.status,
        })
    }

    fn status(&self) -> SubscriptionStatus {
        match self.status.as_deref() {
            Some("incomplete") => SubscriptionStatus::Pending,
            Some("incomplete_expired") => SubscriptionStatus::Expired,
            Some("trialing" | "active") => SubscriptionStatus::Active,
            Some("past_due") => SubscriptionStatus::PastDue,
            // The tries are over, and the invoices stay open.
            Some("unpaid") => SubscriptionStatus::Halted,
            Some("paused") => SubscriptionStatus::Paused,
            Some("canceled") => SubscriptionStatus::Canceled,
            _ => SubscriptionStatus::Unknown,
        }
    }
}

impl Invoice {
    /// Returns the secret of the first payment, wherever it stands.
    fn secret(self) -> Option<String> {
        match self.payment_intent {
            Some(intent) => intent.secret(),
            None => self.confirmation_secret.and_then(Confirmable::secret),
        }
    }
}
