//! Reading an order: the order, then its payments, which alone tell of reservations and refunds.

use domain::{Effect, GetOrder, Outcome, Rejection, Reply, Request, Resource};

use super::wire::{Phase, Snapshot, WireOrder};
use crate::razorpay::payments::{Collection, WirePayment};
use crate::razorpay::{NAME, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans the reading of an order.
///
/// # Errors
/// `order_not_found` for what cannot be an id.
pub(super) fn plan(order: &GetOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    Ok(Box::new(ReadOrder(Reading::of_id(&order.provider_order_id))))
}

struct ReadOrder(Reading);

impl Exchange for ReadOrder {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        Step::Call(Box::new(self.0.first()))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.0.resume(reply) {
            Progress::Call(request) => Step::Call(Box::new(request)),
            Progress::Whole(snapshot) => {
                Step::Done(Outcome::Executed(Resource::Order(snapshot.tell(context))))
            }
            Progress::Failed(outcome) => Step::Done(outcome),
        }
    }
}

/// An order being read; a part of larger exchanges too.
pub(super) struct Reading {
    order_id: Box<str>,
    snapshot: Option<Snapshot>,
}

/// How far a reading is.
pub(super) enum Progress {
    /// Another call is needed.
    Call(Request),
    /// It is done.
    Whole(Snapshot),
    /// A reply was no answer; the outcome is that of a read.
    Failed(Outcome),
}

impl Reading {
    /// Begins with an id that is fit for a path.
    pub(super) fn of_id(order_id: &str) -> Self {
        Self { order_id: order_id.into(), snapshot: None }
    }

    /// Returns the first call.
    pub(super) fn first(&self) -> Request {
        request::get(format!("/v1/orders/{}", self.order_id))
    }

    /// Goes on from an order that is known already.
    pub(super) fn go_on(&mut self, snapshot: Snapshot) -> Progress {
        // Nobody has tried to pay: there is no payment to read.
        if snapshot.phase == Phase::Created {
            return Progress::Whole(snapshot);
        }
        self.order_id = snapshot.id.as_str().into();
        self.snapshot = Some(snapshot);
        Progress::Call(request::get(format!("/v1/orders/{}/payments", self.order_id)))
    }

    /// Takes the reply to the call made last.
    pub(super) fn resume(&mut self, reply: &Reply) -> Progress {
        if !replies::is_success(reply) {
            return Progress::Failed(errors::outcome(Effect::Read, Missing::Order, reply));
        }
        let unreadable = || Progress::Failed(replies::says_nothing(NAME, Effect::Read, reply));
        match self.snapshot.take() {
            None => match json::read::<WireOrder>(reply).and_then(Snapshot::of) {
                Some(snapshot) => self.go_on(snapshot),
                None => unreadable(),
            },
            Some(mut snapshot) => match json::read::<Collection<WirePayment>>(reply) {
                Some(payments) => {
                    snapshot.payments = payments.items;
                    Progress::Whole(snapshot)
                }
                None => unreadable(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
