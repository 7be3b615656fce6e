//! Reading the request that creates a PayPal subscription.

use serde_json::{Map, Value};

use super::{
    Call, fields,
    plans::{self, Plan},
    refusal::Refusal,
    subscription::{Account, Status, Subscription},
    terms::Terms,
    terms_request,
};

/// Where the payer comes back to.
struct Context {
    return_url: Option<String>,
    cancel_url: Option<String>,
    is_immediate: bool,
}

/// Returns the subscription that the request asks for.
pub(super) fn read_subscription(call: &mut Call<'_>) -> Result<Subscription, Refusal> {
    let body = &call.body;
    if body.is_null() {
        return Err(Refusal::issue("MISSING_REQUEST_BODY"));
    }
    let plan_id = fields::sized(body, "plan_id", "", 3..=50)?.ok_or_else(|| fields::missing("/plan_id"))?;
    let now = call.desk.now();
    let start_at = read_start(body, now)?;
    let custom_id = fields::sized(body, "custom_id", "", 1..=127)?;
    let subscriber = read_subscriber(body)?;
    let context = read_context(body)?;
    fields::without(body, "", &["shipping_amount"])?;
    let plan = call
        .merchant
        .plans
        .get(&plan_id)
        .ok_or_else(|| Refusal::issue("INVALID_RESOURCE_ID").at("/plan_id").with_value(&plan_id))?;
    if plan.status != plans::Status::Active {
        return Err(Refusal::issue("PLAN_STATUS_INVALID")
            .at("/plan_id")
            .saying("Invalid plan status for subscription creation; plan status should be active."));
    }
    let quantity = read_quantity(body, plan)?;
    let overridden = read_override(body, plan)?;
    Ok(Subscription {
        id: format!("I-{}", call.desk.random.base36(12)),
        plan_id,
        plan_name: plan.name.clone(),
        is_overridden: overridden.is_some(),
        terms: overridden.unwrap_or_else(|| plan.terms.clone()),
        quantity,
        custom_id,
        subscriber,
        token: format!("BA-{}", call.desk.random.base36(17)),
        return_url: context.return_url,
        cancel_url: context.cancel_url,
        is_immediate: context.is_immediate,
        status: Status::ApprovalPending,
        note: None,
        status_at: now,
        start_at: start_at.unwrap_or(now),
        account: Account { completed: vec![0; plan.terms.cycles.len()], ..Account::default() },
        created_at: now,
        updated_at: now,
    })
}

fn read_start(body: &Value, now: i64) -> Result<Option<i64>, Refusal> {
    let Some(given) = fields::sized(body, "start_time", "", 20..=64)? else { return Ok(None) };
    let refuse = |issue: &str| Refusal::issue(issue).at("/start_time").with_value(&given);
    let at = fields::moment(&given).ok_or_else(|| refuse("INVALID_PARAMETER_SYNTAX"))?;
    if at <= now {
        let text = "Start time must be a valid future date and time.";
        return Err(refuse("INVALID_PARAMETER_VALUE").saying(text));
    }
    Ok(Some(at))
}

fn read_subscriber(body: &Value) -> Result<Map<String, Value>, Refusal> {
    let mut subscriber = Map::new();
    let Some(given) = body.get("subscriber").filter(|given| given.is_object()) else { return Ok(subscriber) };
    fields::without(given, "/subscriber", &["payment_source"])?;
    if let Some(email) = fields::sized(given, "email_address", "/subscriber", 3..=254)? {
        let has_parts =
            email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
        if !has_parts {
            let refusal = Refusal::issue("INVALID_PARAMETER_SYNTAX").at("/subscriber/email_address");
            return Err(refusal.with_value(&email));
        }
        subscriber.insert("email_address".to_owned(), Value::String(email));
    }
    for name in ["name", "shipping_address", "phone"] {
        if let Some(value) = given.get(name).filter(|value| value.is_object()) {
            subscriber.insert(name.to_owned(), value.clone());
        }
    }
    Ok(subscriber)
}

fn read_context(body: &Value) -> Result<Context, Refusal> {
    let path = "/application_context";
    let Some(given) = body.get("application_context").filter(|given| given.is_object()) else {
        return Ok(Context { return_url: None, cancel_url: None, is_immediate: true });
    };
    let url = |name: &str| {
        fields::sized(given, name, path, 10..=4000)?.ok_or_else(|| fields::missing(format!("{path}/{name}")))
    };
    fields::sized(given, "brand_name", path, 1..=127)?;
    fields::word(
        given,
        "shipping_preference",
        path,
        &["GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS"],
    )?;
    let action = fields::word(given, "user_action", path, &["CONTINUE", "SUBSCRIBE_NOW"])?;
    Ok(Context {
        return_url: Some(url("return_url")?),
        cancel_url: Some(url("cancel_url")?),
        is_immediate: action != Some("CONTINUE"),
    })
}

fn read_quantity(body: &Value, plan: &Plan) -> Result<(String, i64), Refusal> {
    let Some(given) = fields::sized(body, "quantity", "", 1..=32)? else { return Ok(("1".to_owned(), 1)) };
    if !plan.has_quantity {
        return Err(Refusal::issue("SUBSCRIPTION_CANNOT_HAVE_QUANTITY").at("/quantity").with_value(&given));
    }
    // The pattern allows fractions; whole units are all that is simulated.
    match given.parse::<i64>() {
        Ok(units) if units > 0 => Ok((given, units)),
        _ => Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at("/quantity").with_value(&given)),
    }
}

fn read_override(body: &Value, plan: &Plan) -> Result<Option<Terms>, Refusal> {
    match body.get("plan").filter(|given| given.is_object()) {
        None => Ok(None),
        Some(given) => terms_request::override_terms(&plan.terms, given).map(Some),
    }
}
