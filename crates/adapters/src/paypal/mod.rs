//! PayPal: JSON with bearer tokens, amounts as texts, orders that the payer approves and the merchant then captures.
//! A folder a noun.

mod amounts;
mod calls;
mod descriptor;
mod detection;
mod errors;
mod links;
mod moments;
mod orders;
mod payment_links;
mod payouts;
mod refunds;
mod subscriptions;
mod token;

use domain::{Credentials, Descriptor, Operation, Rejection, Reply, Request, Secret};

use crate::{Adapter, Exchange, Token, rejection, request};

/// PayPal's name in sentences.
const NAME: &str = "PayPal";

/// The PayPal adapter.
#[derive(Debug)]
pub(crate) struct Paypal;

impl Adapter for Paypal {
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

    /// What creates, captures, refunds and pays is keyed, and what cancels is guarded by state: each repeat is its own
    /// look-up. Invoices alone have neither.
    fn look_up(&self, operation: &Operation) -> Option<Box<dyn Exchange>> {
        match operation {
            Operation::PaymentLink(link) => payment_links::look_up(link),
            _ => None,
        }
    }

    fn authorize(&self, request: &mut Request, _: &Credentials, token: Option<&Secret>) {
        request.authorization = token.map(|token| request::bearer(token.expose()));
    }

    fn token_request(&self, credentials: &Credentials) -> Option<Request> {
        token::request(credentials)
    }

    fn read_token(&self, reply: &Reply) -> Result<Token, Rejection> {
        token::read(reply)
    }

    fn refuses_token(&self, reply: &Reply) -> bool {
        token::is_refused(reply)
    }

    /// The token request is the verification; without the fields for one PayPal is asked all the same, and refuses.
    fn verification(&self, credentials: &Credentials) -> Request {
        token::request(credentials).unwrap_or_else(token::unauthorized)
    }

    fn read_verification(&self, reply: &Reply) -> Result<(), Rejection> {
        token::read(reply).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
