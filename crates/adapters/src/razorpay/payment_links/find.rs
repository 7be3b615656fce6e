//! Finding a payment link by its reference, which no other link has.

use domain::{NotSent, Outcome, Reply, Request};
use form_urlencoded::byte_serialize;

use super::wire::{Links, WireLink};
use crate::razorpay::calls::not_told;
use crate::razorpay::{NAME, moments};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Looks for a payment link.
pub(super) fn look_up() -> Box<dyn Exchange> {
    Box::new(SingleCall {
        operation: (),
        build: |(), context| request(context),
        read: |(), context, reply| match read(context, reply) {
            // No two links have one reference: the earlier one, and none of this call.
            Outcome::Rejected(_) => Outcome::NotSent(NotSent::NeverArrived),
            found => found,
        },
    })
}

/// Returns the read of the links with our reference.
pub(super) fn request(context: &Context<'_>) -> Request {
    let reference: String = byte_serialize(context.provider_key.as_bytes()).collect();
    request::get(format!("/v1/payment_links?reference_id={reference}"))
}

/// Returns what became of the link with our reference, as the list tells.
pub(super) fn read(context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return not_told(reply);
    }
    let Some(links) = json::read::<Links>(reply) else {
        return not_told(reply);
    };
    // The reference is compared again: a link of somebody else's must never be taken for this one.
    let is_ours = |link: &WireLink| link.reference_id.as_deref() == Some(context.provider_key);
    match links.payment_links.into_iter().find(is_ours) {
        Some(link) if context.is_of_earlier_use(moments::read(link.created_at)) => {
            Outcome::Rejected(rejection::key_reused(NAME))
        }
        Some(link) => link.tell().map_or_else(|| not_told(reply), Outcome::Executed),
        None => Outcome::NotSent(NotSent::NeverArrived),
    }
}
