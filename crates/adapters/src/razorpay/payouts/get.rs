//! Reading a payout.

use domain::{Effect, GetPayout, Outcome, Rejection, Reply, Request};

use super::wire::WirePayout;
use crate::razorpay::{NAME, calls};
use crate::rejection::{self, Missing};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, request};

/// Plans the reading of a payout.
///
/// # Errors
/// `payout_not_found` for what cannot be an id.
pub(super) fn plan(payout: &GetPayout) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&payout.provider_payout_id) {
        return Err(rejection::not_found(NAME, Missing::Payout));
    }
    Ok(Box::new(SingleCall { operation: payout.clone(), build, read }))
}

fn build(payout: &GetPayout, _: &Context<'_>) -> Request {
    request::get(format!("/v1/payouts/{}", payout.provider_payout_id))
}

fn read(_: &GetPayout, _: &Context<'_>, reply: &Reply) -> Outcome {
    calls::answer(reply, Effect::Read, Missing::Payout, WirePayout::tell)
}
