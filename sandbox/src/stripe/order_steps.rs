//! The steps of a Stripe order after its creation: confirm, capture, cancel, and how an intent is shown.

use http::StatusCode;
use serde_json::Value;

use crate::desk::Desk;

use super::{
    Account, Call, bank, currencies, expansion,
    intent::{self, Intent, Status},
    orders::{self, CAPTURE_METHODS},
    parameters::{Kind, Parameter, Parameters},
    payment_methods::PaymentMethod,
    refusal::Refusal,
};

const CONFIRM: &[Parameter] = &[
    ("capture_method", CAPTURE_METHODS),
    ("client_secret", Kind::Text(5000)),
    ("error_on_requires_action", Kind::Boolean),
    ("expand", Kind::List),
    ("mandate", Kind::Text(5000)),
    ("mandate_data", Kind::Open),
    ("off_session", Kind::BooleanOr(&["one_off", "recurring"])),
    ("payment_method", Kind::Text(5000)),
    ("payment_method_data", Kind::Open),
    ("payment_method_options", Kind::Open),
    ("payment_method_types", Kind::List),
    ("radar_options", Kind::Open),
    ("receipt_email", Kind::Unsettable),
    ("return_url", Kind::Text(5000)),
    ("setup_future_usage", Kind::Unsettable),
    ("shipping", Kind::Open),
    ("use_stripe_sdk", Kind::Boolean),
];

const CAPTURE: &[Parameter] = &[
    ("amount_to_capture", Kind::Integer),
    ("application_fee_amount", Kind::Integer),
    ("expand", Kind::List),
    ("metadata", Kind::Metadata),
    ("statement_descriptor", Kind::Text(22)),
    ("statement_descriptor_suffix", Kind::Text(22)),
    ("transfer_data", Kind::Open),
];

const REASONS: [&str; 4] = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];

const CANCEL: &[Parameter] = &[("cancellation_reason", Kind::Choice(&REASONS)), ("expand", Kind::List)];

/// What `expand[]` can name on an intent.
pub(super) const EXPANDABLE: &[&str] = &[
    "latest_charge",
    "payment_method",
    "customer",
    "application",
    "invoice",
    "on_behalf_of",
    "review",
    "transfer_data.destination",
    "latest_charge.balance_transaction",
    "latest_charge.refunds",
    "source",
    "processing",
];

/// Answers `POST /v1/payment_intents/{id}/confirm`.
pub(super) fn confirm(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), CONFIRM)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let intent = orders::find(call)?;
    if !intent::OPEN.contains(&intent.status) {
        let message = match intent.status {
            Status::Succeeded => {
                "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.".to_owned()
            }
            status => format!(
                "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the following statuses may be confirmed: {}.",
                status.name(),
                intent::names(&intent::OPEN)
            ),
        };
        return Err(Refusal::unexpected_state(message, intent.to_json()));
    }
    check_return_url(intent, &given)?;
    let method = chosen_method(call.desk, call.account, &given)?;
    let intent = orders::find(call)?;
    if let Some(capture_method) = given.text("capture_method") {
        capture_method.clone_into(&mut intent.capture_method);
    }
    orders::apply_details(intent, &given);
    if let Some(method) = method {
        intent.payment_method = Some(method.id);
    }
    let intent_id = intent.id.clone();
    confirm_with(call.desk, call.account, &intent_id, &given)
}

/// Confirms an intent with the payment method it has.
pub(super) fn confirm_with(
    desk: &mut Desk,
    account: &mut Account,
    intent_id: &str,
    given: &Parameters,
) -> Result<Value, Refusal> {
    let unknown = || Refusal::no_such(StatusCode::NOT_FOUND, "payment_intent", intent_id, "intent");
    let intent = account.intents.get_mut(intent_id).ok_or_else(unknown)?;
    if let Some(return_url) = given.text("return_url") {
        intent.return_url = Some(return_url.to_owned());
    }
    let Some(method) = intent.payment_method.as_deref().and_then(|id| account.methods.get(id)).cloned()
    else {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.";
        return Err(Refusal::unexpected_state(message, intent.to_json()));
    };
    let off_session = given.text("off_session").is_some_and(|text| text != "false");
    let manner = bank::Manner {
        is_off_session: off_session || given.is_true("error_on_requires_action"),
        uses_sdk: given.is_true("use_stripe_sdk"),
    };
    let is_accepted = bank::attempt(desk, account, intent_id, &method, manner);
    bank::report(desk, account, intent_id, "orders.confirm");
    if is_accepted {
        return shown(account, intent_id, given);
    }
    let intent = account.intents.get(intent_id).ok_or_else(unknown)?;
    Err(Refusal::declined(&intent.last_payment_error, intent.to_json()))
}

