//! Refunds at PayPal: of a capture, which an order leads to. A file a verb.

mod create;
mod get;
mod refund;

use domain::{RefundOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a refund.
///
/// # Errors
/// What PayPal would refuse as it stands.
pub(super) fn plan(operation: &RefundOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        RefundOperation::Create(refund) => create::plan(refund),
        RefundOperation::Get(refund) => get::plan(refund),
    }
}
