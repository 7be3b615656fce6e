//! Reading a payout: its batch, in which the item tells how far it is.

use domain::{GetPayout, Outcome, Rejection, Reply, Request, Resource};

use super::payout;
use crate::paypal::NAME;
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, rejection, request};

/// Plans a read.
///
/// # Errors
/// `payout_not_found` for what cannot be an id.
pub(super) fn plan(payout: &GetPayout) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&payout.provider_payout_id) {
        return Err(rejection::not_found(NAME, Missing::Payout));
    }
    Ok(Box::new(SingleCall { operation: payout.clone(), build, read }))
}

fn build(get: &GetPayout, _: &Context<'_>) -> Request {
    payout::read_request(&get.provider_payout_id)
}

fn read(_: &GetPayout, _: &Context<'_>, reply: &Reply) -> Outcome {
    match payout::read(reply, None) {
        Ok(payout) => Outcome::Executed(Resource::Payout(payout)),
        Err(outcome) => outcome,
    }
}
