//! Text messages at Twilio. A file a verb.

mod get;
mod look_up;
mod message;
mod send;

use domain::{Rejection, SmsOperation};

use crate::Exchange;

/// Plans what is asked of a message.
///
/// # Errors
/// What Twilio would refuse as it stands.
pub(super) fn plan(operation: &SmsOperation) -> Result<Box<dyn Exchange>, Rejection> {
    match operation {
        SmsOperation::Send(sms) => Ok(send::plan(sms)),
        SmsOperation::Get(sms) => get::plan(sms),
    }
}

/// Plans how to find out what became of it.
pub(super) fn look_up(operation: &SmsOperation) -> Option<Box<dyn Exchange>> {
    match operation {
        SmsOperation::Send(sms) => Some(look_up::sent(sms)),
        SmsOperation::Get(_) => None,
    }
}
