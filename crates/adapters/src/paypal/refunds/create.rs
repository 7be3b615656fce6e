//! Giving money back: find the capture where only its order is known, then refund it. An order that was captured in parts has
//! several: they are tried in PayPal's order, each with a key of its own, so that a repeat walks the same way and meets the
//! refund that it made the first time.

use std::collections::VecDeque;

use domain::{
    CreateRefund, Effect, Money, Outcome, RefundAmount, RefundedPayment, Rejection, Reply, Request, Resource,
    RetrySafety,
};
use serde::{Deserialize, Serialize};

use super::refund;
use super::refund::WireRefund;
use crate::paypal::amounts::{Amount, WireAmount};
use crate::paypal::orders::order;
use crate::paypal::orders::order::{Capture, Snapshot};
use crate::paypal::{NAME, calls, errors, moments};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// More parts of an order than are tried: an exchange makes no more than sixteen calls.
const MAX_CAPTURES: usize = 12;

/// Plans a refund.
///
/// # Errors
/// `order_not_found` and `payment_not_found` for what cannot be an id; `unsupported_currency`, `amount_too_precise`.
pub(super) fn plan(refund: &CreateRefund) -> Result<Box<dyn Exchange>, Rejection> {
    let (id, missing) = match &refund.payment {
        RefundedPayment::OfOrder { provider_order_id } => (provider_order_id, Missing::Order),
        RefundedPayment::Payment { provider_payment_id } => (provider_payment_id, Missing::Payment),
    };
    if !request::is_plain_id(id) {
        return Err(rejection::not_found(NAME, missing));
    }
    if let Some(RefundAmount::Money(amount)) = &refund.amount {
        Amount::of(*amount)?;
    }
    Ok(Box::new(Create { refund: refund.clone(), stage: Stage::Done }))
}

struct Create {
    refund: CreateRefund,
    stage: Stage,
}

enum Stage {
    /// Looking which captures the order has.
    ReadingOrder,
    /// Looking in which currency the capture is.
    ReadingCapture,
    /// Refunding this capture; `others` are tried when it has not enough left.
    Refunding { part: Part, others: VecDeque<Part> },
    /// Looking how much went back.
    Confirming { part: Part },
    /// It is over, or not begun.
    Done,
}

/// A refund of one capture.
struct Part {
    capture: String,
    amount: Option<Money>,
    /// Its place among the captures that are tried, from 0 on.
    place: u8,
}

#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    /// Comes back on the refund and its events.
    custom_id: String,
}

/// A capture on the wire, as far as a refund needs it.
#[derive(Deserialize)]
struct WireCapture {
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
}

impl Exchange for Create {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match (&self.refund.payment, &self.refund.amount) {
            (RefundedPayment::OfOrder { provider_order_id }, _) => {
                let call = order::read_request(provider_order_id);
                self.call(Stage::ReadingOrder, call)
            }
            (RefundedPayment::Payment { provider_payment_id }, Some(RefundAmount::Number(_))) => {
                let call = request::get(format!("/v2/payments/captures/{provider_payment_id}"));
                self.call(Stage::ReadingCapture, call)
            }
            (RefundedPayment::Payment { provider_payment_id }, amount) => {
                let amount = match amount {
                    Some(RefundAmount::Money(amount)) => Some(*amount),
                    Some(RefundAmount::Number(_)) | None => None,
                };
                let part = Part { capture: provider_payment_id.to_string(), amount, place: 0 };
                self.refund_part(part, VecDeque::new(), context)
            }
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::ReadingOrder => match Snapshot::read(reply) {
                Ok(snapshot) => self.refund_order(&snapshot, context),
                Err(outcome) => Step::Done(outcome),
            },
            Stage::ReadingCapture => self.refund_capture(reply, context),
            Stage::Refunding { part, others } => self.refunded(part, others, context, reply),
            Stage::Confirming { part } => confirmed(&part, reply),
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Create {
    fn call(&mut self, stage: Stage, call: Request) -> Step {
        self.stage = stage;
        Step::Call(Box::new(call))
    }

    /// Refunds the order's capture, or the first of several that can have enough left. What PayPal says of each is decided by
    /// what never changes (what was taken), and not by what is left: a repeat must come to the same capture.
    fn refund_order(&mut self, snapshot: &Snapshot, context: &Context<'_>) -> Step {
        let amount = match self.amount_in(snapshot.amount) {
            Ok(amount) => amount,
            Err(refusal) => return rejected(refusal),
        };
        let is_taken = |capture: &&Capture| {
            request::is_plain_id(&capture.id) && !matches!(capture.status.as_str(), "DECLINED" | "FAILED")
        };
        let taken: Vec<&Capture> = snapshot.captures.iter().filter(is_taken).collect();
        if taken.is_empty() {
            return rejected(rejection::not_paid());
        }
        if amount.is_none() && taken.len() > 1 {
            let message = format!(
                "The order was captured in {} parts, and {NAME} refunds one at a time: name an amount, or the payment.",
                taken.len()
            );
            return rejected(rejection::variant_not_supported("amount", message));
        }
        let is_enough = |capture: &&&Capture| match (amount, capture.amount) {
            (Some(asked), Some(whole)) => {
                asked.currency() == whole.currency() && asked.minor() <= whole.minor()
            }
            (None, _) | (_, None) => true,
        };
        let enough = taken.iter().filter(is_enough).take(MAX_CAPTURES).zip(0_u8..);
        let mut parts: VecDeque<Part> =
            enough.map(|(capture, place)| Part { capture: capture.id.clone(), amount, place }).collect();
        match parts.pop_front() {
            Some(first) => self.refund_part(first, parts, context),
            None => rejected(rejection::refund_exceeds_payment()),
        }
    }

    /// Refunds a capture of which the number is known and the currency was not.
    fn refund_capture(&mut self, reply: &Reply, context: &Context<'_>) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Missing::Payment, Effect::Read, reply));
        }
        let told = json::read::<WireCapture>(reply).and_then(|capture| capture.amount?.money());
        let (Some(whole), RefundedPayment::Payment { provider_payment_id }) = (told, &self.refund.payment)
        else {
            return Step::Done(replies::says_nothing(NAME, Effect::Read, reply));
        };
        match self.amount_in(whole) {
            Ok(amount) => {
                let part = Part { capture: provider_payment_id.to_string(), amount, place: 0 };
                self.refund_part(part, VecDeque::new(), context)
            }
            Err(refusal) => rejected(refusal),
        }
    }

