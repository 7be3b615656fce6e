//! Twilio's refusals in the gateway's words. Decides on Twilio's code, then on the HTTP status.
//! Source: Twilio, Error and Warning Dictionary, 2026.

use domain::{Effect, Outcome, Rejection, RejectionClass, Reply};
use serde::Deserialize;

use super::NAME;
use crate::rejection::{self, Quote};
use crate::{json, reply as replies};

/// What Twilio was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To send a message.
    Send,
    /// To tell a message.
    Message,
    /// To place a call.
    Place,
    /// To tell a call.
    Call,
    /// To tell the account.
    Account,
}

#[derive(Default, Deserialize)]
struct Error {
    #[serde(default, deserialize_with = "json::lenient")]
    code: Option<u32>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
}

impl Error {
    /// Returns what a reply tells of an error, as far as it is Twilio's format.
    fn of(reply: &Reply) -> Self {
        json::read(reply).unwrap_or_default()
    }
}

fn quoting(refusal: Rejection, error: &Error) -> Rejection {
    let code = error.code.map(|code| code.to_string());
    rejection::quoting(refusal, Quote { code: code.as_deref(), message: error.message.as_deref() })
}

/// Returns the outcome of a reply that is no success.
pub(super) fn outcome(asked: Asked, reply: &Reply) -> Outcome {
    let effect = match asked {
        Asked::Send | Asked::Place => Effect::Write,
        Asked::Message | Asked::Call | Asked::Account => Effect::Read,
    };
    match refusal(asked, reply) {
        Some(refusal) => Outcome::Rejected(refusal),
        None => match replies::says_nothing(NAME, effect, reply) {
            Outcome::Rejected(refusal) => Outcome::Rejected(quoting(refusal, &Error::of(reply))),
            nothing => nothing,
        },
    }
}

/// Returns the refusal that a reply is, `None` when it does not say that nothing was done.
pub(super) fn refusal(asked: Asked, reply: &Reply) -> Option<Rejection> {
    let error = Error::of(reply);
    let refusal = match (reply.status, error.code) {
        (408, _) => None,
        // Twilio's own trouble, whatever the status: what became of the request is open.
        (_, Some(20500 | 20503 | 20504)) => None,
        // Not processed: the one failure after which Twilio may be asked again.
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        (400..=499, Some(code)) => by_code(code, asked, reply).or_else(|| by_status(asked, reply)),
        (400..=499, None) => by_status(asked, reply),
        _ => None,
    }?;
    Some(quoting(refusal, &error))
}

/// Returns whether a reply says that test credentials may not do this, which Twilio says of known ones only.
pub(super) fn says_test_credentials(reply: &Reply) -> bool {
    reply.status == 403 && Error::of(reply).code == Some(20008)
}

/// Twilio has no such message.
pub(super) fn sms_not_found() -> Rejection {
    rejection::rejection(RejectionClass::NotFound, "sms_not_found", format!("{NAME} has no such message."))
}

/// Twilio has no such call.
pub(super) fn call_not_found() -> Rejection {
    rejection::rejection(RejectionClass::NotFound, "call_not_found", format!("{NAME} has no such call."))
}

/// The tenant's account is suspended or closed.
pub(super) fn account_inactive() -> Rejection {
    let message = format!("The configured {NAME} account is not active.");
    rejection::rejection(RejectionClass::Credentials, "provider_account_inactive", message)
}

/// What is not found was asked for; where nothing was, it is the account that is not there.
fn not_found(asked: Asked) -> Rejection {
    match asked {
        Asked::Message => sms_not_found(),
        Asked::Call => call_not_found(),
        Asked::Send | Asked::Place | Asked::Account => rejection::credentials_rejected(NAME),
    }
}

fn by_status(asked: Asked, reply: &Reply) -> Option<Rejection> {
    match reply.status {
        401 => Some(rejection::credentials_rejected(NAME)),
        404 => Some(not_found(asked)),
        _ => Some(rejection::provider_rejected(NAME)),
    }
}

/// Returns the refusal for a code of the dictionary that the gateway has a word for. Delivery codes (30001 and up) tell why
/// a message did not arrive; should Twilio refuse with one, it means the same.
fn by_code(code: u32, asked: Asked, reply: &Reply) -> Option<Rejection> {
    Some(match code {
        20003 | 20008 => rejection::credentials_rejected(NAME),
        20005 | 10001 | 30002 => account_inactive(),
        20404 => not_found(asked),
        // 21611: the sender's queue is full; 30001: the account's.
        20429 | 21611 | 30001 => rejection::rate_limited(NAME, reply),
        21220 => {
            let message = "The call is in no state for it.";
            rejection::rejection(RejectionClass::Conflict, "invalid_call_state", message)
        }
        _ => return by_recipient(code).or_else(|| by_sender(code)).or_else(|| by_field(code)),
    })
}

fn by_recipient(code: u32) -> Option<Rejection> {
    let (code, message) = match code {
        21211 | 21214 | 21217 | 21265 | 21266 | 21268 | 21614 | 21635 | 30003 | 30005 | 30006 => {
            ("invalid_destination", "The recipient cannot be reached at this number.")
        }
        21202 | 21203 | 21215 | 21216 | 21408 | 21612 | 30004 => {
            ("destination_not_allowed", "The account may not reach this recipient.")
        }
        21608 | 21219 => ("recipient_not_verified", "A trial account reaches verified recipients only."),
        21610 => ("recipient_opted_out", "The recipient has opted out of messages from this sender."),
        _ => return None,
    };
    let refusal = rejection::rejection(RejectionClass::Refused, code, message);
    Some(rejection::about(refusal, Some("to")))
}

fn by_sender(code: u32) -> Option<Rejection> {
    match code {
        21210 | 21212 | 21264 | 21603 | 21606 | 21659 | 21660 | 21661 | 21701 | 30034 => {
            let message = "The sender cannot be used.";
            let refusal = rejection::rejection(RejectionClass::Refused, "invalid_sender", message);
            Some(rejection::about(refusal, Some("from")))
        }
        _ => None,
    }
}

fn by_field(code: u32) -> Option<Rejection> {
    let (code, param, message) = match code {
        21604 | 21201 => ("missing_field", Some("to"), "There is no recipient."),
        21213 => ("missing_field", Some("from"), "There is no caller."),
        21602 | 21619 => ("missing_field", Some("message"), "The message has no text."),
        21617 => ("message_too_long", Some("message"), "The message has more than 1600 characters."),
        21205 => ("invalid_field", Some("url"), "The address cannot be used."),
        // Where to report to is no field of the caller's.
        21609 | 21626 => ("invalid_field", None, "Twilio cannot report the status as asked."),
        _ => return None,
    };
    let refusal = rejection::rejection(RejectionClass::InvalidRequest, code, message);
    Some(rejection::about(refusal, param))
}

#[cfg(test)]
mod tests;
