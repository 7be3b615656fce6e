//! Reading an order; and taking the money of one that the gateway created with `capture: automatic` and that its payer has
//! approved since. PayPal leaves that call to the merchant, and nobody else makes it.

use domain::{
    Effect, Environment, GetOrder, Order, Outcome, Rejection, RejectionClass, Reply, Resource, TransactionId,
};

use super::order::{Intent, Phase, Snapshot};
use super::wire::WireOrder;
use super::{capture, order};
use crate::paypal::{NAME, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a read.
///
/// # Errors
/// `order_not_found` for what cannot be an id.
pub(super) fn plan(order: &GetOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    Ok(Box::new(Get { order: order.clone(), stage: Stage::Reading }))
}

struct Get {
    order: GetOrder,
    stage: Stage,
}

enum Stage {
    /// Looking how far the order is.
    Reading,
    /// Taking the money that is due.
    Capturing { before: Snapshot },
    /// Somebody else took it, or is about to: looking how far that is.
    ReadingAgain { before: Snapshot },
    /// It is over.
    Done,
}

impl Exchange for Get {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.read(Stage::Reading)
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Reading => match Snapshot::read(reply) {
                Ok(snapshot) => self.capture_if_due(snapshot),
                Err(outcome) => Step::Done(outcome),
            },
            Stage::Capturing { before } => self.captured(before, context.credentials.environment, reply),
            Stage::ReadingAgain { before } => executed(match Snapshot::read(reply) {
                Ok(snapshot) if snapshot.phase != Phase::Approved => snapshot.tell(),
                Ok(_) | Err(_) => before.tell_capture_due(),
            }),
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Get {
    fn read(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        Step::Call(Box::new(order::read_request(&self.order.provider_order_id)))
    }

    fn capture_if_due(&mut self, snapshot: Snapshot) -> Step {
        match self.order.created_by.filter(|transaction| is_due(&snapshot, *transaction)) {
            Some(transaction) => {
                // The same on every read, and unlike the key of a client's own capture: the order's state keeps the two from
                // taking the money twice.
                let key = format!("{transaction}-capture");
                let call = capture::approved_call(&self.order.provider_order_id, "capture", &key);
                self.stage = Stage::Capturing { before: snapshot };
                Step::Call(Box::new(call))
            }
            None => executed(snapshot.tell()),
        }
    }

    /// Tells what came of the capture. No further call follows one that succeeded: what it answers is the order.
    fn captured(&mut self, before: Snapshot, environment: Environment, reply: &Reply) -> Step {
        if replies::is_success(reply) {
            let told =
                json::read::<WireOrder>(reply).and_then(|order| Snapshot::of(order, Some(before.amount)));
            return executed(match told {
                Some(told) if told.phase != Phase::Approved => told.tell(),
                Some(_) | None => before.tell_capture_due(),
            });
        }
        if errors::has_issue(reply, &["ORDER_ALREADY_CAPTURED"]) || errors::is_in_progress(reply) {
            return self.read(Stage::ReadingAgain { before });
        }
        executed(match errors::outcome(Missing::Order, Effect::Write, reply) {
            // Other means, or a confirmation: the payer's turn again.
            Outcome::Rejected(refusal) if is_for_the_payer(&refusal) => {
                before.tell_sent_back(errors::payer_address(reply), environment)
            }
            // The next read tries again, with the same key.
            _ => before.tell_capture_due(),
        })
    }
}

/// Returns whether the gateway's own capture of the order is due. An order that PayPal says belongs to another transaction is
/// left alone.
fn is_due(snapshot: &Snapshot, created_by: TransactionId) -> bool {
    let is_ours = snapshot.custom_id.as_ref().is_none_or(|id| *id == created_by.to_string());
    snapshot.phase == Phase::Approved && snapshot.intent == Intent::Capture && is_ours
}

fn is_for_the_payer(refusal: &Rejection) -> bool {
    refusal.class == RejectionClass::Declined || refusal.code == "order_not_approved"
}

fn executed(order: Order) -> Step {
    Step::Done(Outcome::Executed(Resource::Order(order)))
}

#[cfg(test)]
mod tests;
