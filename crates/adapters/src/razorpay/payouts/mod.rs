//! Payouts of RazorpayX: the tenant's money goes to a bank account, a UPI address or a fund account. A file a verb.

mod body;
mod create;
mod destination;
mod find;
mod get;
mod wire;

use domain::{PayoutOperation, Rejection, RejectionClass};

use crate::razorpay::NAME;
use crate::{Context, Exchange, rejection};

/// Plans what is asked of a payout.
///
/// # Errors
/// What Razorpay would refuse as it stands.
pub(super) fn plan(operation: &PayoutOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PayoutOperation::Create(payout) => create::plan(payout),
        PayoutOperation::Get(payout) => get::plan(payout),
    }
}

/// Returns the tenant's RazorpayX account, from which payouts are made.
///
/// # Errors
/// `feature_not_enabled` when the credentials have none.
fn account_number<'a>(context: &Context<'a>) -> Result<&'a str, Rejection> {
    context.credentials.get("account_number").map(domain::Secret::expose).ok_or_else(|| {
        let message = format!(
            "Payouts with {NAME} need the RazorpayX account number (RAZORPAYX_ACCOUNT_NUMBER), which is not configured."
        );
        rejection::rejection(RejectionClass::InvalidRequest, "feature_not_enabled", message)
    })
}

#[cfg(test)]
mod tests;
