//! Stripe's payment intents as it writes them, and what they say in the gateway's words.
//! Source: `stripe/openapi`, API version 2023-08-16.

use domain::{Currency, Money, NextAction, Order, OrderStatus, Secret};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::stripe::amounts;
use crate::{Context, json, request};

/// A payment intent. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct Intent {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount_received: Option<i64>,
    #[serde(default, deserialize_with = "json::lenient")]
    client_secret: Option<String>,
    #[serde(default)]
    last_payment_error: Option<IgnoredAny>,
    /// An object where the request asked for it, else an id, of which nothing is learned.
    #[serde(default, deserialize_with = "json::lenient")]
    latest_charge: Option<Charge>,
}

#[derive(Deserialize)]
struct Charge {
    #[serde(default, deserialize_with = "json::lenient")]
    amount_refunded: Option<i64>,
}

impl Intent {
    /// Returns the order in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self, context: &Context<'_>) -> Option<Order> {
        let currency = Currency::parse(&self.currency).ok()?;
        let unit = amounts::unit(currency)?;
        let amount = unit.amount(self.amount, currency)?;
        if !request::is_plain_id(&self.id) {
            return None;
        }
        let status = self.status();
        let refunded = unit.amount(self.refunded_units(), currency).unwrap_or(Money::zero(currency));
        let awaits_payer = matches!(status, OrderStatus::Created | OrderStatus::RequiresAction);
        let client_secret = self.client_secret.filter(|_| awaits_payer);
        Some(Order {
            provider_order_id: self.id,
            amount,
            amount_refunded: refunded,
            status,
            provider_status: self.status,
            next_action: client_secret.map(|client_secret| NextAction::StripeClientSecret {
                client_secret,
                publishable_key: context
                    .credentials
                    .get("publishable_key")
                    .map(|key| Secret::expose(key).to_owned()),
            }),
        })
    }

    /// Returns what went back of what was taken. A reservation that was given up counts as refunded at Stripe, and is no
    /// refund: only an intent that succeeded has refunds.
    fn refunded_units(&self) -> i64 {
        match (self.status.as_deref(), &self.latest_charge) {
            (Some("succeeded"), Some(charge)) => charge.amount_refunded.unwrap_or(0),
            _ => 0,
        }
    }

    fn status(&self) -> OrderStatus {
        match self.status.as_deref() {
            // The payer tried and may try again: Stripe keeps the intent usable.
            Some("requires_payment_method") if self.last_payment_error.is_some() => {
                OrderStatus::RequiresAction
            }
            Some("requires_payment_method" | "requires_confirmation") => OrderStatus::Created,
            Some("requires_action") => OrderStatus::RequiresAction,
            Some("processing") => OrderStatus::Processing,
            Some("requires_capture") => OrderStatus::Authorized,
            Some("succeeded") => self.paid_status(),
            Some("canceled") => OrderStatus::Canceled,
            _ => OrderStatus::Unknown,
        }
    }

    fn paid_status(&self) -> OrderStatus {
        let taken = self.amount_received.unwrap_or(self.amount);
        match self.refunded_units() {
            ..=0 => OrderStatus::Succeeded,
            refunded if refunded >= taken => OrderStatus::Refunded,
            _ => OrderStatus::PartiallyRefunded,
        }
    }
}

#[cfg(test)]
mod tests;
