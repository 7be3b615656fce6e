//! Razorpay's orders as it writes them, and what an order and its payments say together.
//! Source: `razorpay/markdown-docs`, `api/orders`, `api/payments`, 2026-04-09.

use domain::{Currency, Money, NextAction, Order, OrderStatus, Secret};
use serde::Deserialize;

use crate::amounts::Unit;
use crate::razorpay::amounts;
use crate::razorpay::payments::WirePayment;
use crate::{Context, json, request};

/// An order. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireOrder {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) receipt: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) created_at: Option<i64>,
}

/// How far an order is in Razorpay's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody has tried to pay.
    Created,
    /// A payment was tried, and none has paid the whole order.
    Attempted,
    /// It is paid. It stays so after a refund.
    Paid,
    /// A word that is not known.
    Unknown,
}

/// An order and its payments, read.
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) amount: Money,
    pub(super) units: i64,
    pub(super) unit: Unit,
    pub(super) phase: Phase,
    /// Razorpay's own word for the phase.
    pub(super) word: Option<String>,
    pub(super) payments: Vec<WirePayment>,
}

impl Snapshot {
    /// Returns what an order says, without its payments; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn of(order: WireOrder) -> Option<Self> {
        let currency = Currency::parse(&order.currency).ok()?;
        let unit = amounts::unit(currency)?;
        let amount = unit.amount(order.amount, currency)?;
        let phase = match order.status.as_deref() {
            Some("created") => Phase::Created,
            Some("attempted") => Phase::Attempted,
            Some("paid") => Phase::Paid,
            _ => Phase::Unknown,
        };
        // The id goes into paths.
        request::is_plain_id(&order.id).then_some(Self {
            id: order.id,
            amount,
            units: order.amount,
            unit,
            phase,
            word: order.status,
            payments: Vec::new(),
        })
    }

    /// Returns whether all of the money was taken.
    pub(super) fn is_captured(&self) -> bool {
        self.phase == Phase::Paid || (self.units > 0 && self.captured_units() >= self.units)
    }

    fn captured_units(&self) -> i64 {
        self.captured().map(|payment| payment.amount).fold(0, i64::saturating_add)
    }

    fn refunded_units(&self) -> i64 {
        self.captured().map(WirePayment::refunded_units).fold(0, i64::saturating_add)
    }

    fn captured(&self) -> impl Iterator<Item = &WirePayment> {
        self.payments.iter().filter(|payment| payment.is_captured())
    }

    /// Returns the order in the gateway's words.
    pub(super) fn tell(self, context: &Context<'_>) -> Order {
        let status = self.status();
        let currency = self.amount.currency();
        let refunded = self.unit.amount(self.refunded_units(), currency);
        let awaits_payer = matches!(status, OrderStatus::Created | OrderStatus::RequiresAction);
        let next_action = awaits_payer.then(|| NextAction::RazorpayCheckout {
            key_id: context.credentials.get("key_id").map_or("", Secret::expose).to_owned(),
            order_id: self.id.clone(),
        });
        Order {
            provider_order_id: self.id,
            amount: self.amount,
            amount_refunded: refunded.unwrap_or(Money::zero(currency)),
            status,
            next_action,
            provider_status: self.word,
        }
    }

    /// Razorpay's order alone does not say enough: reservations and refunds stand on its payments. No failed payment makes
    /// an order fail, since the payer may try again.
    fn status(&self) -> OrderStatus {
        if self.is_captured() {
            return match self.refunded_units() {
                ..=0 => OrderStatus::Succeeded,
                refunded if refunded >= self.captured_units() => OrderStatus::Refunded,
                _ => OrderStatus::PartiallyRefunded,
            };
        }
        if self.payments.iter().any(WirePayment::is_authorized) {
            return OrderStatus::Authorized;
        }
        match self.phase {
            Phase::Created => OrderStatus::Created,
            Phase::Attempted => OrderStatus::RequiresAction,
            Phase::Paid => OrderStatus::Succeeded,
            Phase::Unknown => OrderStatus::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
