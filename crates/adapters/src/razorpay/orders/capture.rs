//! Capturing an order: the order and its payments are read, then the authorised payment is captured, whole.
//! The write comes last: its reply completes what was read, so that no lost read can hide that money was taken.

use domain::{
    CaptureOrder, Effect, Money, Outcome, Rejection, RejectionClass, Reply, Request, Resource, RetrySafety,
};
use serde::Serialize;

use super::read::{Progress, Reading};
use super::wire::{Phase, Snapshot};
use crate::razorpay::payments::WirePayment;
use crate::razorpay::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a capture.
///
/// # Errors
/// `order_not_found` for what cannot be an id.
pub(super) fn plan(order: &CaptureOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    let stage = Stage::Reading(Reading::of_id(&order.provider_order_id));
    Ok(Box::new(Capture { order: order.clone(), stage }))
}

struct Capture {
    order: CaptureOrder,
    stage: Stage,
}

enum Stage {
    /// Looking for the authorised payment.
    Reading(Reading),
    /// Taking the money of this payment.
    Capturing { snapshot: Snapshot, payment_id: String },
    /// Razorpay said that the money was taken before, which the order must confirm; else the refusal stands.
    Confirming { reading: Reading, refusal: Outcome },
    /// It is over.
    Done,
}

#[derive(Serialize)]
struct Body<'a> {
    amount: i64,
    currency: &'a str,
}

impl Exchange for Capture {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        let reading = Reading::of_id(&self.order.provider_order_id);
        let first = reading.first();
        self.stage = Stage::Reading(reading);
        Step::Call(Box::new(first))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Reading(mut reading) => match reading.resume(reply) {
                Progress::Call(request) => {
                    self.stage = Stage::Reading(reading);
                    Step::Call(Box::new(request))
                }
                Progress::Whole(snapshot) => self.capture(snapshot, context),
                Progress::Failed(outcome) => Step::Done(outcome),
            },
            Stage::Capturing { snapshot, payment_id } => {
                self.captured(snapshot, &payment_id, (context, reply))
            }
            Stage::Confirming { mut reading, refusal } => match reading.resume(reply) {
                Progress::Call(request) => {
                    self.stage = Stage::Confirming { reading, refusal };
                    Step::Call(Box::new(request))
                }
                Progress::Whole(snapshot) if snapshot.is_captured() => {
                    Step::Done(executed(snapshot, context))
                }
                Progress::Whole(_) => Step::Done(refusal),
                Progress::Failed(outcome) => Step::Done(outcome),
            },
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Capture {
    /// Asks for the authorised payment's money, once the order is known.
    fn capture(&mut self, snapshot: Snapshot, context: &Context<'_>) -> Step {
        if let Some(refusal) = self.order.amount.and_then(|amount| partial(&snapshot, amount)) {
            return Step::Done(Outcome::Rejected(refusal));
        }
        if snapshot.is_captured() {
            return Step::Done(executed(snapshot, context));
        }
        let Some(payment) = snapshot.payments.iter().find(|payment| payment.is_authorized()) else {
            let message = "The order has no authorised payment to capture.";
            return Step::Done(Outcome::Rejected(rejection::order_state(message)));
        };
        if !request::is_plain_id(&payment.id) {
            let message = format!("{NAME} names a payment that cannot be captured.");
            return Step::Done(Outcome::Rejected(rejection::order_state(message)));
        }
        let payment_id = payment.id.clone();
        let call = capture_request(payment);
        self.stage = Stage::Capturing { snapshot, payment_id };
        Step::Call(Box::new(call))
    }

    /// Reads what the capture did.
    fn captured(&mut self, mut snapshot: Snapshot, payment_id: &str, answer: (&Context<'_>, &Reply)) -> Step {
        let (context, reply) = answer;
        if errors::is_captured_already(reply) {
            let reading = Reading::of_id(&self.order.provider_order_id);
            let first = reading.first();
            self.stage =
                Stage::Confirming { reading, refusal: errors::outcome(Effect::Write, Missing::Order, reply) };
            return Step::Call(Box::new(first));
        }
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Effect::Write, Missing::Order, reply));
        }
        let payment = json::read::<WirePayment>(reply).filter(|payment| payment.id == payment_id);
        let Some(payment) = payment.filter(WirePayment::is_captured) else {
            return Step::Done(replies::says_nothing(NAME, Effect::Write, reply));
        };
        snapshot.payments.retain(|earlier| earlier.id != payment_id);
        snapshot.payments.push(payment);
        if snapshot.is_captured() {
            snapshot.phase = Phase::Paid;
            // Razorpay's word for an order whose money was taken.
            snapshot.word = Some("paid".to_owned());
        }
        Step::Done(executed(snapshot, context))
    }
}

fn executed(snapshot: Snapshot, context: &Context<'_>) -> Outcome {
    Outcome::Executed(Resource::Order(snapshot.tell(context)))
}

/// Returns the refusal of a capture of less or more than was authorised: Razorpay has none.
fn partial(snapshot: &Snapshot, asked: Money) -> Option<Rejection> {
    let whole = snapshot.amount;
    if asked == whole {
        return None;
    }
    let message =
        format!("{NAME} captures an order's whole amount only, which is {whole} {}.", whole.currency());
    let refusal = rejection::rejection(RejectionClass::InvalidRequest, "operation_not_supported", message);
    Some(rejection::about(refusal, Some("amount")))
}

fn capture_request(payment: &WirePayment) -> Request {
    let path = format!("/v1/payments/{}/capture", payment.id);
    let body = Body { amount: payment.amount, currency: &payment.currency };
    calls::write(path, RetrySafety::LookUpFirst, &body)
}

#[cfg(test)]
mod tests;
