//! Subscriptions. A verb has a file; `subscription` is how Stripe writes the object.

mod cancel;
mod create;
mod subscription;

use domain::{Effect, GetSubscription, Outcome, Rejection, Reply, Request, Resource, SubscriptionOperation};

use self::subscription::WireSubscription;
use super::errors::Subject;
use super::{NAME, calls, errors};
use crate::rejection::Missing;
use crate::single_call::SingleCall;
use crate::{Context, Exchange, json, rejection, reply as replies, request};

/// Plans what is asked for.
///
/// # Errors
/// Those of a creation; `subscription_not_found` for what cannot be an id.
pub(super) fn plan(operation: &SubscriptionOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        SubscriptionOperation::Create(subscription) => create::plan(subscription),
        SubscriptionOperation::Get(subscription) => {
            check_id(&subscription.provider_subscription_id)?;
            let operation = subscription.clone();
            Ok(Box::new(SingleCall { operation, build: get, read: read_read }))
        }
        SubscriptionOperation::Cancel(subscription) => {
            check_id(&subscription.provider_subscription_id)?;
            Ok(cancel::plan(subscription))
        }
    }
}

fn check_id(id: &str) -> Result<(), Rejection> {
    if request::is_plain_id(id) { Ok(()) } else { Err(rejection::not_found(NAME, Missing::Subscription)) }
}

fn get(subscription: &GetSubscription, _: &Context<'_>) -> Request {
    read_call(&subscription.provider_subscription_id)
}

/// Returns the read of a subscription with what its payer still has to confirm.
fn read_call(id: &str) -> Request {
    let expanded = "expand%5B%5D=latest_invoice.payment_intent&expand%5B%5D=pending_setup_intent";
    calls::read(format!("/v1/subscriptions/{id}?{expanded}"))
}

fn read_read(_: &GetSubscription, context: &Context<'_>, reply: &Reply) -> Outcome {
    read(Effect::Read, context, reply)
}

fn read(effect: Effect, context: &Context<'_>, reply: &Reply) -> Outcome {
    if !replies::is_success(reply) {
        return errors::outcome(Subject::Subscription, effect, reply);
    }
    match json::read::<WireSubscription>(reply).and_then(|subscription| subscription.tell(context)) {
        Some(subscription) => Outcome::Executed(Resource::Subscription(subscription)),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

#[cfg(test)]
mod tests;
