//! Giving an order up: read it, let its authorisation go, read it again. PayPal has no way to cancel an order as such.

use bytes::Bytes;
use domain::{CancelOrder, Effect, Outcome, Rejection, Reply, Resource, RetrySafety};

use super::order;
use super::order::Snapshot;
use crate::paypal::{NAME, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a cancellation.
///
/// # Errors
/// `order_not_found` for what cannot be an id.
pub(super) fn plan(order: &CancelOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    Ok(Box::new(Cancel { order: order.clone(), stage: Stage::Reading }))
}

struct Cancel {
    order: CancelOrder,
    stage: Stage,
}

enum Stage {
    /// Looking how far the order is.
    Reading,
    /// Letting the reserved money go.
    Voiding { before: Snapshot },
    /// Looking how it ended; `known` is what the void told.
    Confirming { known: Snapshot },
    /// It is over.
    Done,
}

impl Exchange for Cancel {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.read(Stage::Reading)
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Reading => match Snapshot::read(reply) {
                Ok(snapshot) => self.void(snapshot),
                Err(outcome) => Step::Done(outcome),
            },
            Stage::Voiding { before } => {
                // Voided before is as good: the state is the guard of a repeat.
                if replies::is_success(reply) || errors::has_issue(reply, &["PREVIOUSLY_VOIDED"]) {
                    return self.read(Stage::Confirming { known: before.voided() });
                }
                Step::Done(errors::outcome(Missing::Order, Effect::Write, reply))
            }
            // A read that failed, or came before PayPal's own copies caught up, takes nothing back.
            Stage::Confirming { known } => match Snapshot::read(reply) {
                Ok(snapshot) if snapshot.is_canceled() => executed(snapshot),
                Ok(_) | Err(_) => executed(known),
            },
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Cancel {
    fn read(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        Step::Call(Box::new(order::read_request(&self.order.provider_order_id)))
    }

    fn void(&mut self, snapshot: Snapshot) -> Step {
        if snapshot.is_canceled() {
            return executed(snapshot);
        }
        let open = snapshot.open_authorization().filter(|open| request::is_plain_id(&open.id));
        let Some(authorization) = open else {
            return Step::Done(Outcome::Rejected(errors::not_cancelable()));
        };
        let path = format!("/v2/payments/authorizations/{}/void", authorization.id);
        self.stage = Stage::Voiding { before: snapshot };
        // No body, and its type all the same: without one PayPal answers 415.
        let call =
            request::with_body(request::post(path, RetrySafety::Harmless), json::CONTENT_TYPE, Bytes::new());
        Step::Call(Box::new(call))
    }
}

fn executed(snapshot: Snapshot) -> Step {
    Step::Done(Outcome::Executed(Resource::Order(snapshot.tell())))
}

#[cfg(test)]
mod tests;
