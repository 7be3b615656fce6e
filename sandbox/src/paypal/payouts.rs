//! PayPal payouts: make a batch, read it, read one item, cancel an unclaimed one. `sender_batch_id` is the only guard.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{exchange::Answer, routes::Route};

use super::{
    Call, Done, Handler,
    listing::{Page, Sizes},
    payout::{Item, ItemStatus},
    payout_refusal::PayoutRefusal,
    payout_request, payout_run,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payments/payouts", operation: "payouts.create", handler: create },
    Route { method: "GET", path: "/v1/payments/payouts/{id}", operation: "payouts.get", handler: get },
    Route {
        method: "GET",
        path: "/v1/payments/payouts-item/{id}",
        operation: "payouts.get_item",
        handler: get_item,
    },
    Route {
        method: "POST",
        path: "/v1/payments/payouts-item/{id}/cancel",
        operation: "payouts.cancel",
        handler: cancel_item,
    },
];

/// How many items a page of a batch has.
const SIZES: Sizes = Sizes { usual: 1000, most: 1000 };
/// A `sender_batch_id` is not taken again for 30 days.
const UNIQUE_SECONDS: i64 = 30 * 24 * 60 * 60;
/// The batch id that PayPal's own sandbox refuses to show.
const CLOSED_MARKET: &str = "ERRPYO015";

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let asked = payout_request::read_batch(call)?;
    let now = call.desk.now();
    if let Some(sender_batch_id) = &asked.sender_batch_id {
        let earlier = call.merchant.sender_batch_ids.get(sender_batch_id);
        let earlier = earlier.filter(|(_, at)| now.saturating_sub(*at) < UNIQUE_SECONDS);
        if let Some(batch) = earlier.and_then(|(id, _)| call.merchant.payouts.get(id)) {
            return Err(PayoutRefusal::duplicate(&batch.url(call.desk)).into());
        }
        call.merchant.sender_batch_ids.insert(sender_batch_id, (asked.batch.id.clone(), now));
    }
    for item in asked.items {
        let id = item.id.clone();
        call.merchant.payout_items.insert(&id, item);
    }
    call.desk.report(asked.batch.change("payouts.create", &call.merchant.client_id));
    let shown = asked.batch.created_json(call.desk);
    let id = asked.batch.id.clone();
    call.merchant.payouts.insert(&id, asked.batch);
    Ok(Done::Said(Answer::json(StatusCode::CREATED, &shown)))
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if call.id == CLOSED_MARKET
        && let Some(refusal) = PayoutRefusal::named("CLOSED_MARKET")
    {
        return Err(refusal.into());
    }
    payout_run::run(call.desk, call.merchant, call.id);
    let unknown = || PayoutRefusal::unknown("payout_batch_id", call.id);
    let batch = call.merchant.payouts.get(call.id).ok_or_else(unknown)?;
    let page = Page::read(call.incoming, SIZES)?;
    let items = batch.items_json(call.merchant, call.desk);
    let mut body = page.members(items.len(), call);
    body.insert("batch_header".to_owned(), batch.header_json());
    if batch.status.shows_items() {
        body.insert("items".to_owned(), json!(page.cut(items)));
    }
    Ok(Done::Said(Answer::json(StatusCode::OK, &Value::Object(body))))
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c Item, Refusal> {
    let unknown = || PayoutRefusal::unknown("payout_item_id", call.id);
    let batch_id = call.merchant.payout_items.get(call.id).ok_or_else(unknown)?.batch_id.clone();
    payout_run::run(call.desk, call.merchant, &batch_id);
    Ok(call.merchant.payout_items.get(call.id).ok_or_else(unknown)?)
}

fn get_item(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    shown_item(call)
}

fn shown_item(call: &Call<'_>) -> Result<Done, Refusal> {
    let unknown = || PayoutRefusal::unknown("payout_item_id", call.id);
    let item = call.merchant.payout_items.get(call.id).ok_or_else(unknown)?;
    let mut shown = item.to_json(call.desk);
    let batch = call.merchant.payouts.get(&item.batch_id);
    if let Some(sender_batch_id) = batch.and_then(|batch| batch.header.get("sender_batch_id")) {
        shown.insert("sender_batch_id".to_owned(), sender_batch_id.clone());
    }
    Ok(Done::Said(Answer::json(StatusCode::OK, &Value::Object(shown))))
}

/// Takes back what nobody has claimed.
fn cancel_item(call: &mut Call<'_>) -> Result<Done, Refusal> {
    match find(call)?.status {
        ItemStatus::Unclaimed => {}
        status => return Err(PayoutRefusal::status_of_item(status == ItemStatus::Returned).into()),
    }
    payout_run::turn(call.desk, call.merchant, call.id, (ItemStatus::Returned, "payouts.cancel"));
    shown_item(call)
}
