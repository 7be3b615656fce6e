//! Creating an order, which the payer then approves.

use domain::{CaptureMode, CreateOrder, Effect, Outcome, Rejection, Reply, Request, Resource, RetrySafety};
use serde::Serialize;

use super::order;
use super::order::Snapshot;
use super::wire::WireOrder;
use crate::paypal::amounts::Amount;
use crate::paypal::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, reply as replies};

/// Most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 127;

/// Plans an order.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`, `invalid_field` for an amount that is too large.
pub(super) fn plan(order: &CreateOrder) -> Result<Box<dyn Exchange>, Rejection> {
    let amount = Amount::of(order.amount)?;
    Ok(Box::new(SingleCall { operation: Creation { order: order.clone(), amount }, build, read }))
}

struct Creation {
    order: CreateOrder,
    amount: Amount,
}

#[derive(Serialize)]
struct Body<'a> {
    intent: &'static str,
    purchase_units: [PurchaseUnit<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_source: Option<PaymentSource<'a>>,
}

#[derive(Serialize)]
struct PurchaseUnit<'a> {
    amount: &'a Amount,
    /// Comes back on captures, refunds and events.
    custom_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize)]
struct PaymentSource<'a> {
    paypal: Wallet<'a>,
}

#[derive(Serialize)]
struct Wallet<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
    experience_context: ExperienceContext<'a>,
}

#[derive(Serialize)]
struct ExperienceContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    return_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_url: Option<&'a str>,
    user_action: &'static str,
    shipping_preference: &'static str,
}

fn build(creation: &Creation, context: &Context<'_>) -> Request {
    let order = &creation.order;
    let intent = match order.capture {
        CaptureMode::Automatic => "CAPTURE",
        CaptureMode::Manual => "AUTHORIZE",
    };
    let unit = PurchaseUnit {
        amount: &creation.amount,
        custom_id: context.transaction.to_string(),
        description: description(order),
    };
    let body = Body { intent, purchase_units: [unit], payment_source: payment_source(order) };
    calls::keyed(calls::post(order::PATH.to_owned(), RetrySafety::Keyed, &body), context.provider_key)
}

/// Where the payer's browser goes. Without an address PayPal is told no means of payment, and shows its own page at the end.
fn payment_source(order: &CreateOrder) -> Option<PaymentSource<'_>> {
    let return_url = order.return_url.as_deref();
    let cancel_url = order.cancel_url.as_deref();
    return_url.or(cancel_url)?;
    let email_address = order.customer.as_ref().and_then(|customer| customer.email.as_deref());
    let experience_context = ExperienceContext {
        return_url,
        cancel_url,
        user_action: "PAY_NOW",
        shipping_preference: "NO_SHIPPING",
    };
    Some(PaymentSource { paypal: Wallet { email_address, experience_context } })
}

fn description(order: &CreateOrder) -> Option<String> {
    let description = order.description.as_deref().filter(|text| !text.is_empty())?;
    Some(description.chars().take(MAX_DESCRIPTION_CHARS).collect())
}

/// 201 for the first time, 200 with the present state for a repeat of the key.
fn read(creation: &Creation, _: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Missing::Order, Effect::Write, reply);
    }
    let order = json::read::<WireOrder>(reply);
    match order.and_then(|order| Snapshot::of(order, Some(creation.order.amount))) {
        Some(snapshot) => Outcome::Executed(Resource::Order(snapshot.tell())),
        None => replies::says_nothing(NAME, Effect::Write, reply),
    }
}

#[cfg(test)]
mod tests;
