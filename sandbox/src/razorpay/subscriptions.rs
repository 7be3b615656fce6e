//! Razorpay subscriptions: create, get, list, cancel, pause and resume.

use serde_json::{Map, Value};

use crate::routes::Route;

use super::{
    Call, Handler, currencies,
    fields::{self, Fields},
    lists::{ListQuery, collection},
    refusal::Refusal,
    subscription::{Status, Step, Subscription},
    subscription_life::{report, settle, take},
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/subscriptions", operation: "subscriptions.create", handler: create },
    Route { method: "GET", path: "/v1/subscriptions", operation: "subscriptions.list", handler: list },
    Route { method: "GET", path: "/v1/subscriptions/{id}", operation: "subscriptions.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/subscriptions/{id}/cancel",
        operation: "subscriptions.cancel",
        handler: cancel,
    },
    Route {
        method: "POST",
        path: "/v1/subscriptions/{id}/pause",
        operation: "subscriptions.pause",
        handler: pause,
    },
    Route {
        method: "POST",
        path: "/v1/subscriptions/{id}/resume",
        operation: "subscriptions.resume",
        handler: resume,
    },
];

/// What create takes.
const FIELDS: [&str; 10] = [
    "plan_id",
    "total_count",
    "quantity",
    "start_at",
    "expire_by",
    "customer_notify",
    "addons",
    "offer_id",
    "notes",
    "notify_info",
];
/// The latest time that Razorpay takes, in Unix seconds: the year 2121.
const LATEST_TIME: i64 = 4_765_046_400;

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object(&call.incoming.body)?;
    let subscription = read_subscription(call, &body)?;
    let id = subscription.id.clone();
    let answer = subscription.to_json(call.desk);
    call.merchant.subscriptions.insert(&id, subscription);
    report(call.desk, call.merchant, &id, "subscriptions.create");
    Ok(answer)
}

