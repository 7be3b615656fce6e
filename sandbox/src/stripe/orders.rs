//! Stripe orders, which are `PaymentIntent`s: create, get, update, list, and the table of all their routes.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::routes::Route;

use super::{
    Call, Handler, bank, currencies,
    intent::{self, Intent, Status},
    order_steps::{self, cancel, capture, confirm},
    parameters::{Kind, Parameter, Parameters},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payment_intents", operation: "orders.create", handler: create },
    Route { method: "GET", path: "/v1/payment_intents", operation: "orders.list", handler: list },
    Route { method: "GET", path: "/v1/payment_intents/{id}", operation: "orders.get", handler: get },
    Route { method: "POST", path: "/v1/payment_intents/{id}", operation: "orders.update", handler: update },
    Route {
        method: "POST",
        path: "/v1/payment_intents/{id}/confirm",
        operation: "orders.confirm",
        handler: confirm,
    },
    Route {
        method: "POST",
        path: "/v1/payment_intents/{id}/capture",
        operation: "orders.capture",
        handler: capture,
    },
    Route {
        method: "POST",
        path: "/v1/payment_intents/{id}/cancel",
        operation: "orders.cancel",
        handler: cancel,
    },
];

/// The words of `capture_method`.
pub(super) const CAPTURE_METHODS: Kind = Kind::Choice(&["automatic", "automatic_async", "manual"]);
/// The words of `setup_future_usage`.
pub(super) const FUTURE_USAGES: Kind = Kind::Choice(&["on_session", "off_session"]);

const AUTOMATIC: &[Parameter] =
    &[("enabled", Kind::Boolean), ("allow_redirects", Kind::Choice(&["always", "never"]))];

const CREATE: &[Parameter] = &[
    ("amount", Kind::Integer),
    ("currency", Kind::Text(3)),
    ("application_fee_amount", Kind::Integer),
    ("automatic_payment_methods", Kind::Hash(AUTOMATIC)),
    ("capture_method", CAPTURE_METHODS),
    ("confirm", Kind::Boolean),
    ("confirmation_method", Kind::Choice(&["automatic", "manual"])),
    ("customer", Kind::Text(5000)),
    ("description", Kind::Text(1000)),
    ("error_on_requires_action", Kind::Boolean),
    ("expand", Kind::List),
    ("mandate", Kind::Text(5000)),
    ("mandate_data", Kind::Open),
    ("metadata", Kind::Metadata),
    ("off_session", Kind::BooleanOr(&["one_off", "recurring"])),
    ("on_behalf_of", Kind::Text(5000)),
    ("payment_method", Kind::Text(5000)),
    ("payment_method_data", Kind::Open),
    ("payment_method_options", Kind::Open),
    ("payment_method_types", Kind::List),
    ("radar_options", Kind::Open),
    ("receipt_email", Kind::Text(800)),
    ("return_url", Kind::Text(5000)),
    ("setup_future_usage", FUTURE_USAGES),
    ("shipping", Kind::Open),
    ("statement_descriptor", Kind::Text(22)),
    ("statement_descriptor_suffix", Kind::Text(22)),
    ("transfer_data", Kind::Open),
    ("transfer_group", Kind::Text(5000)),
    ("use_stripe_sdk", Kind::Boolean),
];

const UPDATE: &[Parameter] = &[
    ("amount", Kind::Integer),
    ("application_fee_amount", Kind::Unsettable),
    ("capture_method", CAPTURE_METHODS),
    ("currency", Kind::Text(3)),
    ("customer", Kind::Text(5000)),
    ("description", Kind::Text(1000)),
    ("expand", Kind::List),
    ("metadata", Kind::Metadata),
    ("payment_method", Kind::Text(5000)),
    ("payment_method_data", Kind::Open),
    ("payment_method_options", Kind::Open),
    ("payment_method_types", Kind::List),
    ("receipt_email", Kind::Unsettable),
    ("setup_future_usage", Kind::Unsettable),
    ("shipping", Kind::Open),
    ("statement_descriptor", Kind::Text(22)),
    ("statement_descriptor_suffix", Kind::Text(22)),
    ("transfer_data", Kind::Open),
    ("transfer_group", Kind::Text(5000)),
];

const RANGE: &[Parameter] =
    &[("gt", Kind::Integer), ("gte", Kind::Integer), ("lt", Kind::Integer), ("lte", Kind::Integer)];

