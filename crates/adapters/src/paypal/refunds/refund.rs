//! A refund as PayPal tells it, and what that means in the gateway's words. Source: `payments_payment_v2`, 2024-02-03.

use domain::{Money, Refund, RefundStatus, Request};
use serde::Deserialize;

use crate::paypal::amounts::WireAmount;
use crate::paypal::links::{self, WireLink};
use crate::{json, request};

/// Returns the read of a refund, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("/v2/payments/refunds/{id}"))
}

/// A refund on the wire. Nothing in it is promised.
#[derive(Deserialize)]
pub(super) struct WireRefund {
    #[serde(default, deserialize_with = "json::lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
    #[serde(default, deserialize_with = "json::nullable")]
    links: Vec<WireLink>,
}

impl WireRefund {
    /// Returns PayPal's id, where it is told.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    /// Tells the refund in the gateway's words, `None` when it has no id or when neither it nor the caller knows the amount.
    pub(super) fn tell(self, known_amount: Option<Money>, known_payment: Option<&str>) -> Option<Refund> {
        let provider_refund_id = self.id()?.to_owned();
        let amount = self.amount.as_ref().and_then(WireAmount::money).or(known_amount)?;
        // The capture stands in the `up` link alone.
        let up = links::address(&self.links, &["up"]);
        let told_payment = up.as_deref().and_then(|address| links::id_behind(address, "/captures/"));
        Some(Refund {
            provider_refund_id,
            provider_payment_id: told_payment.or(known_payment).map(str::to_owned),
            amount,
            status: status(self.status.as_deref()),
            provider_status: self.status,
        })
    }
}

fn status(word: Option<&str>) -> RefundStatus {
    match word {
        Some("PENDING") => RefundStatus::Pending,
        Some("COMPLETED") => RefundStatus::Succeeded,
        Some("FAILED") => RefundStatus::Failed,
        Some("CANCELLED") => RefundStatus::Canceled,
        _ => RefundStatus::Unknown,
    }
}
