//! Reading a subscription.

use domain::{Effect, GetSubscription, Outcome, Rejection, Reply, Request};

use super::wire::WireSubscription;
use crate::razorpay::{NAME, calls};
use crate::rejection::{self, Missing};
use crate::single_call::SingleCall;
use crate::{Context, Exchange, request};

/// Plans the reading of a subscription.
///
/// # Errors
/// `subscription_not_found` for what cannot be an id.
pub(super) fn plan(subscription: &GetSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&subscription.provider_subscription_id) {
        return Err(rejection::not_found(NAME, Missing::Subscription));
    }
    Ok(Box::new(SingleCall { operation: subscription.clone(), build, read }))
}

/// Returns the read of a subscription.
pub(super) fn of_id(id: &str) -> Request {
    request::get(format!("/v1/subscriptions/{id}"))
}

fn build(subscription: &GetSubscription, _: &Context<'_>) -> Request {
    of_id(&subscription.provider_subscription_id)
}

fn read(_: &GetSubscription, _: &Context<'_>, reply: &Reply) -> Outcome {
    calls::answer(reply, Effect::Read, Missing::Subscription, |subscription: WireSubscription| {
        subscription.tell(false)
    })
}
