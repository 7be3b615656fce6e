//! Razorpay's payments as it writes them. Source: `razorpay/markdown-docs`, `api/payments`, 2026-04-09.

use domain::Currency;
use serde::Deserialize;

use crate::json;

/// A list.
#[derive(Deserialize)]
pub(super) struct Collection<T> {
    /// What is on this page.
    pub(super) items: Vec<T>,
}

/// A payment. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WirePayment {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) amount_refunded: Option<i64>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) refund_status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) captured: Option<bool>,
}

impl WirePayment {
    /// Returns its currency, `None` when that is none.
    pub(super) fn currency(&self) -> Option<Currency> {
        Currency::parse(&self.currency).ok()
    }

    /// Returns whether the money is reserved and waits for a capture.
    pub(super) fn is_authorized(&self) -> bool {
        self.status.as_deref() == Some("authorized")
    }

    /// Returns whether the money was taken, whatever went back since. A payment that was authorised too late is
    /// `refunded` without ever having been captured.
    pub(super) fn is_captured(&self) -> bool {
        match self.status.as_deref() {
            Some("captured") => true,
            Some("refunded") => self.captured != Some(false),
            _ => false,
        }
    }

    /// Returns what went back of it, in Razorpay's unit.
    pub(super) fn refunded_units(&self) -> i64 {
        let is_all =
            self.refund_status.as_deref() == Some("full") || self.status.as_deref() == Some("refunded");
        if is_all { self.amount } else { self.amount_refunded.unwrap_or(0).clamp(0, self.amount.max(0)) }
    }
}
