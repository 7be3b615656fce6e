//! Stripe's refunds as it writes them, and what they say in the gateway's words.
//! Source: `stripe/openapi`, API version 2023-08-16.

use domain::{Refund, RefundStatus};
use serde::Deserialize;

use crate::stripe::amounts;
use crate::{json, request};

/// A refund. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireRefund {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    payment_intent: Option<Reference>,
    #[serde(default, deserialize_with = "json::lenient")]
    charge: Option<Reference>,
}

/// Another object: its id, or all of it where a request asked for that.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

impl Reference {
    fn into_id(self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

impl WireRefund {
    /// Returns the refund in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Refund> {
        let amount = amounts::told(self.amount, &self.currency)?;
        if !request::is_plain_id(&self.id) {
            return None;
        }
        Some(Refund {
            status: self.status(),
            provider_refund_id: self.id,
            provider_payment_id: self.payment_intent.or(self.charge).map(Reference::into_id),
            amount,
            provider_status: self.status,
        })
    }

    fn status(&self) -> RefundStatus {
        match self.status.as_deref() {
            // The payer has to give a bank account first: the money has not gone back.
            Some("pending" | "requires_action") => RefundStatus::Pending,
            Some("succeeded") => RefundStatus::Succeeded,
            Some("failed") => RefundStatus::Failed,
            Some("canceled") => RefundStatus::Canceled,
            _ => RefundStatus::Unknown,
        }
    }
}
