//! Orders, which are payment intents: one call each. `payment_method_types` is never sent: newer versions refuse it, and
//! the account's own settings decide. `return_url` belongs to a confirmation, which the payer's browser makes.

mod intent;

use domain::{
    CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Effect, GetOrder, OrderOperation, Outcome,
    Rejection, Reply, Request, Resource,
};

use self::intent::Intent;
use super::calls::given;
use super::errors::Subject;
use super::{NAME, amounts, calls, errors, metadata};
use crate::form::Form;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Plans what is asked for.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for metadata, `order_not_found` for what cannot be an id.
pub(super) fn plan(operation: &OrderOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        OrderOperation::Create(order) => {
            metadata::check(&order.metadata)?;
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

fn create(creation: &Creation, context: &Context<'_>) -> Request {
    let order = &creation.order;
    let customer = order.customer.as_ref();
    let capture_method = match order.capture {
        CaptureMode::Automatic => None,
        CaptureMode::Manual => Some("manual"),
    };
    let form = Form::new()
        .field("amount", &creation.units.to_string())
        .field("currency", &amounts::word(order.amount.currency()))
        .nested(&["automatic_payment_methods", "enabled"], "true")
        .optional("capture_method", capture_method)
        .optional("customer", given(customer.and_then(|customer| customer.id.as_deref())))
        .optional("description", given(order.description.as_deref()))
        .optional("receipt_email", given(customer.and_then(|customer| customer.email.as_deref())));
    let transaction = context.transaction.to_string();
    let gateway = [("transaction_id", Some(&*transaction)), ("reference", order.reference.as_deref())];
    let form = metadata::write(form, &gateway, &order.metadata);
    calls::write_form("/v1/payment_intents".to_owned(), context.provider_key, form)
}

fn get(order: &GetOrder, _: &Context<'_>) -> Request {
    // The charge tells what went back.
    let path = format!("/v1/payment_intents/{}?expand%5B%5D=latest_charge", order.provider_order_id);
    calls::read(path)
}

fn capture(capture: &Capture, context: &Context<'_>) -> Request {
    let path = format!("/v1/payment_intents/{}/capture", capture.order.provider_order_id);
    match capture.units {
        Some(units) => {
            let form = Form::new().field("amount_to_capture", &units.to_string());
            calls::write_form(path, context.provider_key, form)
        }
        None => calls::write(path, context.provider_key),
    }
}

fn cancel(order: &CancelOrder, context: &Context<'_>) -> Request {
    let path = format!("/v1/payment_intents/{}/cancel", order.provider_order_id);
    calls::write(path, context.provider_key)
}

fn read_write<O>(_: &O, context: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Write, context, reply)
}

fn read_read<O>(_: &O, context: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Read, context, reply)
}

fn read(effect: Effect, context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Subject::Order, effect, reply);
    }
    match json::read::<Intent>(reply).and_then(|intent| intent.tell(context)) {
        Some(order) => Outcome::Executed(Resource::Order(order)),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

#[cfg(test)]
mod tests;
