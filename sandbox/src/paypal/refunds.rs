//! PayPal refunds: of a capture, whole or in part, at once or when the payer's bank has cleared it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    act::{Act, Acted},
    clock,
    desk::{Change, Desk},
    payer::PayerRefusal,
    routes::Route,
};

use super::{
    Call, Done, Handler, Merchant, View,
    captures::{self, Source},
    fields,
    money::{Money, Place, Rule},
    refusal::Refusal,
    repeats::Kept,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route {
        method: "POST",
        path: "/v2/payments/captures/{id}/refund",
        operation: "refunds.create",
        handler: create,
    },
    Route { method: "GET", path: "/v2/payments/refunds/{id}", operation: "refunds.get", handler: get },
];

/// A capture can be refunded for 180 days.
const REFUNDABLE_SECONDS: i64 = 180 * 24 * 60 * 60;
/// The refund of an eCheck takes three days.
const ECHECK_SECONDS: i64 = 3 * 24 * 60 * 60;
/// What can happen to a refund beside the API.
const ACTS: [&str; 4] = ["complete", "fail", "pend", "cancel"];

/// A refund.
#[derive(Debug)]
pub(super) struct Refund {
    id: String,
    capture_id: String,
    pub(super) amount: Money,
    pub(super) status: Status,
    /// What had gone back of the capture with this refund, in the smallest unit.
    total: i64,
    custom_id: Option<String>,
    invoice_id: Option<String>,
    note_to_payer: Option<String>,
    pub(super) created_at: i64,
    updated_at: i64,
}

/// A refund's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl Refund {
    fn change<'c>(&'c self, operation: &'static str, merchant: &'c str) -> Change<'c> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(self.amount.text()),
            currency: Some(&self.amount.currency),
            reference: self.custom_id.as_deref().or(self.invoice_id.as_deref()),
        }
    }

    /// Returns the refund as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let mut refund = Map::new();
        refund.insert("id".to_owned(), json!(self.id));
        refund.insert("amount".to_owned(), self.amount.to_json());
        let texts = [
            ("custom_id", &self.custom_id),
            ("invoice_id", &self.invoice_id),
            ("note_to_payer", &self.note_to_payer),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                refund.insert(name.to_owned(), json!(text));
            }
        }
        refund.insert("status".to_owned(), json!(self.status.name()));
        if self.status == Status::Pending {
            refund.insert("status_details".to_owned(), json!({"reason": "ECHECK"}));
        }
        let breakdown = json!({
            "gross_amount": self.amount.to_json(),
            "paypal_fee": self.amount.with(0).to_json(),
            "net_amount": self.amount.to_json(),
            "total_refunded_amount": self.amount.with(self.total).to_json(),
        });
        refund.insert("seller_payable_breakdown".to_owned(), breakdown);
        refund.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        refund.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        let host = desk.addresses.paypal;
        let links = json!([
            {"href": format!("http://{host}/v2/payments/refunds/{}", self.id), "rel": "self", "method": "GET"},
            {"href": format!("http://{host}/v2/payments/captures/{}", self.capture_id), "rel": "up", "method": "GET"},
        ]);
        refund.insert("links".to_owned(), links);
        Value::Object(refund)
    }
}

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let unknown = || Refusal::issue("INVALID_RESOURCE_ID").at_path("capture_id", call.id);
    let capture = call.merchant.captures.get(call.id).ok_or_else(unknown)?;
    let body = &call.body;
    let given = body.get("amount").filter(|amount| !amount.is_null());
    let place = Place { path: "/amount", rule: Rule::Positive, no_decimals: "DECIMALS_NOT_SUPPORTED" };
    let given = given.map(|amount| Money::read(amount, place)).transpose()?;
    let custom_id = fields::text(body, "custom_id", "", 127)?;
    let invoice_id = fields::text(body, "invoice_id", "", 127)?;
    let note_to_payer = fields::text(body, "note_to_payer", "", 255)?;
    match capture.status {
        captures::Status::Completed => {}
        captures::Status::Pending(_) => return Err(Refusal::issue("PENDING_CAPTURE")),
        captures::Status::Declined | captures::Status::Failed => {
            return Err(Refusal::issue("REFUND_NOT_ALLOWED"));
        }
    }
    if now.saturating_sub(capture.created_at) >= REFUNDABLE_SECONDS {
        return Err(Refusal::issue("REFUND_TIME_LIMIT_EXCEEDED"));
    }
    let left = capture.amount.minor.saturating_sub(capture.claimed);
    if left <= 0 {
        return Err(Refusal::issue("CAPTURE_FULLY_REFUNDED"));
    }
    let amount = given.unwrap_or_else(|| capture.amount.with(left));
    if amount.currency != capture.amount.currency {
        return Err(Refusal::issue("REFUND_CAPTURE_CURRENCY_MISMATCH").at("/amount/currency_code"));
    }
    if amount.minor > left {
        return Err(Refusal::issue("REFUND_AMOUNT_EXCEEDED").at("/amount/value").with_value(&amount.text()));
    }
    let refund = Refund {
        id: call.desk.random.base36(17),
        capture_id: capture.id.clone(),
        total: capture.claimed.saturating_add(amount.minor),
        amount,
        status: if capture.is_echeck { Status::Pending } else { Status::Completed },
        custom_id: custom_id.or_else(|| capture.custom_id.clone()),
        invoice_id: invoice_id.or_else(|| capture.invoice_id.clone()),
        note_to_payer,
        created_at: now,
        updated_at: now,
    };
    call.desk.report(refund.change("refunds.create", &call.merchant.client_id));
    let id = refund.id.clone();
    if let Some(capture) = call.merchant.captures.get_mut(call.id) {
        capture.refunds.push(id.clone());
    }
    call.merchant.refunds.insert(&id, refund);
    recount(call.merchant, call.id, now);
    Ok(Done::Object { status: StatusCode::CREATED, object: Kept::Refund(id), view: View::AsPreferred })
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if call.merchant.refunds.get(call.id).is_none() {
        return Err(Refusal::issue("INVALID_RESOURCE_ID").at_path("refund_id", call.id));
    }
    settle(call.desk, call.merchant, call.id);
    Ok(Done::Object { status: StatusCode::OK, object: Kept::Refund(call.id.to_owned()), view: View::Whole })
}

