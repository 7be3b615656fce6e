//! Orders at Razorpay, and the payments behind them. A file a verb.

mod capture;
mod create;
mod look_up;
mod read;
mod wire;

use domain::{OperationKind, OrderOperation, Rejection};

use crate::razorpay::NAME;
use crate::{Exchange, rejection};

/// Plans what is asked of an order.
///
/// # Errors
/// What Razorpay would refuse as it stands.
pub(super) fn plan(operation: &OrderOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        OrderOperation::Create(order) => create::plan(order),
        OrderOperation::Get(order) => read::plan(order),
        OrderOperation::Capture(order) => capture::plan(order),
        // An order cannot be given up at Razorpay: it just stays unpaid.
        OrderOperation::Cancel(_) => {
            Err(rejection::operation_not_supported(NAME, OperationKind::OrdersCancel))
        }
    }
}

/// Plans how to find out what became of it.
pub(super) fn look_up(operation: &OrderOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        OrderOperation::Create(_) => Some(look_up::created()),
        OrderOperation::Capture(order) => look_up::captured(order),
        OrderOperation::Get(_) | OrderOperation::Cancel(_) => None,
    }
}
