//! Stripe subscriptions: create, get, update, cancel, resume and list.

use serde_json::{Value, json};

use crate::routes::Route;

use super::{
    Call, Handler, bank, billing, cycle, expansion,
    intent::Status,
    pages,
    parameters::{Kind, Parameter, Parameters},
    refusal::Refusal,
    subscription::{Subscription, SubscriptionStatus},
    subscription_request::{
        self, BEHAVIORS, CANCELLATION, CREATE, PAYMENT_SETTINGS, PRORATIONS, TRIAL_SETTINGS,
    },
    versions,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/subscriptions", operation: "subscriptions.create", handler: create },
    Route { method: "GET", path: "/v1/subscriptions", operation: "subscriptions.list", handler: list },
    Route { method: "GET", path: "/v1/subscriptions/{id}", operation: "subscriptions.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/subscriptions/{id}",
        operation: "subscriptions.update",
        handler: update,
    },
    Route {
        method: "DELETE",
        path: "/v1/subscriptions/{id}",
        operation: "subscriptions.cancel",
        handler: cancel,
    },
    Route {
        method: "POST",
        path: "/v1/subscriptions/{id}/resume",
        operation: "subscriptions.resume",
        handler: resume,
    },
];

const UPDATE: &[Parameter] = &[
    ("add_invoice_items", Kind::NotSimulated),
    ("application_fee_percent", Kind::NotSimulated),
    ("automatic_tax", Kind::NotSimulated),
    ("billing_cycle_anchor", Kind::NotSimulated),
    ("billing_thresholds", Kind::NotSimulated),
    ("cancel_at", Kind::Unsettable),
    ("cancel_at_period_end", Kind::Boolean),
    ("cancellation_details", Kind::Hash(CANCELLATION)),
    ("collection_method", Kind::NotSimulated),
    ("coupon", Kind::NotSimulated),
    ("days_until_due", Kind::NotSimulated),
    ("default_payment_method", Kind::Text(5000)),
    ("default_source", Kind::NotSimulated),
    ("default_tax_rates", Kind::NotSimulated),
    ("description", Kind::Unsettable),
    ("discounts", Kind::NotSimulated),
    ("expand", Kind::List),
    ("items", Kind::NotSimulated),
    ("metadata", Kind::Metadata),
    ("off_session", Kind::Boolean),
    ("on_behalf_of", Kind::NotSimulated),
    ("pause_collection", Kind::NotSimulated),
    ("payment_behavior", BEHAVIORS),
    ("payment_settings", Kind::Hash(PAYMENT_SETTINGS)),
    ("pending_invoice_item_interval", Kind::NotSimulated),
    ("promotion_code", Kind::NotSimulated),
    ("proration_behavior", PRORATIONS),
    ("proration_date", Kind::NotSimulated),
    ("transfer_data", Kind::NotSimulated),
    ("trial_end", Kind::NotSimulated),
    ("trial_from_plan", Kind::NotSimulated),
    ("trial_settings", Kind::Hash(TRIAL_SETTINGS)),
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const CANCEL: &[Parameter] = &[
    ("cancellation_details", Kind::Hash(CANCELLATION)),
    ("expand", Kind::List),
    ("invoice_now", Kind::Boolean),
    ("prorate", Kind::Choice(&["false"])),
];

const RESUME: &[Parameter] = &[
    ("billing_cycle_anchor", Kind::Choice(&["now", "unchanged"])),
    ("expand", Kind::List),
    ("proration_behavior", PRORATIONS),
    ("proration_date", Kind::NotSimulated),
];

const LIST: &[Parameter] = &[
    ("automatic_tax", Kind::NotSimulated),
    ("collection_method", Kind::Choice(&["charge_automatically", "send_invoice"])),
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("current_period_end", Kind::IntegerOr(pages::RANGE)),
    ("current_period_start", Kind::IntegerOr(pages::RANGE)),
    ("customer", Kind::Text(5000)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("price", Kind::Text(5000)),
    ("starting_after", Kind::Text(5000)),
    (
        "status",
        Kind::Choice(&[
            "active",
            "all",
            "canceled",
            "ended",
            "incomplete",
            "incomplete_expired",
            "past_due",
            "paused",
            "trialing",
            "unpaid",
        ]),
    ),
    ("test_clock", Kind::NotSimulated),
];

/// What `expand[]` can name before basil.
const EXPANDABLE: &[&str] = &[
    "customer",
    "default_payment_method",
    "default_source",
    "items.data.price.product",
    "latest_invoice",
    "latest_invoice.charge",
    "latest_invoice.customer",
    "latest_invoice.payment_intent",
    "latest_invoice.payment_intent.latest_charge",
    "latest_invoice.payment_intent.payment_method",
    "pending_setup_intent",
    "schedule",
];
/// What `expand[]` can name from basil on.
const EXPANDABLE_SINCE_BASIL: &[&str] = &[
    "customer",
    "default_payment_method",
    "default_source",
    "items.data.price.product",
    "latest_invoice",
    "latest_invoice.confirmation_secret",
    "latest_invoice.customer",
    "latest_invoice.payments",
    "latest_invoice.payments.data.payment.payment_intent",
    "pending_setup_intent",
    "schedule",
];

fn expandable(version: &str) -> &'static [&'static str] {
    if versions::is_basil(version) { EXPANDABLE_SINCE_BASIL } else { EXPANDABLE }
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CREATE)?;
    expansion::check(&given, expandable(call.version), "")?;
    let subscription = subscription_request::read(call, &given)?;
    let id = subscription.id.clone();
    call.account.subscriptions.insert(&id, subscription);
    begin(call, &id, given.text("payment_behavior").unwrap_or("allow_incomplete"))?;
    billing::report(call.desk, call.account, &id, "subscriptions.create");
    Ok(call.shown(&id, &given))
}

