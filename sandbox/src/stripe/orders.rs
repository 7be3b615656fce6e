//! Stripe orders, which are `PaymentIntent`s: create, get, update, list, and the table of all their routes.

use http::StatusCode;
use serde_json::{Value, json};

use crate::routes::Route;

use super::{
    Call, Handler, bank, currencies, customers, expansion,
    intent::{self, Intent, Status},
    order_steps::{self, EXPANDABLE, cancel, capture, confirm},
    pages,
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

const LIST: &[Parameter] = &[
    ("created", Kind::IntegerOr(pages::RANGE)),
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
    customers::check(call.account, &given)?;
    let (types, allow_redirects) = payment_method_choice(&given, call.version)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let mut intent = Intent::new(call.desk, call.account.is_live, (amount, currency));
    given.text("capture_method").unwrap_or("automatic").clone_into(&mut intent.capture_method);
    given.text("confirmation_method").unwrap_or("automatic").clone_into(&mut intent.confirmation_method);
    intent.payment_method_types = types;
    intent.allow_redirects = allow_redirects;
    intent.customer = given.text("customer").map(str::to_owned);
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
    let id = intent.id.clone();
    call.account.intents.insert(&id, intent);
    bank::report(call.desk, call.account, &id, "orders.create");
    if is_confirmed {
        return order_steps::confirm_with(call.desk, call.account, &id, &given);
    }
    order_steps::shown(call.account, &id, &given)
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
    expansion::check(&given, EXPANDABLE, "")?;
    order_steps::shown(call.account, call.id, &given)
}

fn update(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), UPDATE)?;
    customers::check(call.account, &given)?;
    expansion::check(&given, EXPANDABLE, "")?;
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
        return Err(Refusal::unexpected_state(message, intent.to_json()));
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
    if let Some(customer) = given.text("customer") {
        intent.customer = Some(customer.to_owned());
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
    expansion::check(&given, EXPANDABLE, "data.")?;
    let intents = call.account.intents.newest();
    let fitting = intents
        .filter(|intent| pages::is_in_range(intent.created, &given, "created"))
        .filter(|intent| pages::fits(intent.customer.as_deref(), &given, "customer"));
    let page = pages::page(&given, "payment_intent", fitting, |intent| &intent.id)?;
    let data = page.items.into_iter().map(Intent::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/payment_intents", (data, page.has_more)))
}
