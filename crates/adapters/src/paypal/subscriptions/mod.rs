//! Subscriptions at PayPal: to a plan of a product, approved by the payer. A file a verb.

mod billing_plan;
mod cancel;
mod create;
mod get;
mod subscription;

use domain::{Rejection, SubscriptionOperation};

use crate::Exchange;

/// Plans what is asked of a subscription.
///
/// # Errors
/// What PayPal would refuse as it stands.
pub(super) fn plan(operation: &SubscriptionOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        SubscriptionOperation::Create(subscription) => create::plan(subscription),
        SubscriptionOperation::Get(subscription) => get::plan(subscription),
        SubscriptionOperation::Cancel(subscription) => cancel::plan(subscription),
    }
}
