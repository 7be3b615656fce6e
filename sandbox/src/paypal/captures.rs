//! PayPal captures: the money of an order, an authorization, a subscription's cycle or an invoice.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
    routes::Route,
};

use super::{Call, Done, Handler, View, money::Money, refusal::Refusal, repeats::Kept};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] =
    &[Route { method: "GET", path: "/v2/payments/captures/{id}", operation: "captures.get", handler: get }];

/// Why a capture may be pending, as the specification lists it.
const PENDING_REASONS: [&str; 11] = [
    "ECHECK",
    "BUYER_COMPLAINT",
    "CHARGEBACK",
    "INTERNATIONAL_WITHDRAWAL",
    "OTHER",
    "PENDING_REVIEW",
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
    "REFUNDED",
    "TRANSACTION_APPROVED_AWAITING_FUNDING",
    "UNILATERAL",
    "VERIFICATION_REQUIRED",
];

/// A capture.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) id: String,
    pub(super) source: Source,
    pub(super) amount: Money,
    pub(super) is_final: bool,
    pub(super) status: Status,
    /// The payer's bank pays days later, and takes back as slowly.
    pub(super) is_echeck: bool,
    pub(super) refunds: Vec<String>,
    /// What has gone back, in the smallest unit.
    pub(super) refunded: i64,
    /// What has gone back or is on its way back, in the smallest unit.
    pub(super) claimed: i64,
    pub(super) custom_id: Option<String>,
    pub(super) invoice_id: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// What the money was captured for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Order(String),
    Authorization { id: String, order_id: String },
    Subscription(String),
    Invoice(String),
}

/// What has become of a capture, refunds aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Completed,
    /// With its reason.
    Pending(&'static str),
    Declined,
    Failed,
}

impl Status {
    /// Every word that foretells a status, in a sentence.
    pub(super) const WORDS: &'static str =
        "completed, pending, declined, failed or a reason of a pending capture such as PENDING_REVIEW";

    /// Returns the status that a control call foretells: `pending` is an eCheck on its way, a reason in capitals another wait.
    pub(super) fn foretold(word: &str) -> Option<Self> {
        match word {
            "completed" => Some(Self::Completed),
            "pending" => Some(Self::Pending("ECHECK")),
            "declined" => Some(Self::Declined),
            "failed" => Some(Self::Failed),
            _ => PENDING_REASONS.into_iter().find(|reason| *reason == word).map(Self::Pending),
        }
    }

    /// Returns whether the money came or still may come.
    pub(super) fn is_good(self) -> bool {
        matches!(self, Self::Completed | Self::Pending(_))
    }
}

impl Capture {
    /// Returns a capture made now.
    pub(super) fn new(desk: &mut Desk, source: Source, amount: Money, status: Status) -> Self {
        let now = desk.now();
        Self {
            id: desk.random.base36(17),
            source,
            amount,
            is_final: true,
            status,
            is_echeck: status == Status::Pending("ECHECK"),
            refunds: Vec::new(),
            refunded: 0,
            claimed: 0,
            custom_id: None,
            invoice_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns PayPal's word for what has become of it, refunds included.
    pub(super) fn status_name(&self) -> &'static str {
        match self.status {
            Status::Completed if self.refunded >= self.amount.minor => "REFUNDED",
            Status::Completed if self.refunded > 0 => "PARTIALLY_REFUNDED",
            Status::Completed => "COMPLETED",
            Status::Pending(_) => "PENDING",
            Status::Declined => "DECLINED",
            Status::Failed => "FAILED",
        }
    }

    /// Returns the effect of its making or change.
    pub(super) fn change<'c>(&'c self, operation: &'static str, merchant: &'c str) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(self.amount.text()),
            currency: Some(&self.amount.currency),
            reference: self.reference(),
        }
    }

    /// Returns the effect of capturing an order: a refused capture is none of the money.
    pub(super) fn made<'c>(&'c self, merchant: &'c str) -> Change<'c> {
        self.change(if self.status.is_good() { "orders.capture" } else { "captures.deny" }, merchant)
    }

    /// Returns the caller's own id for it.
    pub(super) fn reference(&self) -> Option<&str> {
        self.custom_id.as_deref().or(self.invoice_id.as_deref())
    }

    /// Returns the fee that PayPal keeps: 3.49 % and 0.49 where there are cents, never more than the amount.
    pub(super) fn fee(&self) -> Money {
        let share = self.amount.minor.saturating_mul(349).saturating_add(5000) / 10_000;
        let fixed = if super::money::decimals(&self.amount.currency) == 2 { 49 } else { 0 };
        self.amount.with(share.saturating_add(fixed).min(self.amount.minor))
    }

    /// Returns the capture as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let mut capture = Map::new();
        capture.insert("id".to_owned(), json!(self.id));
        capture.insert("status".to_owned(), json!(self.status_name()));
        if let Status::Pending(reason) = self.status {
            capture.insert("status_details".to_owned(), json!({"reason": reason}));
        }
        capture.insert("amount".to_owned(), self.amount.to_json());
        capture.insert("final_capture".to_owned(), json!(self.is_final));
        if let Some(custom_id) = &self.custom_id {
            capture.insert("custom_id".to_owned(), json!(custom_id));
        }
        if let Some(invoice_id) = &self.invoice_id {
            capture.insert("invoice_id".to_owned(), json!(invoice_id));
        }
        capture.insert("seller_protection".to_owned(), seller_protection());
        if self.status == Status::Completed {
            let fee = self.fee();
            let breakdown = json!({
                "gross_amount": self.amount.to_json(),
                "paypal_fee": fee.to_json(),
                "net_amount": self.amount.with(self.amount.minor.saturating_sub(fee.minor)).to_json(),
            });
            capture.insert("seller_receivable_breakdown".to_owned(), breakdown);
        }
        let related = match &self.source {
            Source::Order(id) => Some(json!({"order_id": id})),
            Source::Authorization { id, order_id } => {
                Some(json!({"order_id": order_id, "authorization_id": id}))
            }
            Source::Subscription(_) | Source::Invoice(_) => None,
        };
        if let Some(related) = related {
            capture.insert("supplementary_data".to_owned(), json!({"related_ids": related}));
        }
        capture.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        capture.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        capture.insert("links".to_owned(), self.links(desk));
        Value::Object(capture)
    }

    fn links(&self, desk: &Desk) -> Value {
        let host = desk.addresses.paypal;
        let own = format!("http://{host}/v2/payments/captures/{}", self.id);
        let up = match &self.source {
            Source::Order(id) => format!("/v2/checkout/orders/{id}"),
            Source::Authorization { id, .. } => format!("/v2/payments/authorizations/{id}"),
            Source::Subscription(id) => format!("/v1/billing/subscriptions/{id}"),
            Source::Invoice(id) => format!("/v2/invoicing/invoices/{id}"),
        };
        json!([
            {"href": own, "rel": "self", "method": "GET"},
            {"href": format!("{own}/refund"), "rel": "refund", "method": "POST"},
            {"href": format!("http://{host}{up}"), "rel": "up", "method": "GET"},
        ])
    }
}

/// Returns what PayPal says of protection on every payment here.
pub(super) fn seller_protection() -> Value {
    json!({"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]})
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if call.merchant.captures.get(call.id).is_none() {
        return Err(Refusal::issue("INVALID_RESOURCE_ID").at_path("capture_id", call.id));
    }
    Ok(Done::Object { status: StatusCode::OK, object: Kept::Capture(call.id.to_owned()), view: View::Whole })
}