/// Makes the first invoice, and collects it as the payment behaviour says.
fn begin(call: &mut Call<'_>, id: &str, behavior: &str) -> Result<(), Refusal> {
    let now = call.desk.now();
    let unknown = || Refusal::state(None, format!("The subscription {id} could not be begun."));
    let subscription = call.account.subscriptions.get_mut(id).ok_or_else(unknown)?;
    let is_due_now = subscription.trial.is_none()
        && subscription.days_until_due.is_none()
        && subscription.total() != Some(0);
    if !is_due_now && subscription.trial.is_none() {
        subscription.status = SubscriptionStatus::Active;
    }
    billing::invoice(call.desk, call.account, id, (now, "subscription_create"));
    let subscription = call.account.subscriptions.get(id).ok_or_else(unknown)?;
    let method = billing::method_of(call.account, subscription).filter(|_| is_due_now);
    let open = billing::open_invoice(call.account, subscription);
    let (Some(method), Some((invoice_id, intent_id))) = (method, open) else { return Ok(()) };
    if behavior == "default_incomplete" {
        if let Some(intent) = call.account.intents.get_mut(&intent_id) {
            intent.payment_method = Some(method.id);
            intent.status = Status::RequiresConfirmation;
        }
        return Ok(());
    }
    let manner = bank::Manner { is_off_session: false, uses_sdk: false };
    bank::attempt(call.desk, call.account, &intent_id, &method, manner);
    billing::follow(call.desk, call.account, &intent_id);
    let is_incomplete = call
        .account
        .subscriptions
        .get(id)
        .is_some_and(|subscription| subscription.status == SubscriptionStatus::Incomplete);
    if !is_incomplete || behavior != "error_if_incomplete" {
        return Ok(());
    }
    call.account.subscriptions.remove(id);
    billing::void(call.account, &invoice_id, now);
    let intent = call.account.intents.get(&intent_id).ok_or_else(unknown)?;
    let asks = json!({
        "code": "subscription_payment_intent_requires_action",
        "message": "Payment for this subscription requires additional user action before it can be completed successfully.",
    });
    let error = if intent.last_payment_error.is_null() { &asks } else { &intent.last_payment_error };
    Err(Refusal::declined(error, intent.to_json()))
}

