//! PayPal authorizations: get, capture in part or whole, void.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    clock,
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Done, Handler, View,
    captures::{self, Capture, Source},
    fields,
    money::{Money, Place, Rule},
    refusal::Refusal,
    repeats::Kept,
};

/// The routes of this noun; its captures and voids are the order's.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route {
        method: "GET",
        path: "/v2/payments/authorizations/{id}",
        operation: "authorizations.get",
        handler: get,
    },
    Route {
        method: "POST",
        path: "/v2/payments/authorizations/{id}/capture",
        operation: "orders.capture",
        handler: capture,
    },
    Route {
        method: "POST",
        path: "/v2/payments/authorizations/{id}/void",
        operation: "orders.cancel",
        handler: void,
    },
];

/// An authorization is good for 29 days.
const LIFE_SECONDS: i64 = 29 * 24 * 60 * 60;

/// An authorization.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) amount: Money,
    /// What has been captured of it, in the smallest unit.
    pub(super) captured: i64,
    pub(super) status: Status,
    pub(super) custom_id: Option<String>,
    pub(super) invoice_id: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// An authorization's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    PartiallyCaptured,
    Captured,
    Voided,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::PartiallyCaptured => "PARTIALLY_CAPTURED",
            Self::Captured => "CAPTURED",
            Self::Voided => "VOIDED",
        }
    }
}

impl Authorization {
    /// Returns the effect of its making or change.
    pub(super) fn change<'a>(&'a self, operation: &'static str, merchant: &'a str) -> Change<'a> {
        Change {
            operation,
            merchant,
            id: &self.id,
            amount: json!(self.amount.text()),
            currency: Some(&self.amount.currency),
            reference: self.custom_id.as_deref().or(self.invoice_id.as_deref()),
        }
    }

    /// Returns the authorization as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("status".to_owned(), json!(self.status.name()));
        shown.insert("amount".to_owned(), self.amount.to_json());
        if let Some(custom_id) = &self.custom_id {
            shown.insert("custom_id".to_owned(), json!(custom_id));
        }
        if let Some(invoice_id) = &self.invoice_id {
            shown.insert("invoice_id".to_owned(), json!(invoice_id));
        }
        shown.insert("seller_protection".to_owned(), captures::seller_protection());
        let expires_at = self.created_at.saturating_add(LIFE_SECONDS);
        shown.insert("expiration_time".to_owned(), json!(clock::rfc3339(expires_at)));
        shown.insert("supplementary_data".to_owned(), json!({"related_ids": {"order_id": self.order_id}}));
        shown.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        shown.insert("update_time".to_owned(), json!(clock::rfc3339(self.updated_at)));
        let own = format!("http://{}/v2/payments/authorizations/{}", desk.addresses.paypal, self.id);
        let up = format!("http://{}/v2/checkout/orders/{}", desk.addresses.paypal, self.order_id);
        let links = json!([
            {"href": own, "rel": "self", "method": "GET"},
            {"href": format!("{own}/capture"), "rel": "capture", "method": "POST"},
            {"href": format!("{own}/void"), "rel": "void", "method": "POST"},
            {"href": up, "rel": "up", "method": "GET"},
        ]);
        shown.insert("links".to_owned(), links);
        Value::Object(shown)
    }
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    Ok(Done::Object {
        status: StatusCode::OK,
        object: Kept::Authorization(call.id.to_owned()),
        view: View::Whole,
    })
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Authorization, Refusal> {
    call.merchant
        .authorizations
        .get_mut(call.id)
        .ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID").at_path("authorization_id", call.id))
}

fn capture(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let body = std::mem::take(&mut call.body);
    let invoice_id = fields::text(&body, "invoice_id", "", 127)?;
    let is_final = body.get("final_capture").and_then(Value::as_bool).unwrap_or(false);
    let authorization = find(call)?;
    let left = authorization.amount.minor.saturating_sub(authorization.captured);
    match authorization.status {
        Status::Voided => return Err(Refusal::issue("AUTHORIZATION_VOIDED")),
        Status::Captured => return Err(Refusal::issue("AUTHORIZATION_ALREADY_CAPTURED")),
        Status::Created | Status::PartiallyCaptured => {}
    }
    if now.saturating_sub(authorization.created_at) >= LIFE_SECONDS {
        return Err(Refusal::issue("AUTHORIZATION_EXPIRED"));
    }
    let amount = match body.get("amount").filter(|amount| !amount.is_null()) {
        None => authorization.amount.with(left),
        Some(given) => {
            let place =
                Place { path: "/amount", rule: Rule::Positive, no_decimals: "DECIMALS_NOT_SUPPORTED" };
            Money::read(given, place)?
        }
    };
    if amount.currency != authorization.amount.currency {
        return Err(Refusal::issue("AUTH_CAPTURE_CURRENCY_MISMATCH").at("/amount/currency_code"));
    }
    if amount.minor > left {
        return Err(Refusal::issue("MAX_CAPTURE_AMOUNT_EXCEEDED")
            .at("/amount/value")
            .with_value(&amount.text()));
    }
    let order_id = authorization.order_id.clone();
    let custom_id = authorization.custom_id.clone();
    let invoice_id = invoice_id.or_else(|| authorization.invoice_id.clone());
    let status =
        call.merchant.orders.get(&order_id).map_or(captures::Status::Completed, |order| order.outcome);
    let source = Source::Authorization { id: call.id.to_owned(), order_id };
    let made = Capture { is_final, custom_id, invoice_id, ..Capture::new(call.desk, source, amount, status) };
    let authorization = find(call)?;
    if made.status.is_good() {
        authorization.captured = authorization.captured.saturating_add(made.amount.minor);
        let is_whole = authorization.captured >= authorization.amount.minor;
        authorization.status =
            if is_whole || is_final { Status::Captured } else { Status::PartiallyCaptured };
        authorization.updated_at = now;
    }
    Ok(keep(call, made))
}

fn keep(call: &mut Call<'_>, made: Capture) -> Done {
    if let Source::Authorization { order_id, .. } = &made.source
        && let Some(order) = call.merchant.orders.get_mut(order_id)
    {
        order.updated_at = made.created_at;
        if let Some(unit) =
            order.units.iter_mut().find(|unit| unit.authorizations.iter().any(|id| id == call.id))
        {
            unit.captures.push(made.id.clone());
        }
    }
    call.desk.report(made.made(&call.merchant.client_id));
    let id = made.id.clone();
    call.merchant.captures.insert(&id, made);
    Done::Object { status: StatusCode::CREATED, object: Kept::Capture(id), view: View::AsPreferred }
}

fn void(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let authorization = find(call)?;
    match authorization.status {
        Status::Voided => return Err(Refusal::issue("PREVIOUSLY_VOIDED")),
        Status::Captured | Status::PartiallyCaptured => return Err(Refusal::issue("PREVIOUSLY_CAPTURED")),
        Status::Created => {}
    }
    authorization.status = Status::Voided;
    authorization.updated_at = now;
    if let Some(authorization) = call.merchant.authorizations.get(call.id) {
        call.desk.report(authorization.change("orders.cancel", &call.merchant.client_id));
    }
    Ok(Done::Object {
        status: StatusCode::NO_CONTENT,
        object: Kept::Authorization(call.id.to_owned()),
        view: View::NothingUnlessPreferred,
    })
}