/// Adds up anew what has gone back of a capture.
fn recount(merchant: &mut Merchant, capture_id: &str, now: i64) {
    let Some(capture) = merchant.captures.get_mut(capture_id) else { return };
    capture.refunded = 0;
    capture.claimed = 0;
    for refund in capture.refunds.iter().filter_map(|id| merchant.refunds.get(id)) {
        if matches!(refund.status, Status::Completed | Status::Pending) {
            capture.claimed = capture.claimed.saturating_add(refund.amount.minor);
        }
        if refund.status == Status::Completed {
            capture.refunded = capture.refunded.saturating_add(refund.amount.minor);
        }
    }
    capture.updated_at = now;
    if let Source::Order(id) | Source::Authorization { order_id: id, .. } = &capture.source
        && let Some(order) = merchant.orders.get_mut(id)
    {
        order.updated_at = now;
    }
}

/// Completes a pending refund whose time has come.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let is_due = merchant.refunds.get(id).is_some_and(|refund| {
        refund.status == Status::Pending && now.saturating_sub(refund.updated_at) >= ECHECK_SECONDS
    });
    if is_due {
        turn(desk, merchant, id, (Status::Completed, "refunds.complete"));
    }
}

fn turn(desk: &mut Desk, merchant: &mut Merchant, id: &str, (status, operation): (Status, &'static str)) {
    let now = desk.now();
    let Some(refund) = merchant.refunds.get_mut(id) else { return };
    refund.status = status;
    refund.updated_at = now;
    desk.report(refund.change(operation, &merchant.client_id));
    let capture_id = refund.capture_id.clone();
    recount(merchant, &capture_id, now);
}

/// Does with a refund what the payer's bank does.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    act.only(&[])?;
    settle(desk, merchant, act.id);
    let status = merchant.refunds.get(act.id).ok_or(PayerRefusal::UnknownOrder)?.status;
    let next = match (act.name, status) {
        ("complete", Status::Pending) => (Status::Completed, "refunds.complete"),
        ("fail", Status::Pending | Status::Completed) => (Status::Failed, "refunds.fail"),
        ("pend", Status::Completed) => (Status::Pending, "refunds.pend"),
        ("cancel", Status::Pending) => (Status::Cancelled, "refunds.cancel"),
        (name, status) if ACTS.contains(&name) => {
            return Err(PayerRefusal::action(format!("a refund that is {} cannot {name}", status.name())));
        }
        _ => return Err(act.unknown(&ACTS)),
    };
    turn(desk, merchant, act.id, next);
    let refund = merchant.refunds.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: refund.status.name().to_owned(), object: refund.to_json(desk) })
}
