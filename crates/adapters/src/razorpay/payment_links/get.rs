//! Reading a payment link.

use domain::{Effect, GetPaymentLink, Outcome, Rejection, Reply, Request};

use super::wire::WireLink;
use crate::razorpay::{NAME, calls};
use crate::rejection::{self, Missing};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, request};

/// Plans the reading of a payment link.
///
/// # Errors
/// `payment_link_not_found` for what cannot be an id.
pub(super) fn plan(link: &GetPaymentLink) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&link.provider_link_id) {
        return Err(rejection::not_found(NAME, Missing::PaymentLink));
    }
    Ok(Box::new(SingleCall { operation: link.clone(), build, read }))
}

fn build(link: &GetPaymentLink, _: &Context<'_>) -> Request {
    request::get(format!("/v1/payment_links/{}", link.provider_link_id))
}

fn read(_: &GetPaymentLink, _: &Context<'_>, reply: &Reply) -> Outcome {
    calls::answer(reply, Effect::Read, Missing::PaymentLink, WireLink::tell)
}
