//! Capturing an order: read it, take the money in the way of its intent, read it again. What a write did is kept until
//! the last read confirms it, so that no lost or stale read can hide that money was taken.

use bytes::Bytes;
use domain::{
    CaptureOrder, Effect, Outcome, Rejection, RejectionClass, Reply, Request, Resource, RetrySafety,
};
use serde::Serialize;

use super::order;
use super::order::{Authorization, Intent, Phase, Snapshot};
use super::wire::{WireOrder, WirePayment};
use crate::paypal::amounts::Amount;
use crate::paypal::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, json, rejection, reply as replies, request};

/// Plans a capture.
///
/// # Errors
/// `order_not_found` for what cannot be an id; `unsupported_currency`, `amount_too_precise`.
pub(super) fn plan(order: &CaptureOrder) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&order.provider_order_id) {
        return Err(rejection::order_not_found(NAME));
    }
    let amount = order.amount.map(Amount::of).transpose()?;
    let stage = Stage::Reading { else_approved: None };
    Ok(Box::new(Capture { order: order.clone(), amount, stage }))
}

struct Capture {
    order: CaptureOrder,
    amount: Option<Amount>,
    stage: Stage,
}

enum Stage {
    /// Looking how far the order is. Once an authorisation was tried: how it ended if the order is as before.
    Reading { else_approved: Option<Outcome> },
    /// Taking the money of an approved order.
    Capturing { before: Snapshot },
    /// Reserving the money of an approved order.
    Authorizing { before: Snapshot },
    /// Taking the reserved money.
    CapturingAuthorization { before: Snapshot },
    /// Looking how it ended. `known` is what the write told; `refusal` stands should the order not be captured after all.
    Confirming { known: Option<Snapshot>, refusal: Option<Outcome> },
    /// It is over.
    Done,
}

#[derive(Serialize)]
struct AuthorizationCapture<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<&'a Amount>,
    final_capture: bool,
}

impl Exchange for Capture {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.read(Stage::Reading { else_approved: None })
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Reading { else_approved } => match (Snapshot::read(reply), else_approved) {
                (Ok(snapshot), Some(outcome)) if snapshot.phase == Phase::Approved => Step::Done(outcome),
                (Ok(snapshot), _) => self.go_on(snapshot, context),
                (Err(outcome), _) => Step::Done(outcome),
            },
            Stage::Capturing { before } => self.captured(&before, reply),
            Stage::Authorizing { before } => self.authorized(&before, context, reply),
            Stage::CapturingAuthorization { before } => self.authorization_captured(before, reply),
            Stage::Confirming { known, refusal } => confirmed(known, refusal, reply),
            Stage::Done => Step::Done(replies::says_nothing(NAME, Effect::Write, reply)),
        }
    }
}

impl Capture {
    fn read(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        Step::Call(Box::new(order::read_request(&self.order.provider_order_id)))
    }

    fn write(&mut self, stage: Stage, call: Request) -> Step {
        self.stage = stage;
        Step::Call(Box::new(call))
    }

    /// Does what the order's state calls for.
    fn go_on(&mut self, snapshot: Snapshot, context: &Context<'_>) -> Step {
        if let Some(refusal) = self.misfit(&snapshot) {
            return rejected(refusal);
        }
        match (snapshot.phase, snapshot.intent) {
            (Phase::AwaitsPayer | Phase::Saved, _) => rejected(errors::not_approved()),
            (Phase::Voided, _) => rejected(rejection::order_state("The order was canceled.")),
            (Phase::Approved, Intent::Capture) => {
                let call = approved_call(&self.order.provider_order_id, "capture", &context.step_key(1));
                self.write(Stage::Capturing { before: snapshot }, call)
            }
            (Phase::Approved, Intent::Authorize) => {
                let call = approved_call(&self.order.provider_order_id, "authorize", &context.step_key(1));
                self.write(Stage::Authorizing { before: snapshot }, call)
            }
            (Phase::Completed, _) => self.capture_authorization(snapshot, context),
            (Phase::Approved, Intent::Other) | (Phase::Other, _) => {
                rejected(rejection::order_state("The order is in a state in which it cannot be captured."))
            }
        }
    }

    /// Returns why the asked amount does not suit the order.
    fn misfit(&self, snapshot: &Snapshot) -> Option<Rejection> {
        let asked = self.order.amount?;
        let whole = snapshot.amount;
        if asked.currency() != whole.currency() {
            let message =
                format!("The order is in {}, the amount in {}.", whole.currency(), asked.currency());
            return Some(rejection::invalid_field("amount", message));
        }
        if asked == whole || snapshot.intent == Intent::Authorize {
            return None;
        }
        let message = format!(
            "{NAME} captures an order with automatic capture as a whole only, which is {whole} {}.",
            whole.currency()
        );
        let refusal =
            rejection::rejection(RejectionClass::InvalidRequest, "operation_not_supported", message);
        Some(rejection::about(refusal, Some("amount")))
    }

