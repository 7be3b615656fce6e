//! Subscriptions at Razorpay, and the plans that are made for them. A file a verb.

mod cancel;
mod create;
mod get;
mod look_up;
mod plan;
mod wire;

use domain::{Rejection, SubscriptionOperation};

use crate::Exchange;

/// Plans what is asked of a subscription.
///
/// # Errors
/// What Razorpay would refuse as it stands.
pub(super) fn plan(operation: &SubscriptionOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        SubscriptionOperation::Create(subscription) => create::plan(subscription),
        SubscriptionOperation::Get(subscription) => get::plan(subscription),
        SubscriptionOperation::Cancel(subscription) => cancel::plan(subscription),
    }
}

/// Plans how to find out what became of it.
pub(super) fn look_up(operation: &SubscriptionOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        SubscriptionOperation::Create(subscription) => Some(look_up::created(subscription)),
        SubscriptionOperation::Cancel(subscription) => look_up::canceled(subscription),
        SubscriptionOperation::Get(_) => None,
    }
}

#[cfg(test)]
mod tests;
