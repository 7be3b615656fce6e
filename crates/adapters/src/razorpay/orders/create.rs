//! Creating an order.

use domain::{CaptureMode, CreateOrder, Effect, Outcome, Rejection, Reply, Request, Resource, RetrySafety};
use serde::Serialize;

use super::wire::{Snapshot, WireOrder};
use crate::razorpay::notes::Notes;
use crate::razorpay::{NAME, amounts, calls, errors};
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, reply as replies};

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
        notes: Notes::of(
            &transaction,
            &[("reference", order.reference.as_deref()), ("description", order.description.as_deref())],
            &order.metadata,
        ),
        payment,
    };
    calls::write("/v1/orders".to_owned(), RetrySafety::LookUpFirst, &body)
}

fn read(_: &Creation, context: &Context<'_>, reply: &Reply) -> Outcome {
    // The receipt belongs to this operation alone: an earlier attempt arrived after all, and a look-up will find it.
    if errors::is_receipt_taken(reply) {
        return replies::says_nothing(NAME, Effect::Write, reply);
    }
    calls::answer(reply, Effect::Write, Missing::Order, |order: WireOrder| {
        Some(Resource::Order(Snapshot::of(order)?.tell(context)))
    })
}

#[cfg(test)]
mod tests;
