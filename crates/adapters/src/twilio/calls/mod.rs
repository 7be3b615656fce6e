//! Telephone calls at Twilio. A file a verb.

mod call;
mod get;
mod look_up;
mod place;
mod twiml;

use domain::{CallOperation, Rejection};

use crate::Exchange;

/// Plans what is asked of a call.
///
/// # Errors
/// What Twilio would refuse as it stands.
pub(super) fn plan(operation: &CallOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        CallOperation::Place(call) => place::plan(call),
        CallOperation::Get(call) => get::plan(call),
    }
}

/// Plans how to find out what became of it.
pub(super) fn look_up(operation: &CallOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        CallOperation::Place(call) => Some(look_up::placed(call)),
        CallOperation::Get(_) => None,
    }
}

#[cfg(test)]
mod tests;
