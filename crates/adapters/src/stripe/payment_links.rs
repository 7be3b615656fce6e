//! Payment links. A verb has a file; `link` is how Stripe writes them and what belongs to them.

mod create;
mod link;
mod read;

use domain::{PaymentLinkOperation, Rejection};

use super::NAME;
use crate::rejection::Missing;
use crate::{Exchange, rejection, request};

/// Plans what is asked for.
///
/// # Errors
/// Those of a creation; `payment_link_not_found` for what cannot be an id.
pub(super) fn plan(operation: &PaymentLinkOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        PaymentLinkOperation::Create(link) => create::plan(link),
        PaymentLinkOperation::Get(link) if request::is_plain_id(&link.provider_link_id) => {
            Ok(read::plan(link))
        }
        PaymentLinkOperation::Get(_) => Err(rejection::not_found(NAME, Missing::PaymentLink)),
    }
}

#[cfg(test)]
mod tests;
