//! A payout batch as PayPal tells it, and what that means in the gateway's words. Source: `payments_payouts_batch_v1`,
//! 2024-02-03.

use domain::{Effect, Money, Outcome, Payout, PayoutStatus, Reply, Request, Timestamp};
use serde::Deserialize;

use crate::paypal::amounts::WireAmount;
use crate::paypal::{NAME, errors, moments};
use crate::rejection::Missing;
use crate::{json, reply as replies, request};

/// Where payouts live.
pub(super) const PATH: &str = "/v1/payments/payouts";

/// Returns the read of a batch, whose id is a plain one.
pub(super) fn read_request(id: &str) -> Request {
    request::get(format!("{PATH}/{id}"))
}

/// Reads the reply to a read.
///
/// # Errors
/// The outcome of a reply that tells no payout.
pub(super) fn read(reply: &Reply, known_amount: Option<Money>) -> Result<Payout, Outcome> {
    if !replies::is_success(reply) {
        return Err(errors::outcome(Missing::Payout, Effect::Read, reply));
    }
    json::read::<WireBatch>(reply)
        .and_then(|batch| batch.tell(known_amount))
        .ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))
}

/// Returns when a batch was made, where a read of it tells.
pub(super) fn made_at(reply: &Reply) -> Option<Timestamp> {
    let header = json::read::<WireBatch>(reply).filter(|_| replies::is_success(reply))?.batch_header?;
    moments::read(&header.time_created?)
}

/// A batch on the wire. Nothing in it is promised.
#[derive(Deserialize)]
pub(super) struct WireBatch {
    #[serde(default, deserialize_with = "json::lenient")]
    batch_header: Option<Header>,
    #[serde(default, deserialize_with = "json::nullable")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default, deserialize_with = "json::lenient")]
    time_created: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    payout_batch_id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    batch_status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
    #[serde(default, deserialize_with = "json::lenient")]
    fees: Option<WireAmount>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "json::lenient")]
    transaction_status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    payout_item_fee: Option<WireAmount>,
    #[serde(default, deserialize_with = "json::lenient")]
    payout_item: Option<ItemDetail>,
    #[serde(default, deserialize_with = "json::lenient")]
    errors: Option<ItemError>,
}

#[derive(Deserialize)]
struct ItemDetail {
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
}

#[derive(Deserialize)]
struct ItemError {
    #[serde(default, deserialize_with = "json::lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
}

impl Item {
    fn amount(&self) -> Option<Money> {
        self.payout_item.as_ref()?.amount.as_ref()?.money()
    }

    fn failure_reason(&self) -> Option<String> {
        let error = self.errors.as_ref()?;
        error.name.clone().or_else(|| error.message.clone())
    }
}

impl WireBatch {
    /// Tells the batch in the gateway's words, `None` when it has no id or when neither it nor the caller knows the amount.
    /// The gateway's own batches have one item, which decides; one with more was made elsewhere and is told as a whole.
    pub(super) fn tell(self, known_amount: Option<Money>) -> Option<Payout> {
        let header = self.batch_header?;
        let provider_payout_id = header.payout_batch_id.filter(|id| !id.is_empty())?;
        let whole = header.amount.as_ref().and_then(WireAmount::money);
        let only = match self.items.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let amount = only.and_then(Item::amount).or(whole).or(known_amount)?;
        let item_fee = only.and_then(|item| item.payout_item_fee.as_ref());
        let fee = item_fee.or(header.fees.as_ref()).and_then(WireAmount::money);
        let batch = header.batch_status;
        let item = only.and_then(|item| item.transaction_status.clone());
        let status = match (&item, self.items.len()) {
            (Some(item), _) => item_status(item, batch.as_deref()),
            // Handled, all of them; what became of each, only each tells.
            (None, 2..) if batch.as_deref() == Some("SUCCESS") => PayoutStatus::Unknown,
            (None, _) => batch_status(batch.as_deref()),
        };
        Some(Payout {
            provider_payout_id,
            amount,
            fee,
            status,
            failure_reason: only.and_then(Item::failure_reason),
            provider_status: item.or(batch),
        })
    }
}

fn item_status(word: &str, batch: Option<&str>) -> PayoutStatus {
    match word {
        "SUCCESS" => PayoutStatus::Paid,
        "UNCLAIMED" => PayoutStatus::Unclaimed,
        // Under review.
        "ONHOLD" => PayoutStatus::Processing,
        "FAILED" | "BLOCKED" | "DENIED" => PayoutStatus::Failed,
        "CANCELED" => PayoutStatus::Canceled,
        "RETURNED" | "REFUNDED" => PayoutStatus::Returned,
        "REVERSED" => PayoutStatus::Reversed,
        "PENDING" => batch_status(batch),
        _ => PayoutStatus::Unknown,
    }
}

/// What a batch means whose item has not been handled, or is not told.
fn batch_status(word: Option<&str>) -> PayoutStatus {
    match word {
        Some("PENDING") => PayoutStatus::Pending,
        // `SUCCESS` only means that every item was handled.
        Some("PROCESSING" | "SUCCESS") => PayoutStatus::Processing,
        Some("DENIED") => PayoutStatus::Failed,
        Some("CANCELED") => PayoutStatus::Canceled,
        _ => PayoutStatus::Unknown,
    }
}

#[cfg(test)]
mod tests;
