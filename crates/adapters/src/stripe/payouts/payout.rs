//! Stripe's payouts and transfers as it writes them, and what they say in the gateway's words. What they cost stands in
//! Stripe's balance and not here. Source: `stripe/openapi`, API version 2023-08-16.

use domain::{Payout, PayoutStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::stripe::amounts;
use crate::{json, request};

/// A payout. Everything but id, amount and currency may be missing or null.
#[derive(Deserialize)]
pub(super) struct WirePayout {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default, deserialize_with = "json::lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    failure_code: Option<String>,
    /// The payout that brought the money back.
    #[serde(default)]
    reversed_by: Option<IgnoredAny>,
}

impl WirePayout {
    /// Returns the payout in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Payout> {
        let amount = amounts::told(self.amount, &self.currency)?;
        if !request::is_plain_id(&self.id) {
            return None;
        }
        Some(Payout {
            status: self.status(),
            provider_payout_id: self.id,
            amount,
            fee: None,
            failure_reason: self.failure_code,
            provider_status: self.status,
        })
    }

    fn status(&self) -> PayoutStatus {
        match self.status.as_deref() {
            Some("pending") => PayoutStatus::Pending,
            Some("in_transit") => PayoutStatus::Processing,
            Some("paid") if self.reversed_by.is_some() => PayoutStatus::Reversed,
            Some("paid") => PayoutStatus::Paid,
            Some("failed") => PayoutStatus::Failed,
            Some("canceled") => PayoutStatus::Canceled,
            _ => PayoutStatus::Unknown,
        }
    }
}

/// A transfer, which has no status: the money is in the other account's balance at once.
#[derive(Deserialize)]
pub(super) struct WireTransfer {
    id: String,
    amount: i64,
    currency: String,
    /// Whether all of it was taken back.
    #[serde(default, deserialize_with = "json::lenient")]
    reversed: Option<bool>,
}

impl WireTransfer {
    /// Returns the transfer in the gateway's words; `None` when it has no id, or an amount that cannot be understood.
    pub(super) fn tell(self) -> Option<Payout> {
        let amount = amounts::told(self.amount, &self.currency)?;
        if !request::is_plain_id(&self.id) {
            return None;
        }
        let is_reversed = self.reversed == Some(true);
        Some(Payout {
            provider_payout_id: self.id,
            amount,
            fee: None,
            status: if is_reversed { PayoutStatus::Reversed } else { PayoutStatus::Paid },
            failure_reason: None,
            provider_status: None,
        })
    }
}
