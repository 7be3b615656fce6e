//! A PayPal payout: a batch of items, their states, and how PayPal writes them.

use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
};

use super::{Merchant, money::Money, payout_refusal};

/// What PayPal takes for one item, in the smallest unit.
const FEE_MINOR: i64 = 25;

/// A batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: String,
    /// The sender's header as it was sent.
    pub(super) header: Map<String, Value>,
    pub(super) items: Vec<String>,
    pub(super) total: Money,
    pub(super) status: BatchStatus,
    /// What the sender calls it, for the record.
    pub(super) reference: Option<String>,
    /// Settled as soon as somebody looks (`POSPYO001`).
    pub(super) is_instant: bool,
    pub(super) created_at: i64,
    pub(super) completed_at: Option<i64>,
}

/// One payment of a batch.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) batch_id: String,
    pub(super) amount: Money,
    /// `payout_item` as it was sent.
    pub(super) sent: Map<String, Value>,
    pub(super) status: ItemStatus,
    pub(super) transaction_id: String,
    pub(super) activity_id: String,
    /// Name and text of what went wrong, with the id for PayPal's support.
    pub(super) error: Option<ItemError>,
    pub(super) processed_at: Option<i64>,
}

/// Why an item did not arrive.
#[derive(Clone, Debug)]
pub(super) struct ItemError {
    pub(super) name: String,
    pub(super) message: String,
    pub(super) debug_id: String,
}

/// A batch's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchStatus {
    Pending,
    Processing,
    Success,
    Denied,
    Canceled,
}

/// An item's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemStatus {
    Pending,
    Success,
    Failed,
    Unclaimed,
    Returned,
    OnHold,
    Blocked,
    Refunded,
    Reversed,
}

impl BatchStatus {
    /// Returns PayPal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Denied => "DENIED",
            Self::Canceled => "CANCELED",
        }
    }

    /// Returns whether its items have been looked at.
    pub(super) fn shows_items(self) -> bool {
        matches!(self, Self::Processing | Self::Success)
    }
}

impl ItemStatus {
    /// Returns PayPal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Unclaimed => "UNCLAIMED",
            Self::Returned => "RETURNED",
            Self::OnHold => "ONHOLD",
            Self::Blocked => "BLOCKED",
            Self::Refunded => "REFUNDED",
            Self::Reversed => "REVERSED",
        }
    }
}

impl Batch {
    /// Returns the effect of its making or change.
    pub(super) fn change<'c>(&'c self, operation: &'static str, merchant: &'c str) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(self.total.text()),
            currency: Some(&self.total.currency),
            reference: self.reference.as_deref(),
        }
    }

    /// Returns its own address.
    pub(super) fn url(&self, desk: &Desk) -> String {
        format!("http://{}/v1/payments/payouts/{}", desk.addresses.paypal, self.id)
    }

    /// Returns what the request that makes it is answered with: no item has a name yet.
    pub(super) fn created_json(&self, desk: &Desk) -> Value {
        json!({
            "batch_header": {
                "payout_batch_id": self.id, "batch_status": BatchStatus::Pending.name(),
                "sender_batch_header": self.header,
            },
            "links": [{"href": self.url(desk), "rel": "self", "method": "GET", "encType": "application/json"}],
        })
    }

    /// Returns the header as PayPal writes it later.
    pub(super) fn header_json(&self) -> Value {
        let mut header = Map::new();
        header.insert("payout_batch_id".to_owned(), json!(self.id));
        header.insert("batch_status".to_owned(), json!(self.status.name()));
        header.insert("time_created".to_owned(), json!(clock::rfc3339(self.created_at)));
        if let Some(at) = self.completed_at {
            header.insert("time_completed".to_owned(), json!(clock::rfc3339(at)));
        }
        header.insert("sender_batch_header".to_owned(), json!(self.header));
        header.insert("funding_source".to_owned(), json!("BALANCE"));
        header.insert("amount".to_owned(), self.total.to_payout_json());
        let count = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
        let fees = self.total.with(FEE_MINOR.saturating_mul(count));
        header.insert("fees".to_owned(), fees.to_payout_json());
        Value::Object(header)
    }

    /// Returns the items as PayPal writes them; none before they have been looked at.
    pub(super) fn items_json(&self, merchant: &Merchant, desk: &Desk) -> Vec<Value> {
        if !self.status.shows_items() {
            return Vec::new();
        }
        let items = self.items.iter().filter_map(|id| merchant.payout_items.get(id));
        items.map(|item| Value::Object(item.to_json(desk))).collect()
    }

    /// Returns the whole batch.
    pub(super) fn to_json(&self, merchant: &Merchant, desk: &Desk) -> Value {
        json!({"batch_header": self.header_json(), "items": self.items_json(merchant, desk)})
    }
}

impl Item {
    /// Returns the effect of a change.
    pub(super) fn change<'c>(&'c self, operation: &'static str, merchant: &'c str) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(self.amount.text()),
            currency: Some(&self.amount.currency),
            reference: self.sent.get("sender_item_id").and_then(Value::as_str),
        }
    }

    /// Returns the item as PayPal writes it in a batch.
    pub(super) fn to_json(&self, desk: &Desk) -> Map<String, Value> {
        let mut item = Map::new();
        item.insert("payout_item_id".to_owned(), json!(self.id));
        if self.status != ItemStatus::Pending {
            item.insert("transaction_id".to_owned(), json!(self.transaction_id));
            item.insert("activity_id".to_owned(), json!(self.activity_id));
        }
        item.insert("transaction_status".to_owned(), json!(self.status.name()));
        item.insert("payout_item_fee".to_owned(), self.amount.with(FEE_MINOR).to_payout_json());
        item.insert("payout_batch_id".to_owned(), json!(self.batch_id));
        item.insert("payout_item".to_owned(), json!(self.sent));
        if let Some(at) = self.processed_at {
            item.insert("time_processed".to_owned(), json!(clock::rfc3339(at)));
        }
        if let Some(error) = &self.error {
            let error = json!({
                "name": error.name, "message": error.message, "debug_id": error.debug_id,
                "information_link": payout_refusal::INFORMATION, "details": [], "links": [],
            });
            item.insert("errors".to_owned(), error);
        }
        let own = format!("http://{}/v1/payments/payouts-item/{}", desk.addresses.paypal, self.id);
        let links = json!([{"href": own, "rel": "item", "method": "GET", "encType": "application/json"}]);
        item.insert("links".to_owned(), links);
        item
    }
}
