//! Reading a refund.

use domain::{Effect, GetRefund, Outcome, Rejection, Reply, Request, Resource};

use super::refund;
use super::refund::WireRefund;
use crate::paypal::{NAME, errors};
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Plans a read.
///
/// # Errors
/// `refund_not_found` for what cannot be an id.
pub(super) fn plan(refund: &GetRefund) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&refund.provider_refund_id) {
        return Err(rejection::not_found(NAME, Missing::Refund));
    }
    Ok(Box::new(SingleCall { operation: refund.clone(), build, read }))
}

fn build(get: &GetRefund, _: &Context<'_>) -> Request {
    refund::read_request(&get.provider_refund_id)
}

fn read(_: &GetRefund, _: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Missing::Refund, Effect::Read, reply);
    }
    match json::read::<WireRefund>(reply).and_then(|refund| refund.tell(None, None)) {
        Some(refund) => Outcome::Executed(Resource::Refund(refund)),
        None => replies::says_nothing(NAME, Effect::Read, reply),
    }
}

#[cfg(test)]
mod tests;
