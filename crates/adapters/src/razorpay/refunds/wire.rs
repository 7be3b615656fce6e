//! Razorpay's refunds as it writes them. Source: `razorpay/markdown-docs`, `api/refunds`, 2026-04-09.

use domain::{Currency, Refund, RefundStatus, Resource};
use serde::Deserialize;

use crate::razorpay::amounts;
use crate::{json, request};

/// A refund. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireRefund {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    payment_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    /// What the gateway's own refunds are found by.
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) receipt: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) created_at: Option<i64>,
}

impl WireRefund {
    /// Returns the refund in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Resource> {
        let currency = Currency::parse(&self.currency).ok()?;
        let amount = amounts::unit(currency)?.amount(self.amount, currency)?;
        let status = match self.status.as_deref() {
            Some("pending") => RefundStatus::Pending,
            Some("processed") => RefundStatus::Succeeded,
            Some("failed") => RefundStatus::Failed,
            _ => RefundStatus::Unknown,
        };
        request::is_plain_id(&self.id).then_some(Resource::Refund(Refund {
            provider_refund_id: self.id,
            provider_payment_id: self.payment_id,
            amount,
            status,
            provider_status: self.status,
        }))
    }
}