    /// Takes the reserved money of a completed order, where that was not done before.
    fn capture_authorization(&mut self, snapshot: Snapshot, context: &Context<'_>) -> Step {
        let Some(authorization) = snapshot.open_authorization() else {
            return without_open_authorization(snapshot);
        };
        if !request::is_plain_id(&authorization.id) {
            return rejected(rejection::order_state("The order has no authorization that can be captured."));
        }
        let call = self.authorization_call(authorization, &snapshot, context);
        self.write(Stage::CapturingAuthorization { before: snapshot }, call)
    }

    fn authorization_call(&self, of: &Authorization, snapshot: &Snapshot, context: &Context<'_>) -> Request {
        let is_partial = self.order.amount.is_some_and(|asked| asked != snapshot.amount);
        let amount = self.amount.as_ref().filter(|_| is_partial);
        let body = AuthorizationCapture { amount, final_capture: true };
        let path = format!("/v2/payments/authorizations/{}/capture", of.id);
        calls::keyed(calls::post(path, RetrySafety::Keyed, &body), &context.step_key(2))
    }

    fn captured(&mut self, before: &Snapshot, reply: &Reply) -> Step {
        if replies::is_success(reply) {
            let told =
                json::read::<WireOrder>(reply).and_then(|order| Snapshot::of(order, Some(before.amount)));
            let known = told.filter(|told| !told.captures.is_empty());
            return self.read(Stage::Confirming { known, refusal: None });
        }
        self.refused(reply, "ORDER_ALREADY_CAPTURED")
    }

    fn authorized(&mut self, before: &Snapshot, context: &Context<'_>, reply: &Reply) -> Step {
        if replies::is_success(reply) {
            let told =
                json::read::<WireOrder>(reply).and_then(|order| Snapshot::of(order, Some(before.amount)));
            return match told.filter(|told| !told.authorizations.is_empty()) {
                Some(told) => self.capture_authorization(told, context),
                None => {
                    let outcome = replies::says_nothing(NAME, Effect::Write, reply);
                    self.read(Stage::Reading { else_approved: Some(outcome) })
                }
            };
        }
        let outcome = errors::outcome(Missing::Order, Effect::Write, reply);
        if errors::has_issue(reply, &["ORDER_ALREADY_AUTHORIZED", "ORDER_COMPLETED_OR_VOIDED"]) {
            return self.read(Stage::Reading { else_approved: Some(outcome) });
        }
        Step::Done(outcome)
    }

    fn authorization_captured(&mut self, before: Snapshot, reply: &Reply) -> Step {
        if replies::is_success(reply) {
            let status = json::read::<WirePayment>(reply).and_then(|capture| capture.status);
            let known = status.map(|status| before.with_capture(status));
            return self.read(Stage::Confirming { known, refusal: None });
        }
        self.refused(reply, "AUTHORIZATION_ALREADY_CAPTURED")
    }

    /// A refusal because it was done before is a success, which the order must confirm. While another request is at it
    /// (a read that captures by itself), the order tells whether it was done meanwhile.
    fn refused(&mut self, reply: &Reply, already: &str) -> Step {
        let outcome = errors::outcome(Missing::Order, Effect::Write, reply);
        if errors::has_issue(reply, &[already]) || errors::is_in_progress(reply) {
            return self.read(Stage::Confirming { known: None, refusal: Some(outcome) });
        }
        Step::Done(outcome)
    }
}

/// Returns the call that takes or reserves an approved order's money.
pub(super) fn approved_call(id: &str, verb: &str, key: &str) -> Request {
    let call = request::post(format!("{}/{id}/{verb}", order::PATH), RetrySafety::Keyed);
    calls::keyed(request::with_body(call, json::CONTENT_TYPE, Bytes::from_static(b"{}")), key)
}

/// Tells a completed order in which no authorisation waits for a capture.
fn without_open_authorization(snapshot: Snapshot) -> Step {
    if snapshot.is_captured() {
        executed(snapshot)
    } else if snapshot.has_authorization(&["PENDING"]) {
        rejected(rejection::order_state("The authorization is under review; capture it when it is through."))
    } else if snapshot.has_authorization(&["DENIED"]) {
        rejected(rejection::card_declined())
    } else if snapshot.is_canceled() {
        rejected(rejection::order_state("The order was canceled."))
    } else {
        rejected(rejection::order_state("The order has no authorization that can be captured."))
    }
}

fn confirmed(known: Option<Snapshot>, refusal: Option<Outcome>, reply: &Reply) -> Step {
    match (Snapshot::read(reply), known, refusal) {
        (Ok(read), _, _) if read.is_captured() => executed(read),
        (_, Some(known), _) => executed(known),
        (Ok(_), None, Some(refusal)) => Step::Done(refusal),
        // The write was made or had been made before, and nothing tells the order: never a refusal.
        (_, None, _) => Step::Done(Outcome::Unknown(replies::unreadable(reply))),
    }
}

fn executed(snapshot: Snapshot) -> Step {
    Step::Done(Outcome::Executed(Resource::Order(snapshot.tell())))
}

fn rejected(rejection: Rejection) -> Step {
    Step::Done(Outcome::Rejected(rejection))
}

#[cfg(test)]
mod tests;