/// Answers `POST /v1/payment_intents/{id}/capture`.
pub(super) fn capture(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), CAPTURE)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let intent = orders::find(call)?;
    if intent.status != Status::RequiresCapture {
        let message = format!(
            "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
            intent.status.name()
        );
        return Err(Refusal::unexpected_state(message, intent.to_json()));
    }
    let amount = given.integer("amount_to_capture").unwrap_or(intent.amount_capturable);
    if amount < 1 {
        let code = Some("parameter_invalid_integer");
        return Err(Refusal::parameter(
            code,
            "amount_to_capture",
            "This value must be greater than or equal to 1.",
        ));
    }
    if amount > intent.amount_capturable {
        let message = format!(
            "The provided capture amount {amount} is greater than the amount_capturable {}.",
            intent.amount_capturable
        );
        return Err(Refusal::parameter(Some("amount_too_large"), "amount_to_capture", message));
    }
    orders::apply_details(intent, &given);
    intent.status = Status::Succeeded;
    intent.amount_received = amount;
    intent.amount_capturable = 0;
    intent.due_at = None;
    let charge = intent.latest_charge.clone();
    if let Some(charge) = charge.and_then(|id| call.account.charges.get_mut(&id)) {
        charge.is_captured = true;
        charge.amount_captured = amount;
        let charge_id = charge.id.clone();
        bank::earn(call.desk, call.account, &charge_id);
    }
    bank::report(call.desk, call.account, call.id, "orders.capture");
    shown(call.account, call.id, &given)
}

/// Answers `POST /v1/payment_intents/{id}/cancel`.
pub(super) fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), CANCEL)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let now = call.desk.now();
    let intent = orders::find(call)?;
    if !intent::OPEN.contains(&intent.status) && intent.status != Status::RequiresCapture {
        let message = format!(
            "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.",
            intent.status.name()
        );
        return Err(Refusal::unexpected_state(message, intent.to_json()));
    }
    if let Some(invoice) = &intent.invoice {
        let message = format!(
            "You cannot cancel this PaymentIntent because it was created by the invoice {invoice}; cancel the subscription instead."
        );
        return Err(Refusal::unexpected_state(message, intent.to_json()));
    }
    let reason = given.text("cancellation_reason");
    intent.cancel(now, reason.and_then(|given| REASONS.into_iter().find(|reason| *reason == given)));
    bank::report(call.desk, call.account, call.id, "orders.cancel");
    shown(call.account, call.id, &given)
}

/// Refuses a confirmation that may need a redirect but has nowhere to come back to.
pub(super) fn check_return_url(intent: &Intent, given: &Parameters) -> Result<(), Refusal> {
    let may_redirect = intent.allow_redirects.as_deref() == Some("always");
    let is_off_session = given.text("off_session").is_some_and(|text| text != "false");
    if !may_redirect || is_off_session || given.has("return_url") || given.is_true("use_stripe_sdk") {
        return Ok(());
    }
    Err(Refusal::request(
        StatusCode::BAD_REQUEST,
        None,
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    ))
}

/// Returns the payment method that the request names, as an id, a test token or data.
pub(super) fn chosen_method(
    desk: &mut Desk,
    account: &mut Account,
    given: &Parameters,
) -> Result<Option<PaymentMethod>, Refusal> {
    if let Some(name) = given.text("payment_method") {
        return match known_or_new_method(desk, account, name) {
            Some(method) => Ok(Some(method)),
            None => Err(Refusal::no_such(StatusCode::BAD_REQUEST, "PaymentMethod", name, "payment_method")),
        };
    }
    if !given.has("payment_method_data") {
        return Ok(None);
    }
    let kind = given
        .nested_text("payment_method_data", "type")
        .ok_or_else(|| Refusal::missing("payment_method_data[type]"))?;
    let method = PaymentMethod::of_type(kind).ok_or_else(|| {
        let message = format!(
            "Invalid payment_method_data[type]: {kind} is not simulated; use card or us_bank_account"
        );
        Refusal::parameter(None, "payment_method_data[type]", message)
    })?;
    Ok(Some(keep_method(desk, account, method)))
}

/// Returns the payment method of this id or test token, made anew for a token.
pub(super) fn known_or_new_method(
    desk: &mut Desk,
    account: &mut Account,
    name: &str,
) -> Option<PaymentMethod> {
    if let Some(known) = account.methods.get(name) {
        return Some(known.clone());
    }
    let method = PaymentMethod::of_token(name)?;
    Some(keep_method(desk, account, method))
}

/// Gives a payment method its id and keeps it with the account.
fn keep_method(desk: &mut Desk, account: &mut Account, mut method: PaymentMethod) -> PaymentMethod {
    method.id = format!("pm_1{}", desk.random.base62(23));
    method.created = desk.now();
    method.is_live = account.is_live;
    let id = method.id.clone();
    account.methods.insert(&id, method.clone());
    method
}

/// Returns the intent as the request wants to see it.
pub(super) fn shown(account: &Account, intent_id: &str, given: &Parameters) -> Result<Value, Refusal> {
    let missing = || Refusal::no_such(StatusCode::NOT_FOUND, "payment_intent", intent_id, "intent");
    let mut shown = account.intents.get(intent_id).ok_or_else(missing)?.to_json();
    expansion::expand(account, &mut shown, given);
    Ok(shown)
}

/// Writes an amount in major units with its currency, as the payer's page does.
pub(super) fn major_amount(amount: i64, currency: &str) -> String {
    let amount = crate::payer::major(amount, currencies::decimals(currency));
    format!("{amount} {}", currency.to_uppercase())
}
