//! Payment links at Razorpay. A file a verb.

mod create;
mod find;
mod get;
mod wire;

use domain::{PaymentLinkOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a payment link.
///
/// # Errors
/// What Razorpay would refuse as it stands.
pub(super) fn plan(operation: &PaymentLinkOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PaymentLinkOperation::Create(link) => create::plan(link),
        PaymentLinkOperation::Get(link) => get::plan(link),
    }
}

/// Plans how to find out what became of it. A repeat would be refused for its reference and find the link as well, unless
/// it is refused for something else first: a time to expire at that has come too near.
pub(super) fn look_up(operation: &PaymentLinkOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        PaymentLinkOperation::Create(_) => Some(find::look_up()),
        PaymentLinkOperation::Get(_) => None,
    }
}

#[cfg(test)]
mod tests;