fn read_subscription(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<Subscription, Refusal> {
    let fields = Fields::of(body, "", &FIELDS)?;
    let plan_id = fields.required_text("plan_id")?;
    fields::check_id(plan_id, "plan_")?;
    let total_count = fields.required_integer("total_count")?;
    let plan = call.merchant.plans.get(plan_id).cloned().ok_or_else(Refusal::unknown_id)?;
    let most = plan.most_cycles();
    if total_count < 1 {
        return Err(fields.wrong("total_count", "must be at least 1."));
    }
    if total_count > most {
        let message =
            format!("Exceeds the maximum total count ({most}) allowed for the given period and interval.");
        return Err(Refusal::field("total_count", message));
    }
    let quantity = fields.integer("quantity")?.unwrap_or(1);
    if quantity < 1 {
        return Err(fields.wrong("quantity", "must be at least 1."));
    }
    currencies::check_amount(plan.amount.saturating_mul(quantity), &plan.currency)?;
    let now = call.desk.now();
    let start_at = read_time(&fields, "start_at", now)?.unwrap_or(now);
    if let Some(info) = fields.object("notify_info")? {
        let info = Fields::of(info, "notify_info.", &["notify_phone", "notify_email"])?;
        info.text("notify_phone", 16)?;
        info.text("notify_email", 255)?;
    }
    if let Some(offer) = fields.text("offer_id", 64)? {
        fields::check_id(offer, "offer_")?;
    }
    Ok(Subscription {
        id: format!("sub_{}", call.desk.random.base62(14)),
        status: Status::Created,
        quantity,
        total_count,
        paid_count: 0,
        upfront: read_addons(&fields, &plan.currency)?,
        notes: fields.notes()?,
        customer_notify: fields.switch("customer_notify")?.unwrap_or(true),
        offer_id: fields.text("offer_id", 64)?.map(str::to_owned),
        customer_id: None,
        auth_attempts: 0,
        created_at: now,
        start_at,
        end_at: plan.after(start_at, total_count),
        expire_by: read_time(&fields, "expire_by", now)?,
        current: None,
        next_start: start_at,
        cancel_at: None,
        ended_at: None,
        plan,
    })
}

fn read_time(fields: &Fields<'_>, name: &str, now: i64) -> Result<Option<i64>, Refusal> {
    match fields.integer(name)? {
        Some(time) if time < now => {
            Err(Refusal::field(name, format!("{name} cannot be lesser than the current time.")))
        }
        Some(time) if time > LATEST_TIME => {
            Err(Refusal::field(name, format!("{name} must be between 946684800 and {LATEST_TIME}")))
        }
        time => Ok(time),
    }
}

/// Returns what the addons cost together.
fn read_addons(fields: &Fields<'_>, currency: &str) -> Result<i64, Refusal> {
    let mut sum = 0_i64;
    for addon in fields.list("addons")? {
        let addon = addon.as_object().ok_or_else(|| fields.wrong("addons", "must be an array."))?;
        let addon = Fields::of(addon, "addons.", &["item"])?;
        let item =
            Fields::of(addon.required_object("item")?, "addons.item.", &["name", "amount", "currency"])?;
        item.required_text("name")?;
        let amount = item.required_integer("amount")?;
        let given = item.required_text("currency")?;
        currencies::check_amount(amount, given)?;
        if given != currency {
            return Err(item.wrong("currency", "must be the plan's."));
        }
        sum = sum.saturating_add(amount);
    }
    Ok(sum)
}

/// Returns the subscription that the path names, brought up to date.
fn find<'m>(call: &'m mut Call<'_>) -> Result<&'m mut Subscription, Refusal> {
    fields::check_id(call.id, "sub_")?;
    settle(call.desk, call.merchant, call.id);
    call.merchant.subscriptions.get_mut(call.id).ok_or_else(Refusal::unknown_id)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    find(call)?;
    show(call)
}

fn show(call: &Call<'_>) -> Result<Value, Refusal> {
    let subscription = call.merchant.subscriptions.get(call.id).ok_or_else(Refusal::unknown_id)?;
    Ok(subscription.to_json(call.desk))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &["plan_id"])?;
    for id in call.merchant.subscriptions.ids() {
        settle(call.desk, call.merchant, &id);
    }
    let fitting =
        call.merchant.subscriptions.newest().filter(|it| query.admits("plan_id", Some(&it.plan.id)));
    let items: Vec<Value> =
        query.page(fitting, |it| it.created_at).into_iter().map(|it| it.to_json(call.desk)).collect();
    Ok(collection(&items))
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object_or_none(&call.incoming.body)?;
    let fields = Fields::of(&body, "", &["cancel_at_cycle_end"])?;
    let at_cycle_end = fields.switch("cancel_at_cycle_end")?.unwrap_or(false);
    let subscription = find(call)?;
    let status = subscription.status;
    if !Step::Cancel.is_possible_from(status) {
        let message = format!("Subscription is not cancellable in {} status.", status.name());
        return Err(Refusal::state(message));
    }
    if !at_cycle_end {
        take(call.desk, call.merchant, call.id, Step::Cancel);
        return show(call);
    }
    let Some((_, end)) = subscription.current.filter(|_| status == Status::Active) else {
        return Err(Refusal::state("Subscription cannot be cancelled since no billing cycle is going on"));
    };
    subscription.cancel_at = Some(end);
    report(call.desk, call.merchant, call.id, Step::Cancel.operation());
    show(call)
}

fn pause(call: &mut Call<'_>) -> Result<Value, Refusal> {
    change(call, "pause_at", (Step::Pause, "pausable"))
}

fn resume(call: &mut Call<'_>) -> Result<Value, Refusal> {
    change(call, "resume_at", (Step::Resume, "resumable"))
}

fn change(call: &mut Call<'_>, field: &str, (step, word): (Step, &str)) -> Result<Value, Refusal> {
    let body = fields::object_or_none(&call.incoming.body)?;
    Fields::of(&body, "", &[field])?.choice(field, &["now"])?;
    let status = find(call)?.status;
    if !step.is_possible_from(status) {
        let message = format!("Subscription is not {word} in {} status.", status.name());
        return Err(Refusal::state(message));
    }
    take(call.desk, call.merchant, call.id, step);
    show(call)
}