const LIST: &[Parameter] = &[
    ("created", Kind::IntegerOr(RANGE)),
    ("customer", Kind::Text(5000)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("starting_after", Kind::Text(5000)),
];

const GET: &[Parameter] = &[("client_secret", Kind::Text(5000)), ("expand", Kind::List)];

/// Members that come back as they were sent.
const DETAILS: [&str; 9] = [
    "description",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "setup_future_usage",
    "transfer_group",
    "on_behalf_of",
    "transfer_data",
];

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), CREATE)?;
    let amount = given.integer("amount").ok_or_else(|| Refusal::missing("amount"))?;
    let currency =
        currencies::check_currency(given.text("currency").ok_or_else(|| Refusal::missing("currency"))?)?;
    currencies::check_amount(amount, &currency, "amount")?;
    check_customer(&given)?;
    let (types, allow_redirects) = payment_method_choice(&given, call.version)?;
    order_steps::check_expand(&given, "")?;
    let id = format!("pi_3{}", call.desk.random.base62(23));
    let mut intent = Intent {
        id: id.clone(),
        amount,
        amount_capturable: 0,
        amount_received: 0,
        currency,
        status: Status::RequiresPaymentMethod,
        capture_method: given.text("capture_method").unwrap_or("automatic").to_owned(),
        confirmation_method: given.text("confirmation_method").unwrap_or("automatic").to_owned(),
        client_secret: format!("{id}_secret_{}", call.desk.random.base62(25)),
        created: call.desk.now(),
        is_live: call.account.is_live,
        metadata: Map::new(),
        allow_redirects,
        payment_method_types: types,
        payment_method: None,
        latest_charge: None,
        last_payment_error: Value::Null,
        next_action: Value::Null,
        return_url: None,
        canceled_at: None,
        cancellation_reason: None,
        due_at: None,
        details: Map::new(),
    };
    apply_details(&mut intent, &given);
    let is_confirmed = given.is_true("confirm");
    if is_confirmed {
        order_steps::check_return_url(&intent, &given)?;
    } else if given.has("return_url") {
        let message = "`return_url` can only be passed when `confirm=true`";
        return Err(Refusal::parameter(None, "return_url", message));
    }
    if let Some(method) = order_steps::chosen_method(call.desk, call.account, &given)? {
        intent.payment_method = Some(method.id);
        intent.status = Status::RequiresConfirmation;
    }
    call.account.intents.insert(&id, intent);
    bank::report(call.desk, call.account, &id, "orders.create");
    if is_confirmed {
        return order_steps::confirm_with(call.desk, call.account, &id, &given);
    }
    order_steps::shown(call.account, &id, &given)
}

fn check_customer(given: &Parameters) -> Result<(), Refusal> {
    // Customers are not simulated yet, so that every id is an unknown one.
    match given.text("customer") {
        Some(id) => Err(Refusal::no_such(StatusCode::BAD_REQUEST, "customer", id, "customer")),
        None => Ok(()),
    }
}

/// Returns the types, and whether redirects are allowed where types are chosen automatically.
fn payment_method_choice(
    given: &Parameters,
    version: &str,
) -> Result<(Vec<String>, Option<String>), Refusal> {
    if given.has("payment_method_types") {
        if version >= "2026-09-30" {
            let code = Some("payment_method_types_no_longer_supported");
            let message = "The parameter payment_method_types is no longer supported; leave it out.";
            return Err(Refusal::parameter(code, "payment_method_types", message));
        }
        if given.nested_text("automatic_payment_methods", "enabled") == Some("true") {
            let message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.";
            return Err(Refusal::parameter(None, "payment_method_types", message));
        }
        return Ok((given.texts("payment_method_types").into_iter().map(str::to_owned).collect(), None));
    }
    let types = vec!["card".to_owned()];
    let is_automatic = match given.nested_text("automatic_payment_methods", "enabled") {
        Some(enabled) => enabled == "true",
        None if given.has("automatic_payment_methods") => {
            return Err(Refusal::missing("automatic_payment_methods[enabled]"));
        }
        None => version >= "2023-08-16",
    };
    let allow = given.nested_text("automatic_payment_methods", "allow_redirects").unwrap_or("always");
    Ok((types, is_automatic.then(|| allow.to_owned())))
}