/// Returns the subscription of the path after letting happen what is due.
fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Subscription, Refusal> {
    cycle::settle(call.desk, call.account, call.id);
    let missing = call.missing("subscription");
    call.account.subscriptions.get_mut(call.id).ok_or(missing)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(GET)?;
    expansion::check(&given, expandable(call.version), "")?;
    find(call)?;
    Ok(call.shown(call.id, &given))
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(UPDATE)?;
    expansion::check(&given, expandable(call.version), "")?;
    let now = call.desk.now();
    let is_over = find(call)?.status.is_over();
    let touches_more = UPDATE
        .iter()
        .any(|(name, _)| given.has(name) && !["metadata", "cancellation_details", "expand"].contains(name));
    if is_over && touches_more {
        let message = "A canceled subscription can only update its cancellation_details and metadata.";
        return Err(Refusal::state(None, message));
    }
    let (cancel_at, at_period_end) = subscription_request::cancellation(&given, now)?;
    let method = subscription_request::default_method(call, &given)?;
    let subscription = find(call)?;
    if given.has("cancel_at") || given.has("cancel_at_period_end") {
        subscription.cancel_at = cancel_at;
        subscription.cancels_at_period_end = at_period_end;
        let is_leaving = cancel_at.is_some() || at_period_end;
        subscription.canceled_at = is_leaving.then_some(now);
        subscription.cancellation.reason = is_leaving.then_some("cancellation_requested");
    }
    if let Some(method) = method {
        subscription.default_payment_method = Some(method);
    }
    if given.has("description") {
        subscription.description = given.text("description").map(str::to_owned);
    }
    apply_cancellation(subscription, &given);
    subscription_request::apply_settings(subscription, &given);
    given.apply_metadata(&mut subscription.metadata);
    billing::report(call.desk, call.account, call.id, "subscriptions.update");
    Ok(call.shown(call.id, &given))
}

fn apply_cancellation(subscription: &mut Subscription, given: &Parameters) {
    let details = &mut subscription.cancellation;
    for (name, member) in [("comment", &mut details.comment), ("feedback", &mut details.feedback)] {
        if let Some(text) = given.nested_text("cancellation_details", name) {
            *member = Some(text.to_owned());
        }
    }
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(CANCEL)?;
    expansion::check(&given, expandable(call.version), "")?;
    let now = call.desk.now();
    let missing = call.missing("subscription");
    let subscription = find(call)?;
    if subscription.status.is_over() {
        return Err(missing);
    }
    apply_cancellation(subscription, &given);
    let unpaid = subscription.latest_invoice.clone();
    let was_incomplete = subscription.status == SubscriptionStatus::Incomplete;
    cycle::cancel(call.desk, call.account, call.id, now);
    if let Some(invoice) = unpaid.filter(|_| was_incomplete) {
        billing::void(call.account, &invoice, now);
    }
    Ok(call.shown(call.id, &given))
}

/// Begins a paused subscription anew; its invoice is collected at once.
fn resume(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(RESUME)?;
    expansion::check(&given, expandable(call.version), "")?;
    let now = call.desk.now();
    let subscription = find(call)?;
    if subscription.status != SubscriptionStatus::Paused {
        let message = format!(
            "This subscription could not be resumed because it has a status of {}. Only a subscription with the status paused may be resumed.",
            subscription.status.name()
        );
        return Err(Refusal::state(None, message));
    }
    subscription.status = SubscriptionStatus::Active;
    let keeps_cycle = given.text("billing_cycle_anchor") == Some("unchanged") && subscription.period.1 > now;
    if !keeps_cycle {
        subscription.anchor = now;
        subscription.cycle = -1;
        cycle::renew(call.desk, call.account, call.id, (now, billing::Collecting::AsSet));
    }
    billing::report(call.desk, call.account, call.id, "subscriptions.resume");
    Ok(call.shown(call.id, &given))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = call.read(LIST)?;
    expansion::check(&given, expandable(call.version), "data.")?;
    cycle::settle_all(call.desk, call.account);
    let has_status = |status: SubscriptionStatus| match given.text("status") {
        None => status != SubscriptionStatus::Canceled,
        Some("all") => true,
        Some("ended") => status.is_over(),
        Some(wanted) => status.name() == wanted,
    };
    let has_price = |subscription: &Subscription| {
        given.text("price").is_none_or(|price| subscription.items.iter().any(|item| item.price.id == price))
    };
    let collects = |subscription: &Subscription| {
        let is_sent = subscription.days_until_due.is_some();
        given.text("collection_method").is_none_or(|method| (method == "send_invoice") == is_sent)
    };
    let subscriptions = call.account.subscriptions.newest();
    let fitting = subscriptions
        .filter(|one| has_status(one.status) && has_price(one) && collects(one))
        .filter(|one| pages::is_in_range(one.created, &given, "created"))
        .filter(|one| pages::is_in_range(one.period.0, &given, "current_period_start"))
        .filter(|one| pages::is_in_range(one.period.1, &given, "current_period_end"))
        .filter(|one| pages::fits(Some(&one.customer), &given, "customer"));
    let page = pages::page(&given, "subscription", fitting, |one| &one.id)?;
    let data = page.items.into_iter().map(Subscription::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/subscriptions", (data, page.has_more)))
}
