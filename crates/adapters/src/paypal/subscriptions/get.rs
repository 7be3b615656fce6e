//! Reading a subscription.

use domain::{GetSubscription, Outcome, Rejection, Reply, Request, Resource};

use super::subscription;
use crate::paypal::NAME;
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, rejection, request};

/// Plans a read.
///
/// # Errors
/// `subscription_not_found` for what cannot be an id.
pub(super) fn plan(subscription: &GetSubscription) -> Result<Box<dyn Exchange>, Rejection> {
    if !request::is_plain_id(&subscription.provider_subscription_id) {
        return Err(rejection::not_found(NAME, Missing::Subscription));
    }
    Ok(Box::new(SingleCall { operation: subscription.clone(), build, read }))
}

fn build(get: &GetSubscription, _: &Context<'_>) -> Request {
    subscription::read_request(&get.provider_subscription_id)
}

fn read(_: &GetSubscription, context: &Context<'_>, reply: &Reply) -> Outcome {
    match subscription::read(reply, context.started_at) {
        Ok(subscription) => Outcome::Executed(Resource::Subscription(subscription)),
        Err(outcome) => outcome,
    }
}
