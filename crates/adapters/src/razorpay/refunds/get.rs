//! Reading a refund.

use domain::{Effect, GetRefund, Outcome, Rejection, Reply, Request};

use super::wire::WireRefund;
use crate::razorpay::{NAME, calls};
use crate::rejection::{self, Missing};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, request};

/// Plans the reading of a refund.
///
/// # Errors
/// `refund_not_found` for what cannot be an id.
pub(super) fn plan(refund: &GetRefund) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&refund.provider_refund_id) {
        return Err(rejection::not_found(NAME, Missing::Refund));
    }
    Ok(Box::new(SingleCall { operation: refund.clone(), build, read }))
}

fn build(refund: &GetRefund, _: &Context<'_>) -> Request {
    request::get(format!("/v1/refunds/{}", refund.provider_refund_id))
}

fn read(_: &GetRefund, _: &Context<'_>, reply: &Reply) -> Outcome {
    calls::answer(reply, Effect::Read, Missing::Refund, WireRefund::tell)
}
