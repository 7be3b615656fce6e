//! Orders at PayPal: the payer approves, then the merchant captures. A file a verb.

mod cancel;
mod capture;
mod create;
mod get;
pub(super) mod order;
mod wire;

use domain::{OrderOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of an order.
///
/// # Errors
/// What PayPal would refuse as it stands.
pub(super) fn plan(operation: &OrderOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        OrderOperation::Create(order) => create::plan(order),
        OrderOperation::Get(order) => get::plan(order),
        OrderOperation::Capture(order) => capture::plan(order),
        OrderOperation::Cancel(order) => cancel::plan(order),
    }
}
