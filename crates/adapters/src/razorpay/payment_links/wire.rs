//! Razorpay's payment links as it writes them. Source: `razorpay/markdown-docs`, `api/payments/payment-links`, 2026-04-09.

use domain::{Currency, PaymentLink, PaymentLinkStatus, Resource};
use serde::Deserialize;

use crate::razorpay::amounts;
use crate::{json, request};

/// A list of payment links, which is no collection as Razorpay's other lists are.
#[derive(Deserialize)]
pub(super) struct Links {
    /// What is on this page.
    pub(super) payment_links: Vec<WireLink>,
}

/// A payment link. The status and what it is found by may be missing or null.
#[derive(Deserialize)]
pub(super) struct WireLink {
    id: String,
    amount: i64,
    currency: String,
    short_url: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) reference_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) created_at: Option<i64>,
}

impl WireLink {
    /// Returns the link in the gateway's words; `None` when it has no id or address, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Resource> {
        let currency = Currency::parse(&self.currency).ok()?;
        let amount = amounts::unit(currency)?.amount(self.amount, currency)?;
        let status = match self.status.as_deref() {
            // The second word stands in the samples of Razorpay's own library.
            Some("created" | "active") => PaymentLinkStatus::Active,
            Some("partially_paid") => PaymentLinkStatus::PartiallyPaid,
            Some("paid") => PaymentLinkStatus::Paid,
            Some("expired") => PaymentLinkStatus::Expired,
            Some("cancelled") => PaymentLinkStatus::Canceled,
            _ => PaymentLinkStatus::Unknown,
        };
        let is_usable = request::is_plain_id(&self.id) && !self.short_url.is_empty();
        is_usable.then_some(Resource::PaymentLink(PaymentLink {
            provider_link_id: self.id,
            url: self.short_url,
            amount,
            status,
            provider_status: self.status,
        }))
    }
}