    /// Returns what is asked for of a payment of this amount, `None` for all that is left.
    fn amount_in(&self, whole: Money) -> Result<Option<Money>, Rejection> {
        let Some(asked) = &self.refund.amount else { return Ok(None) };
        let amount = asked.in_currency(whole.currency()).map_err(|error| rejection::amount(NAME, error))?;
        Amount::of(amount)?;
        if amount.currency() != whole.currency() {
            let message =
                format!("The payment is in {}, the amount in {}.", whole.currency(), amount.currency());
            return Err(rejection::invalid_field("amount", message));
        }
        Ok(Some(amount))
    }

    fn refund_part(&mut self, part: Part, others: VecDeque<Part>, context: &Context<'_>) -> Step {
        let amount = match part.amount.map(Amount::of).transpose() {
            Ok(amount) => amount,
            Err(refusal) => return rejected(refusal),
        };
        let body = Body { amount, custom_id: context.transaction.to_string() };
        let path = format!("/v2/payments/captures/{}/refund", part.capture);
        let key = match part.place {
            0 => context.provider_key.to_owned(),
            place => context.step_key(place),
        };
        let call = calls::keyed(calls::post(path, RetrySafety::Keyed, &body), &key);
        self.call(Stage::Refunding { part, others }, call)
    }

    fn refunded(
        &mut self,
        part: Part,
        mut others: VecDeque<Part>,
        context: &Context<'_>,
        reply: &Reply,
    ) -> Step {
        if replies::is_success(reply) {
            // PayPal answers a key that it knows with what that made, whatever is asked for now.
            let is_earlier = context.is_of_earlier_use(moments::made_at(reply));
            return if is_earlier { rejected(rejection::key_reused(NAME)) } else { self.told(part, reply) };
        }
        let has_too_little = errors::has_issue(reply, &["CAPTURE_FULLY_REFUNDED", "REFUND_AMOUNT_EXCEEDED"]);
        match others.pop_front().filter(|_| has_too_little) {
            Some(next) => self.refund_part(next, others, context),
            None => Step::Done(errors::outcome(Missing::Payment, Effect::Write, reply)),
        }
    }

    /// Tells the refund that was made. Where all that was left went back and PayPal does not say how much that is, it is read.
    fn told(&mut self, part: Part, reply: &Reply) -> Step {
        let refund = json::read::<WireRefund>(reply);
        let id =
            refund.as_ref().and_then(WireRefund::id).filter(|id| request::is_plain_id(id)).map(str::to_owned);
        match (refund.and_then(|refund| refund.tell(part.amount, Some(&part.capture))), id) {
            (Some(refund), _) => Step::Done(Outcome::Executed(Resource::Refund(refund))),
            (None, Some(id)) => self.call(Stage::Confirming { part }, refund::read_request(&id)),
            (None, None) => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

fn confirmed(part: &Part, reply: &Reply) -> Step {
    let refund = json::read::<WireRefund>(reply).filter(|_| replies::is_success(reply));
    Step::Done(match refund.and_then(|refund| refund.tell(part.amount, Some(&part.capture))) {
        Some(refund) => Outcome::Executed(Resource::Refund(refund)),
        // The money goes back, and nothing tells how much: never a refusal.
        None => Outcome::Unknown(replies::unreadable(reply)),
    })
}

fn rejected(rejection: Rejection) -> Step {
    Step::Done(Outcome::Rejected(rejection))
}

#[cfg(test)]
mod tests;
