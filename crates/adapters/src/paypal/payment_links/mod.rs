//! Payment links at PayPal: an invoice that is sent to nobody and paid on PayPal's page. A file a verb.

mod create;
mod get;
mod invoice;
mod look_up;

use domain::{PaymentLinkOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a payment link.
///
/// # Errors
/// What PayPal would refuse as it stands.
pub(super) fn plan(operation: &PaymentLinkOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PaymentLinkOperation::Create(link) => create::plan(link),
        PaymentLinkOperation::Get(link) => get::plan(link),
    }
}

/// Plans how to find out what became of an operation: invoices take no idempotency key, but have a number.
pub(super) fn look_up(operation: &PaymentLinkOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        PaymentLinkOperation::Create(link) => Some(look_up::plan(link)),
        PaymentLinkOperation::Get(_) => None,
    }
}
