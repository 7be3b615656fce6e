//! PayPal orders: create, get, capture, authorize, and their end when nobody acts in time.

use http::StatusCode;
use serde_json::json;

use crate::{
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Done, Handler, Merchant, View,
    authorizations::{self, Authorization},
    captures::{Capture, Source},
    order::{Intent, Order, Status},
    order_request,
    refusal::Refusal,
    repeats::Kept,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v2/checkout/orders", operation: "orders.create", handler: create },
    Route { method: "GET", path: "/v2/checkout/orders/{id}", operation: "orders.get", handler: get },
    Route {
        method: "POST",
        path: "/v2/checkout/orders/{id}/capture",
        operation: "orders.capture",
        handler: capture,
    },
    Route {
        method: "POST",
        path: "/v2/checkout/orders/{id}/authorize",
        operation: "orders.authorize",
        handler: authorize,
    },
];

/// The payer has three hours to approve, and the merchant three more to capture.
const OPEN_SECONDS: i64 = 3 * 60 * 60;
/// Makes an order that nobody approved or captured in time unfindable.
pub(super) fn expire(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let Some(order) = merchant.orders.get_mut(id) else { return };
    // An approval is the last change before the capture.
    let is_late = now.saturating_sub(order.updated_at) >= OPEN_SECONDS;
    if order.is_gone || order.status == Status::Completed || !is_late {
        return;
    }
    order.is_gone = true;
    let total = order.total();
    desk.report(Change {
        operation: "orders.expire",
        merchant: &merchant.client_id,
        id,
        amount: json!(total.text()),
        currency: Some(&total.currency),
        reference: order.reference(),
    });
}

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let order = order_request::read_order(call)?;
    let id = order.id.clone();
    let total = order.total();
    call.desk.report(Change {
        operation: "orders.create",
        merchant: &call.merchant.client_id,
        id: &id,
        amount: json!(total.text()),
        currency: Some(&total.currency),
        reference: order.reference(),
    });
    call.merchant.orders.insert(&id, order);
    Ok(Done::Object { status: StatusCode::CREATED, object: Kept::Order(id), view: View::AsPreferred })
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    Ok(Done::Object { status: StatusCode::OK, object: Kept::Order(call.id.to_owned()), view: View::Whole })
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Order, Refusal> {
    expire(call.desk, call.merchant, call.id);
    call.merchant
        .orders
        .get_mut(call.id)
        .filter(|order| !order.is_gone)
        .ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID").at_path("order_id", call.id))
}

/// Refuses unless the payer approved and the intent is the wanted one.
fn check_ready(call: &mut Call<'_>, wanted: Intent) -> Result<(), Refusal> {
    let url = call.desk.pay_url(call.id);
    let order = find(call)?;
    if order.intent != wanted {
        let refusal = Refusal::issue("ACTION_DOES_NOT_MATCH_INTENT");
        return Err(match wanted {
            Intent::Authorize => refusal,
            Intent::Capture => refusal.saying(
                "Order was created with an intent to 'AUTHORIZE'. Please use v2/checkout/orders/order_id/authorize to complete the transaction or alternately Create an order with an intent of 'CAPTURE'.",
            ),
        });
    }
    match order.status {
        Status::Approved if order.is_declined => {
            let issue = if wanted == Intent::Capture { "INSTRUMENT_DECLINED" } else { "PAYER_CANNOT_PAY" };
            Err(Refusal::issue(issue).with_payer_url(&url))
        }
        Status::Approved => Ok(()),
        Status::Completed if wanted == Intent::Capture => Err(Refusal::issue("ORDER_ALREADY_CAPTURED")),
        Status::Completed => Err(Refusal::issue("ORDER_ALREADY_AUTHORIZED")),
        Status::Created | Status::PayerActionRequired => Err(Refusal::issue("ORDER_NOT_APPROVED")),
    }
}

fn capture(call: &mut Call<'_>) -> Result<Done, Refusal> {
    check_ready(call, Intent::Capture)?;
    let now = call.desk.now();
    let order = call.merchant.orders.get_mut(call.id).ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID"))?;
    for unit in &mut order.units {
        let source = Source::Order(order.id.clone());
        let capture = Capture {
            custom_id: unit.custom_id.clone(),
            invoice_id: unit.invoice_id.clone(),
            ..Capture::new(call.desk, source, unit.amount.clone(), order.outcome)
        };
        call.desk.report(capture.made(&call.merchant.client_id));
        unit.captures.push(capture.id.clone());
        let id = capture.id.clone();
        call.merchant.captures.insert(&id, capture);
    }
    order.status = Status::Completed;
    order.updated_at = now;
    Ok(Done::Object {
        status: StatusCode::CREATED,
        object: Kept::Order(call.id.to_owned()),
        view: View::AsPreferred,
    })
}

fn authorize(call: &mut Call<'_>) -> Result<Done, Refusal> {
    check_ready(call, Intent::Authorize)?;
    let now = call.desk.now();
    let order = call.merchant.orders.get_mut(call.id).ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID"))?;
    for unit in &mut order.units {
        let authorization = Authorization {
            id: call.desk.random.base36(17),
            order_id: order.id.clone(),
            amount: unit.amount.clone(),
            captured: 0,
            status: authorizations::Status::Created,
            custom_id: unit.custom_id.clone(),
            invoice_id: unit.invoice_id.clone(),
            created_at: now,
            updated_at: now,
        };
        call.desk.report(authorization.change("orders.authorize", &call.merchant.client_id));
        unit.authorizations.push(authorization.id.clone());
        let id = authorization.id.clone();
        call.merchant.authorizations.insert(&id, authorization);
    }
    order.status = Status::Completed;
    order.updated_at = now;
    Ok(Done::Object {
        status: StatusCode::CREATED,
        object: Kept::Order(call.id.to_owned()),
        view: View::AsPreferred,
    })
}
