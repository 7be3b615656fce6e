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
    /// To tell the account.
    Account,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default, deserialize_with = "json::lenient")]
    code: Option<u32>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
}

/// Returns the outcome of a reply that is no success.
pub(super) fn outcome(asked: Asked, reply: &Reply) -> Outcome {
    let effect = match asked {
        Asked::Send => Effect::Write,
        Asked::Message | Asked::Account => Effect::Read,
    };
    match refusal(asked, reply) {
        Some(refusal) => Outcome::Rejected(refusal),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns the refusal that a reply is, `None` when it does not say that nothing was done.
pub(super) fn refusal(asked: Asked, reply: &Reply) -> Option<Rejection> {
    let error = json::read::<Error>(reply);
    let code = error.as_ref().and_then(|error| error.code);
    let refusal = match (reply.status, code) {
        (408, _) => None,
        // Not processed: the one failure after which Twilio may be asked again.
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        (400..=499, Some(code)) => by_code(code, reply).or_else(|| by_status(asked, reply)),
        (400..=499, None) => by_status(asked, reply),
        _ => None,
    }?;
    let refusal = for_asked(asked, refusal);
    let code = code.map(|code| code.to_string());
    let message = error.as_ref().and_then(|error| error.message.as_deref());
    Some(rejection::quoting(refusal, Quote { code: code.as_deref(), message }))
}

/// Returns whether a reply says that test credentials may not do this, which Twilio says of known ones only.
pub(super) fn says_test_credentials(reply: &Reply) -> bool {
    reply.status == 403 && json::read::<Error>(reply).is_some_and(|error| error.code == Some(20008))
}

/// Twilio has no such message.
pub(super) fn sms_not_found() -> Rejection {
    rejection::rejection(RejectionClass::NotFound, "sms_not_found", format!("{NAME} has no such message."))
}

/// The tenant's account is suspended or closed.
pub(super) fn account_inactive() -> Rejection {
    let message = format!("The configured {NAME} account is not active.");
    rejection::rejection(RejectionClass::Credentials, "provider_account_inactive", message)
}

/// A message that is not found was asked for; when one was to be sent, it is the account that is not there.
fn for_asked(asked: Asked, refusal: Rejection) -> Rejection {
    match (asked, refusal.class) {
        (Asked::Send | Asked::Account, RejectionClass::NotFound) => rejection::credentials_rejected(NAME),
        _ => refusal,
    }
}

fn by_status(asked: Asked, reply: &Reply) -> Option<Rejection> {
    match (reply.status, asked) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (404, Asked::Message) => Some(sms_not_found()),
        (404, Asked::Send | Asked::Account) => Some(rejection::credentials_rejected(NAME)),
        _ => Some(rejection::provider_rejected(NAME)),
    }
}

/// Returns the refusal for a code of the dictionary that the gateway has a word for.
fn by_code(code: u32, reply: &Reply) -> Option<Rejection> {
    Some(match code {
        20003 | 20008 => rejection::credentials_rejected(NAME),
        20005 | 10001 => account_inactive(),
        20404 => sms_not_found(),
        // 21611: the sender's queue is full.
        20429 | 21611 => rejection::rate_limited(NAME, reply),
        21211 | 21214 | 21217 | 21265 | 21266 | 21268 | 21614 | 21635 => {
            refused("invalid_destination", "to", "The recipient cannot be sent a message.")
        }
        21202 | 21203 | 21215 | 21216 | 21408 | 21612 => {
            refused("destination_not_allowed", "to", "The account may not send to this recipient.")
        }
        21608 | 21219 => {
            refused("recipient_not_verified", "to", "A trial account may send to verified recipients only.")
        }
        21610 => {
            refused("recipient_opted_out", "to", "The recipient has opted out of messages from this sender.")
        }
        21210 | 21212 | 21264 | 21603 | 21606 | 21659 | 21660 | 21661 | 21701 => {
            refused("invalid_sender", "from", "The sender cannot be used.")
        }
        21604 | 21201 => invalid("missing_field", "to", "The message has no recipient."),
        21602 | 21619 => invalid("missing_field", "message", "The message has no text."),
        21617 => invalid("message_too_long", "message", "The message has more than 1600 characters."),
        _ => return None,
    })
}

fn refused(code: &'static str, param: &'static str, message: &str) -> Rejection {
    rejection::about(rejection::rejection(RejectionClass::Refused, code, message), Some(param))
}

fn invalid(code: &'static str, param: &'static str, message: &str) -> Rejection {
    rejection::about(rejection::rejection(RejectionClass::InvalidRequest, code, message), Some(param))
}

#[cfg(test)]
mod tests;
