//! Finding the payout that took an idempotency key, by its reference among those of the tenant's account.

use domain::{Outcome, Rejection, Reply, Request};
use form_urlencoded::byte_serialize;

use super::account_number;
use super::wire::WirePayout;
use crate::razorpay::calls::not_told;
use crate::razorpay::payments::Collection;
use crate::razorpay::{NAME, moments};
use crate::{Context, json, rejection, reply as replies, request};

/// Returns the read of the payouts with our reference.
///
/// # Errors
/// `feature_not_enabled` without the tenant's account number.
pub(super) fn request(context: &Context<'_>) -> Result<Request, Rejection> {
    let account: String = byte_serialize(account_number(context)?.as_bytes()).collect();
    let reference: String = byte_serialize(context.provider_key.as_bytes()).collect();
    Ok(request::get(format!("/v1/payouts?account_number={account}&reference_id={reference}")))
}

/// Returns what became of the payout with our reference, as the list tells. One of another amount is another call's; one that
/// does not show yet is not known.
pub(super) fn read(paise: i64, context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return not_told(reply);
    }
    let Some(payouts) = json::read::<Collection<WirePayout>>(reply) else {
        return not_told(reply);
    };
    // The reference is compared again: a payout of somebody else's must never be taken for this one.
    let is_ours = |payout: &WirePayout| payout.reference_id.as_deref() == Some(context.provider_key);
    match payouts.items.into_iter().find(is_ours) {
        Some(payout)
            if payout.amount != paise || context.is_of_earlier_use(moments::read(payout.created_at)) =>
        {
            Outcome::Rejected(rejection::key_reused(NAME))
        }
        Some(payout) => payout.tell().map_or_else(|| not_told(reply), Outcome::Executed),
        None => not_told(reply),
    }
}
