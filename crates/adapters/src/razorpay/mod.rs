//! Razorpay: JSON over basic authentication, amounts as integers, and idempotency keys on refunds and payouts only: what
//! else is lost is found by a receipt, a reference or a note.

mod amounts;
mod calls;
mod descriptor;
mod detection;
mod errors;
mod moments;
mod notes;
mod orders;
mod payment_links;
mod payments;
mod payouts;
mod refunds;
mod subscriptions;

use domain::{Credentials, Descriptor, Operation, Rejection, RejectionClass, Reply, Request, Secret};

use crate::{Adapter, Exchange, Token, rejection, reply, request};

/// Razorpay's name in sentences.
const NAME: &str = "Razorpay";

/// The Razorpay adapter.
#[derive(Debug)]
pub(crate) struct Razorpay;

impl Adapter for Razorpay {
    fn descriptor(&self) -> &'static Descriptor {
        &descriptor::DESCRIPTOR
    }

    fn plan(&self, operation: &Operation) -> Result<Box<dyn Exchange>, Rejection> {
        match operation {
            Operation::Order(order) => orders::plan(order),
            Operation::Refund(refund) => refunds::plan(refund),
            Operation::Subscription(subscription) => subscriptions::plan(subscription),
            Operation::PaymentLink(link) => payment_links::plan(link),
            Operation::Payout(payout) => payouts::plan(payout),
            other => Err(rejection::operation_not_supported(NAME, other.kind())),
        }
    }

    fn look_up(&self, operation: &Operation) -> Option<Box<dyn Exchange>> {
        match operation {
            Operation::Order(order) => orders::look_up(order),
            Operation::Refund(refund) => refunds::look_up(refund),
            Operation::Subscription(subscription) => subscriptions::look_up(subscription),
            Operation::PaymentLink(link) => payment_links::look_up(link),
            // A payout is looked up by its key, which Razorpay keeps for 7 days: it may take an hour to show in a list.
            _ => None,
        }
    }

    fn authorize(&self, request: &mut Request, credentials: &Credentials, _: Option<&Secret>) {
        let field = |name| credentials.get(name).map_or("", Secret::expose);
        request.authorization = Some(request::basic(field("key_id"), field("key_secret")));
    }

    fn token_request(&self, _: &Credentials) -> Option<Request> {
        None
    }

    fn read_token(&self, _: &Reply) -> Result<Token, Rejection> {
        Err(rejection::no_tokens(NAME))
    }

    fn refuses_token(&self, _: &Reply) -> bool {
        false
    }

    fn verification(&self, _: &Credentials) -> Request {
        request::get("/v1/orders?count=1".to_owned())
    }

    fn read_verification(&self, reply: &Reply) -> Result<(), Rejection> {
        if reply::is_success(reply) {
            return Ok(());
        }
        let rejection = errors::read_refusal(reply);
        match rejection.class {
            RejectionClass::Credentials => Err(rejection),
            _ => Err(rejection::provider_error(NAME, reply)),
        }
    }
}

#[cfg(test)]
mod tests;
