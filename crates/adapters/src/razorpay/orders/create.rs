//! Creating an order.

use bytes::Bytes;
use domain::{CaptureMode, CreateOrder, Effect, Outcome, Rejection, Reply, Request, Resource, RetrySafety};
use serde::{Serialize, Serializer};

use super::wire::{Snapshot, WireOrder};
use crate::razorpay::{NAME, amounts, errors};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, reply as replies, request};

/// Most notes on an order, and most characters of one (payment links say 255, orders 256: the smaller fits both).
const MAX_NOTES: usize = 15;
const MAX_NOTE_CHARS: usize = 255;

/// Plans an order.
///
/// # Errors
/// `unsupported_currency`, `amount_too_precise`.
pub(super) fn plan(order: &CreateOrder) -> Result<Box<dyn Exchange>, Rejection> {
    let units = amounts::count(order.amount)?;
    Ok(Box::new(SingleCall { operation: Creation { order: order.clone(), units }, build, read }))
}

struct Creation {
    order: CreateOrder,
    units: i64,
}

#[derive(Serialize)]
struct Body<'a> {
    amount: i64,
    currency: &'static str,
    receipt: &'a str,
    notes: Notes<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment>,
}

/// How the money is taken, sent for manual capture only: otherwise the account's own setting holds.
#[derive(Serialize)]
struct Payment {
    capture: &'static str,
    capture_options: CaptureOptions,
}

/// Of the options only this one is required. It is about payments that nobody captured in time (5 days unless set).
#[derive(Serialize)]
struct CaptureOptions {
    refund_speed: &'static str,
}

fn build(creation: &Creation, context: &Context<'_>) -> Request {
    let order = &creation.order;
    let transaction = context.transaction.to_string();
    let payment = match order.capture {
        CaptureMode::Automatic => None,
        CaptureMode::Manual => {
            Some(Payment { capture: "manual", capture_options: CaptureOptions { refund_speed: "normal" } })
        }
    };
    let body = Body {
        amount: creation.units,
        currency: order.amount.currency().code(),
        receipt: context.provider_key,
        notes: Notes::of(order, &transaction),
        payment,
    };
    let request = request::post("/v1/orders".to_owned(), RetrySafety::LookUpFirst);
    // Numbers, texts and lists of them: there is nothing in it that JSON cannot say.
    let bytes = serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default();
    request::with_body(request, json::CONTENT_TYPE, bytes)
}

fn read(_: &Creation, context: &Context<'_>, reply: &Reply) -> Outcome {
    // The receipt belongs to this operation alone: an earlier attempt arrived after all, and a look-up will find it.
    if errors::is_receipt_taken(reply) {
        return replies::says_nothing(NAME, Effect::Write, reply);
    }
    if !replies::is_success(reply) {
        return errors::outcome(Effect::Write, reply);
    }
    match json::read::<WireOrder>(reply).and_then(Snapshot::of) {
        Some(snapshot) => Outcome::Executed(Resource::Order(snapshot.tell(context))),
        None => replies::says_nothing(NAME, Effect::Write, reply),
    }
}

/// What the gateway writes on an order, then what of the caller's own pairs still fits. The gateway keeps all of them.
struct Notes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Notes<'a> {
    fn of(order: &'a CreateOrder, transaction: &'a str) -> Self {
        let mut notes = vec![("transaction_id", transaction)];
        let own = [("reference", order.reference.as_deref()), ("description", order.description.as_deref())];
        notes.extend(own.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))));
        for (key, value) in order.metadata.pairs() {
            let is_taken = notes.iter().any(|(taken, _)| *taken == key);
            if !is_taken && notes.len() < MAX_NOTES {
                notes.push((key, value));
            }
        }
        Self(notes)
    }
}

impl Serialize for Notes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, cut(value))))
    }
}

/// Returns the first characters of a text.
fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_NOTE_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests;
