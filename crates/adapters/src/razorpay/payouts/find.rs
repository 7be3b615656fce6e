//! Finding a payout by its reference among those of the tenant's account.

use domain::{NotSent, Outcome, Rejection, Reply, Request};
use form_urlencoded::byte_serialize;

use super::account_number;
use super::wire::WirePayout;
use crate::razorpay::calls::not_told;
use crate::razorpay::payments::Collection;
use crate::{Context, Exchange, Step, json, reply as replies, request};

/// Looks for a payout.
pub(super) fn look_up() -> Box<dyn Exchange> {
    Box::new(Finding)
}

struct Finding;

impl Exchange for Finding {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        match request(context) {
            Ok(request) => Step::Call(Box::new(request)),
            Err(rejection) => Step::Done(Outcome::Rejected(rejection)),
        }
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        Step::Done(read(context, reply))
    }
}

/// Returns the read of the payouts with our reference.
///
/// # Errors
/// `feature_not_enabled` without the tenant's account number.
pub(super) fn request(context: &Context<'_>) -> Result<Request, Rejection> {
    let account: String = byte_serialize(account_number(context)?.as_bytes()).collect();
    let reference: String = byte_serialize(context.provider_key.as_bytes()).collect();
    Ok(request::get(format!("/v1/payouts?account_number={account}&reference_id={reference}")))
}

/// Returns what became of the payout with our reference, as the list tells.
pub(super) fn read(context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return not_told(reply);
    }
    let Some(payouts) = json::read::<Collection<WirePayout>>(reply) else {
        return not_told(reply);
    };
    // The reference is compared again: a payout of somebody else's must never be taken for this one.
    let is_ours = |payout: &WirePayout| payout.reference_id.as_deref() == Some(context.provider_key);
    match payouts.items.into_iter().find(is_ours) {
        Some(payout) => payout.tell().map_or_else(|| not_told(reply), Outcome::Executed),
        None => Outcome::NotSent(NotSent::NeverArrived),
    }
}
