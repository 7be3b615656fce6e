//! Orders, which are payment intents: one call each. `payment_method_types` is never sent: newer versions refuse it, and
//! the account's own settings decide. `return_url` belongs to a confirmation, which the payer's browser makes.

mod intent;

use domain::{
    CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Effect, GetOrder, OrderOperation, Outcome,
    Rejection, Reply, Request, Resource, RetrySafety,
};

use self::intent::Intent;
use super::{IDEMPOTENCY_KEY, NAME, amounts, errors, versioned};
use crate::form::{self, Form};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Most pairs of metadata on an object.
const MAX_PAIRS: usize = 50;

/// Plans what is asked for.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for metadata, `order_not_found` for what cannot be an id.
pub(super) fn plan(operation: &OrderOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        OrderOperation::Create(order) => {
            check_metadata(order)?;
            let units = amounts::count(order.amount)?;
            let operation = Creation { order: order.clone(), units };
            Ok(Box::new(SingleCall { operation, build: create, read: read_write }))
        }
        OrderOperation::Get(order) => {
            check_id(&order.provider_order_id)?;
            Ok(Box::new(SingleCall { operation: order.clone(), build: get, read: read_read }))
        }
        OrderOperation::Capture(order) => {
            check_id(&order.provider_order_id)?;
            let units = order.amount.map(amounts::count).transpose()?;
            let operation = Capture { order: order.clone(), units };
            Ok(Box::new(SingleCall { operation, build: capture, read: read_write }))
        }
        OrderOperation::Cancel(order) => {
            check_id(&order.provider_order_id)?;
            Ok(Box::new(SingleCall { operation: order.clone(), build: cancel, read: read_write }))
        }
    }
}

struct Creation {
    order: CreateOrder,
    units: i64,
}

struct Capture {
    order: CaptureOrder,
    /// Absent: all of it.
    units: Option<i64>,
}

fn check_id(id: &str) -> Result<(), Rejection> {
    if request::is_plain_id(id) { Ok(()) } else { Err(rejection::order_not_found(NAME)) }
}

fn check_metadata(order: &CreateOrder) -> Result<(), Rejection> {
    match order.metadata.pairs().find(|(key, _)| key.contains(['[', ']'])) {
        Some(_) => {
            let message = format!("{NAME} takes no square brackets in the keys of metadata.");
            Err(rejection::invalid_field("metadata", message))
        }
        None => Ok(()),
    }
}

fn create(creation: &Creation, context: &Context<'_>) -> Request {
    let order = &creation.order;
    let customer = order.customer.as_ref();
    let capture_method = match order.capture {
        CaptureMode::Automatic => None,
        CaptureMode::Manual => Some("manual"),
    };
    let form = Form::new()
        .field("amount", &creation.units.to_string())
        .field("currency", &order.amount.currency().code().to_ascii_lowercase())
        .nested(&["automatic_payment_methods", "enabled"], "true")
        .optional("capture_method", capture_method)
        .optional("customer", given(customer.and_then(|customer| customer.id.as_deref())))
        .optional("description", given(order.description.as_deref()))
        .optional("receipt_email", given(customer.and_then(|customer| customer.email.as_deref())));
    let form = with_metadata(form, order, &context.transaction.to_string());
    let request = keyed("/v1/payment_intents".to_owned(), context);
    request::with_body(request, form::CONTENT_TYPE, form.finish())
}

/// Adds what the gateway writes on an order, then what of the caller's own pairs still fits. The gateway keeps all of them.
fn with_metadata(form: Form, order: &CreateOrder, transaction: &str) -> Form {
    let mut pairs = vec![("transaction_id", transaction)];
    pairs.extend(given(order.reference.as_deref()).map(|reference| ("reference", reference)));
    for (key, value) in order.metadata.pairs() {
        let is_taken = pairs.iter().any(|(taken, _)| *taken == key);
        // An empty value would mean "unset", and there is nothing to unset.
        if !is_taken && !value.is_empty() && pairs.len() < MAX_PAIRS {
            pairs.push((key, value));
        }
    }
    pairs.into_iter().fold(form, |form, (key, value)| form.nested(&["metadata", key], value))
}

fn get(order: &GetOrder, _: &Context<'_>) -> Request {
    // The charge tells what went back.
    let path = format!("/v1/payment_intents/{}?expand%5B%5D=latest_charge", order.provider_order_id);
    versioned(request::get(path))
}

fn capture(capture: &Capture, context: &Context<'_>) -> Request {
    let request = keyed(format!("/v1/payment_intents/{}/capture", capture.order.provider_order_id), context);
    match capture.units {
        Some(units) => {
            let form = Form::new().field("amount_to_capture", &units.to_string());
            request::with_body(request, form::CONTENT_TYPE, form.finish())
        }
        None => request,
    }
}

fn cancel(order: &CancelOrder, context: &Context<'_>) -> Request {
    keyed(format!("/v1/payment_intents/{}/cancel", order.provider_order_id), context)
}

/// Returns a write that Stripe does once, however often it is sent.
fn keyed(path: String, context: &Context<'_>) -> Request {
    let mut request = versioned(request::post(path, RetrySafety::Keyed));
    request.headers.push((IDEMPOTENCY_KEY, context.provider_key.to_owned()));
    request
}

fn read_write<O>(_: &O, context: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Write, context, reply)
}

fn read_read<O>(_: &O, context: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Read, context, reply)
}

fn read(effect: Effect, context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(effect, reply);
    }
    match json::read::<Intent>(reply).and_then(|intent| intent.tell(context)) {
        Some(order) => Outcome::Executed(Resource::Order(order)),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns a text that says something: Stripe reads an empty one as "unset".
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
