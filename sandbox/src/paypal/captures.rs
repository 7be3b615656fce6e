//! PayPal captures: the money of an order or an authorization.

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

/// A capture.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) authorization_id: Option<String>,
    pub(super) amount: Money,
    pub(super) is_final: bool,
    pub(super) custom_id: Option<String>,
    pub(super) invoice_id: Option<String>,
    pub(super) created_at: i64,
}

impl Capture {
    /// Returns the effect of its making.
    pub(super) fn change<'c>(&'c self, merchant: &'c str) -> Change<'c> {
        Change {
            operation: "orders.capture",
            merchant,
            id: &self.id,
            amount: json!(self.amount.text()),
            currency: Some(&self.amount.currency),
            reference: self.custom_id.as_deref().or(self.invoice_id.as_deref()),
        }
    }

    /// Returns the capture as PayPal writes it.
    pub(super) fn to_json(&self, desk: &Desk) -> Value {
        let mut capture = Map::new();
        capture.insert("id".to_owned(), json!(self.id));
        capture.insert("status".to_owned(), json!("COMPLETED"));
        capture.insert("amount".to_owned(), self.amount.to_json());
        capture.insert("final_capture".to_owned(), json!(self.is_final));
        if let Some(custom_id) = &self.custom_id {
            capture.insert("custom_id".to_owned(), json!(custom_id));
        }
        if let Some(invoice_id) = &self.invoice_id {
            capture.insert("invoice_id".to_owned(), json!(invoice_id));
        }
        capture.insert("seller_protection".to_owned(), seller_protection());
        let fee = fee(&self.amount);
        let net = self.amount.minor.saturating_sub(fee);
        let breakdown = json!({
            "gross_amount": self.amount.to_json(),
            "paypal_fee": self.amount.with(fee).to_json(),
            "net_amount": self.amount.with(net).to_json(),
        });
        capture.insert("seller_receivable_breakdown".to_owned(), breakdown);
        let related = match &self.authorization_id {
            Some(id) => json!({"order_id": self.order_id, "authorization_id": id}),
            None => json!({"order_id": self.order_id}),
        };
        capture.insert("supplementary_data".to_owned(), json!({"related_ids": related}));
        capture.insert("create_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        capture.insert("update_time".to_owned(), json!(clock::rfc3339(self.created_at)));
        capture.insert("links".to_owned(), self.links(desk));
        Value::Object(capture)
    }

    fn links(&self, desk: &Desk) -> Value {
        let host = desk.addresses.paypal;
        let own = format!("http://{host}/v2/payments/captures/{}", self.id);
        let up = match &self.authorization_id {
            Some(id) => format!("http://{host}/v2/payments/authorizations/{id}"),
            None => format!("http://{host}/v2/checkout/orders/{}", self.order_id),
        };
        json!([
            {"href": own, "rel": "self", "method": "GET"},
            {"href": format!("{own}/refund"), "rel": "refund", "method": "POST"},
            {"href": up, "rel": "up", "method": "GET"},
        ])
    }
}

/// Returns what PayPal says of protection on every payment here.
pub(super) fn seller_protection() -> Value {
    json!({"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]})
}

/// 3.49 % and 0.49 where there are cents, never more than the amount.
fn fee(amount: &Money) -> i64 {
    let share = amount.minor.saturating_mul(349).saturating_add(5000) / 10_000;
    let fixed = if super::money::decimals(&amount.currency) == 2 { 49 } else { 0 };
    share.saturating_add(fixed).min(amount.minor)
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if call.merchant.captures.get(call.id).is_none() {
        return Err(Refusal::issue("INVALID_RESOURCE_ID").at_path("capture_id", call.id));
    }
    Ok(Done { status: StatusCode::OK, object: Kept::Capture(call.id.to_owned()), view: View::Whole })
}
