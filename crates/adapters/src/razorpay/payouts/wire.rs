//! RazorpayX's payouts as it writes them. Source: `razorpay/markdown-docs`, `api/x/payouts`, `errors/x`, 2026-04-09.

use domain::{Currency, Payout, PayoutStatus, Resource};
use serde::Deserialize;

use crate::razorpay::amounts;
use crate::{json, request};

/// A payout. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WirePayout {
    id: String,
    /// In paise.
    pub(super) amount: i64,
    currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    fees: Option<i64>,
    #[serde(default, deserialize_with = "json::lenient")]
    status_details: Option<StatusDetails>,
    /// What `status_details` has taken the place of.
    #[serde(default, deserialize_with = "json::lenient")]
    failure_reason: Option<String>,
    /// What the gateway's own payouts are found by.
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) reference_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) created_at: Option<i64>,
}

#[derive(Deserialize)]
struct StatusDetails {
    #[serde(default, deserialize_with = "json::lenient")]
    reason: Option<String>,
}

impl WirePayout {
    /// Returns the payout in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Resource> {
        let currency = Currency::parse(&self.currency).ok()?;
        let unit = amounts::unit(currency)?;
        let amount = unit.amount(self.amount, currency)?;
        let status = match self.status.as_deref() {
            Some("pending") => PayoutStatus::Pending,
            Some("queued" | "scheduled") => PayoutStatus::Queued,
            Some("processing") => PayoutStatus::Processing,
            Some("processed") => PayoutStatus::Paid,
            Some("reversed") => PayoutStatus::Reversed,
            Some("failed" | "rejected") => PayoutStatus::Failed,
            Some("cancelled") => PayoutStatus::Canceled,
            _ => PayoutStatus::Unknown,
        };
        // Razorpay writes 0 until the payout is under way, which is when it knows the fee.
        let is_waiting = matches!(status, PayoutStatus::Pending | PayoutStatus::Queued);
        let fees = self.fees.filter(|fees| *fees != 0 || !is_waiting);
        // Every status has its reason: `payout_processed` is none of a failure.
        let came_to_nothing =
            matches!(status, PayoutStatus::Failed | PayoutStatus::Reversed | PayoutStatus::Canceled);
        let reason = self.status_details.and_then(|details| details.reason).or(self.failure_reason);
        request::is_plain_id(&self.id).then_some(Resource::Payout(Payout {
            provider_payout_id: self.id,
            amount,
            fee: fees.and_then(|fees| unit.amount(fees, currency)),
            status,
            failure_reason: reason.filter(|reason| came_to_nothing && !reason.is_empty()),
            provider_status: self.status,
        }))
    }
}
