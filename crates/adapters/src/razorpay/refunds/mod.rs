//! Refunds at Razorpay: always of a payment, which an order's list of payments names. A file a verb.

mod create;
mod find;
mod get;
mod source;
mod wire;

use domain::{RefundOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a refund.
///
/// # Errors
/// What Razorpay would refuse as it stands.
pub(super) fn plan(operation: &RefundOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        RefundOperation::Create(refund) => create::plan(refund),
        RefundOperation::Get(refund) => get::plan(refund),
    }
}

/// Plans how to find out what became of it. A repeat with the same key would tell as well, for as long as Razorpay keeps
/// the key, which it does not promise: the receipt stays.
pub(super) fn look_up(operation: &RefundOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        RefundOperation::Create(refund) => find::look_up(refund),
        RefundOperation::Get(_) => None,
    }
}

#[cfg(test)]
mod tests;
