//! Stripe: forms with a bearer key, a pinned API version, and an idempotency key on every write.

mod amounts;
mod calls;
mod descriptor;
mod detection;
mod errors;
#[cfg(test)]
mod laws;
mod metadata;
mod orders;
mod payment_links;
mod payouts;
mod refunds;
#[cfg(test)]
mod samples;
mod subscriptions;

use domain::{Credentials, Descriptor, Operation, Rejection, Reply, Request, Secret};

use crate::{Adapter, Exchange, Token, rejection, reply, request};

/// Stripe's name in sentences.
const NAME: &str = "Stripe";

/// The Stripe adapter.
#[derive(Debug)]
pub(crate) struct Stripe;

impl Adapter for Stripe {
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

    /// Repeating with the same idempotency key is the look-up: Stripe keeps answers for at least 24 hours. Where there is
    /// no key, which is the end of a subscription, the repeat reads the subscription itself.
    fn look_up(&self, _: &Operation) -> Option<Box<dyn Exchange>> {
        None
    }

    fn order_of_payment<'a>(&self, payment_id: &'a str) -> Option<&'a str> {
        refunds::order_of(payment_id)
    }

    fn authorize(&self, request: &mut Request, credentials: &Credentials, _: Option<&Secret>) {
        let key = credentials.get("secret_key").map_or("", Secret::expose);
        request.authorization = Some(request::bearer(key));
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
        calls::read("/v1/account".to_owned())
    }

    fn read_verification(&self, reply: &Reply) -> Result<(), Rejection> {
        // 403: a restricted key that may not read the account. It is a good key all the same.
        if reply::is_success(reply) || reply.status == 403 {
            return Ok(());
        }
        Err(errors::credentials_refusal(reply).unwrap_or_else(|| rejection::provider_error(NAME, reply)))
    }
}

#[cfg(test)]
mod tests;
