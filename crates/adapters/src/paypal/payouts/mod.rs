//! Payouts at PayPal: a batch of one item, which the gateway knows by the batch's id. A file a verb.

mod create;
mod get;
mod payout;

use domain::{PayoutOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a payout.
///
/// # Errors
/// What PayPal would refuse as it stands.
pub(super) fn plan(operation: &PayoutOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PayoutOperation::Create(payout) => create::plan(payout),
        PayoutOperation::Get(payout) => get::plan(payout),
    }
}