/// Takes over the members that come back as they were sent.
pub(super) fn apply_details(intent: &mut Intent, given: &Parameters) {
    given.apply_metadata(&mut intent.metadata);
    for name in DETAILS {
        match given.value(name) {
            Some(Value::String(text)) if text.is_empty() => drop(intent.details.remove(name)),
            Some(value) => drop(intent.details.insert(name.to_owned(), value.clone())),
            None => {}
        }
    }
    if let Some(Value::Object(transfer)) = intent.details.get_mut("transfer_data")
        && let Some(amount) =
            transfer.get("amount").and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok())
    {
        transfer.insert("amount".to_owned(), json!(amount));
    }
    if let Some(fee) = given.integer("application_fee_amount") {
        intent.details.insert("application_fee_amount".to_owned(), json!(fee));
    }
}

/// Returns the intent of the path after letting happen what is due.
pub(super) fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Intent, Refusal> {
    bank::settle(call.desk, call.account, call.id);
    let missing = || Refusal::no_such(StatusCode::NOT_FOUND, "payment_intent", call.id, "intent");
    call.account.intents.get_mut(call.id).ok_or_else(missing)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), GET)?;
    find(call)?;
    order_steps::check_expand(&given, "")?;
    order_steps::shown(call.account, call.id, &given)
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), UPDATE)?;
    check_customer(&given)?;
    order_steps::check_expand(&given, "")?;
    let method = order_steps::chosen_method(call.desk, call.account, &given)?;
    let intent = find(call)?;
    let frozen = ["amount", "currency", "payment_method", "payment_method_data", "capture_method"];
    if !intent::OPEN.contains(&intent.status)
        && let Some(name) = frozen.into_iter().find(|name| given.has(name))
    {
        let message = format!(
            "This PaymentIntent's {name} could not be updated because it has a status of {}. You may only update the {name} of a PaymentIntent with one of the following statuses: {}.",
            intent.status.name(),
            intent::names(&intent::OPEN)
        );
        return Err(Refusal::unexpected_state(message, intent.to_json(None, None)));
    }
    let currency = given.text("currency").map(currencies::check_currency).transpose()?;
    let currency = currency.unwrap_or_else(|| intent.currency.clone());
    let amount = given.integer("amount").unwrap_or(intent.amount);
    currencies::check_amount(amount, &currency, "amount")?;
    intent.amount = amount;
    intent.currency = currency;
    if let Some(capture) = given.text("capture_method") {
        capture.clone_into(&mut intent.capture_method);
    }
    if let Some(method) = method {
        intent.payment_method = Some(method.id);
        intent.status = Status::RequiresConfirmation;
    }
    apply_details(intent, &given);
    bank::report(call.desk, call.account, call.id, "orders.update");
    order_steps::shown(call.account, call.id, &given)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), LIST)?;
    order_steps::check_expand(&given, "data.")?;
    let limit = given.integer("limit").unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let message = "Invalid integer: limit must be between 1 and 100";
        return Err(Refusal::parameter(Some("parameter_invalid_integer"), "limit", message));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let mut fitting: Vec<&Intent> = call
        .account
        .intents
        .newest()
        .filter(|intent| is_in_range(intent.created, &given))
        // No intent has a customer as long as customers are not simulated.
        .filter(|_| given.text("customer").is_none())
        .collect();
    if let Some(after) = given.text("starting_after") {
        let position = position_of(&fitting, after, "starting_after")?;
        fitting.drain(..=position);
    }
    let mut has_more = fitting.len() > limit;
    if let Some(before) = given.text("ending_before") {
        fitting.truncate(position_of(&fitting, before, "ending_before")?);
        has_more = fitting.len() > limit;
        fitting.drain(..fitting.len().saturating_sub(limit));
    }
    fitting.truncate(limit);
    let data: Vec<Value> = fitting
        .into_iter()
        .map(|intent| order_steps::expanded(call.account, intent, &given, "data."))
        .collect();
    Ok(json!({"object": "list", "data": data, "has_more": has_more, "url": "/v1/payment_intents"}))
}

fn position_of(intents: &[&Intent], id: &str, param: &str) -> Result<usize, Refusal> {
    intents
        .iter()
        .position(|intent| intent.id == id)
        .ok_or_else(|| Refusal::no_such(StatusCode::BAD_REQUEST, "payment_intent", id, param))
}

fn is_in_range(created: i64, given: &Parameters) -> bool {
    if let Some(exact) = given.integer("created") {
        return created == exact;
    }
    let bound = |name: &str| given.nested_text("created", name).and_then(|text| text.parse::<i64>().ok());
    bound("gt").is_none_or(|least| created > least)
        && bound("gte").is_none_or(|least| created >= least)
        && bound("lt").is_none_or(|most| created < most)
        && bound("lte").is_none_or(|most| created <= most)
}
