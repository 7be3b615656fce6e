//! PayPal subscriptions: create, get, cancel, suspend, activate, and the list of their charges.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{exchange::Answer, routes::Route};

use super::{
    Call, Done, Handler, View, billing, fields,
    listing::Page,
    products,
    refusal::Refusal,
    repeats::Kept,
    subscription::{Status, Subscription},
    subscription_request,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route {
        method: "POST",
        path: "/v1/billing/subscriptions",
        operation: "subscriptions.create",
        handler: create,
    },
    Route {
        method: "GET",
        path: "/v1/billing/subscriptions/{id}",
        operation: "subscriptions.get",
        handler: get,
    },
    Route {
        method: "POST",
        path: "/v1/billing/subscriptions/{id}/cancel",
        operation: "subscriptions.cancel",
        handler: cancel,
    },
    Route {
        method: "POST",
        path: "/v1/billing/subscriptions/{id}/suspend",
        operation: "subscriptions.suspend",
        handler: suspend,
    },
    Route {
        method: "POST",
        path: "/v1/billing/subscriptions/{id}/activate",
        operation: "subscriptions.activate",
        handler: activate,
    },
    Route {
        method: "GET",
        path: "/v1/billing/subscriptions/{id}/transactions",
        operation: "subscriptions.transactions",
        handler: transactions,
    },
];

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let subscription = subscription_request::read_subscription(call)?;
    let id = subscription.id.clone();
    let price = subscription.price();
    call.desk.report(subscription.change("subscriptions.create", &call.merchant.client_id, &price));
    call.merchant.subscriptions.insert(&id, subscription);
    Ok(Done::Object { status: StatusCode::CREATED, object: Kept::Subscription(id), view: View::AsPreferred })
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c Subscription, Refusal> {
    billing::run(call.desk, call.merchant, call.id);
    let unknown = || Refusal::issue("INVALID_RESOURCE_ID").at_path("id", call.id);
    call.merchant.subscriptions.get(call.id).ok_or_else(unknown)
}

/// `fields=plan` shows the plan too, and `last_failed_payment` is shown when asked for.
fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let pairs = call.incoming.query_pairs();
    let asks = |wanted: &str| {
        pairs.iter().any(|(name, value)| name == "fields" && value.split(',').any(|field| field == wanted))
    };
    let subscription = find(call)?;
    let (plan_id, terms) = (subscription.plan_id.clone(), subscription.terms.clone());
    let mut shown =
        call.merchant.subscriptions.get(call.id).map(|it| it.to_json(call.desk)).unwrap_or_default();
    if asks("plan")
        && let Some(plan) = call.merchant.plans.get(&plan_id)
        && let Value::Object(shown) = &mut shown
    {
        shown.insert("plan".to_owned(), plan.with_terms(&terms, call.desk));
    }
    if !asks("last_failed_payment")
        && let Some(Value::Object(info)) = shown.get_mut("billing_info")
    {
        info.shift_remove("last_failed_payment");
    }
    Ok(Done::Said(Answer::json(StatusCode::OK, &shown)))
}

fn read_reason(body: &Value, is_required: bool) -> Result<Option<String>, Refusal> {
    let reason = fields::sized(body, "reason", "", 1..=128)?;
    if is_required && reason.is_none() {
        return Err(fields::missing("/reason"));
    }
    Ok(reason)
}

fn wrong_status(step: &str, needed: &str) -> Refusal {
    let text =
        format!("Invalid subscription status for {step} action; subscription status should be {needed}.");
    Refusal::issue("SUBSCRIPTION_STATUS_INVALID").saying(&text)
}

fn cancel(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let status = find(call)?.status;
    let reason = read_reason(&call.body, true)?;
    if !matches!(status, Status::Active | Status::Suspended) {
        return Err(wrong_status("cancel", "active or suspended"));
    }
    billing::turn(call.desk, call.merchant, call.id, (Status::Cancelled, "subscriptions.cancel"), reason);
    Ok(nothing())
}

fn suspend(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let status = find(call)?.status;
    let reason = read_reason(&call.body, true)?;
    if status != Status::Active {
        return Err(wrong_status("suspend", "active"));
    }
    billing::turn(call.desk, call.merchant, call.id, (Status::Suspended, "subscriptions.suspend"), reason);
    Ok(nothing())
}

fn activate(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let reason = read_reason(&call.body, false)?;
    let subscription = find(call)?;
    match subscription.status {
        // The payer agreed on a page that said Continue: the merchant finishes.
        Status::Approved => billing::activate(call.desk, call.merchant, call.id),
        Status::Suspended if subscription.is_over_threshold() => {
            return Err(Refusal::issue("SUBSCRIPTION_CANNOT_BE_ACTIVATED"));
        }
        Status::Suspended => billing::resume(call.desk, call.merchant, call.id, reason),
        _ => return Err(wrong_status("activate", "suspended")),
    }
    Ok(nothing())
}

fn nothing() -> Done {
    Done::Said(Answer::empty(StatusCode::NO_CONTENT))
}

fn transactions(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    let pairs = call.incoming.query_pairs();
    let bound = |name: &str| {
        let given = pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let given = given.ok_or_else(|| Refusal::issue("MISSING_REQUIRED_PARAMETER").at_query(name, ""))?;
        fields::moment(given).ok_or_else(|| Refusal::issue("INVALID_PARAMETER_SYNTAX").at_query(name, given))
    };
    let range = (bound("start_time")?, bound("end_time")?);
    let page = Page::read(call.incoming, products::SIZES)?;
    let found = call.merchant.subscriptions.get(call.id);
    let shown = found.map(|subscription| subscription.transactions(call.merchant, range)).unwrap_or_default();
    let mut body = page.members(shown.len(), call);
    body.insert("transactions".to_owned(), json!(page.cut(shown)));
    Ok(Done::Said(Answer::json(StatusCode::OK, &Value::Object(body))))
}
