//! Reading a payment link.

use domain::{Effect, GetPaymentLink, Outcome, Rejection, Reply, Request, Resource};

use super::invoice;
use super::invoice::WireInvoice;
use crate::paypal::{NAME, errors};
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Plans a read.
///
/// # Errors
/// `payment_link_not_found` for what cannot be an id.
pub(super) fn plan(link: &GetPaymentLink) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&link.provider_link_id) {
        return Err(rejection::not_found(NAME, Missing::PaymentLink));
    }
    Ok(Box::new(SingleCall { operation: link.clone(), build, read }))
}

fn build(get: &GetPaymentLink, _: &Context<'_>) -> Request {
    invoice::read_request(&get.provider_link_id)
}

fn read(_: &GetPaymentLink, context: &Context<'_>, reply: &Reply) -> Outcome {
    read_invoice(context, reply)
}

/// Returns what the reply to a read of an invoice says.
pub(super) fn read_invoice(context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Missing::PaymentLink, Effect::Read, reply);
    }
    let invoice = json::read::<WireInvoice>(reply);
    match invoice.and_then(|invoice| invoice.tell(context.credentials.environment, None)) {
        Some(link) => Outcome::Executed(Resource::PaymentLink(link)),
        None => replies::says_nothing(NAME, Effect::Read, reply),
    }
}
