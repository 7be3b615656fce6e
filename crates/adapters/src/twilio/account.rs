//! The tenant's Twilio account: its path, its authorization, its sender, and whether Twilio knows it.

use domain::{Credentials, Rejection, RejectionClass, Reply, Request, Secret};
use serde::Deserialize;

use super::{NAME, errors};
use crate::{json, rejection, reply as replies, request};

/// Returns a credential without the space or line end that files leave on it: Twilio takes one for a wrong SID.
fn value<'a>(credentials: &'a Credentials, field: &str) -> Option<&'a str> {
    credentials.get(field).map(|value| value.expose().trim()).filter(|value| !value.is_empty())
}

/// The account's messages, as a path names them.
pub(super) const MESSAGES: &str = "Messages";
/// Its calls.
pub(super) const CALLS: &str = "Calls";

/// Returns the path of what the account has, without suffix: `/2010-04-01/Accounts/AC…/Messages`. With an API key too the
/// account stands there.
///
/// # Errors
/// `provider_credentials_rejected` without an account SID that can stand in a path.
pub(super) fn collection_path(credentials: &Credentials, collection: &str) -> Result<String, Rejection> {
    match value(credentials, "account_sid").filter(|sid| request::is_plain_id(sid)) {
        Some(sid) => Ok(format!("/2010-04-01/Accounts/{sid}/{collection}")),
        None => Err(rejection::credentials_rejected(NAME)),
    }
}

/// Returns the authorization: of the account itself, otherwise of an API key.
pub(super) fn authorization(credentials: &Credentials) -> Option<Secret> {
    let pair = |user: &str, password: &str| Some((value(credentials, user)?, value(credentials, password)?));
    let (user, password) =
        pair("account_sid", "auth_token").or_else(|| pair("api_key_sid", "api_key_secret"))?;
    Some(request::basic(user, password))
}

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender<'a> {
    /// A number, a short code or a name.
    From(&'a str),
    /// A pool of senders, of which Twilio picks one.
    MessagingService(&'a str),
}

/// Returns who a message is from: whom the caller names, otherwise the tenant's number, otherwise the tenant's pool.
pub(super) fn sender<'a>(named: Option<&'a str>, credentials: &'a Credentials) -> Option<Sender<'a>> {
    named
        .or_else(|| value(credentials, "from_number"))
        .map(Sender::From)
        .or_else(|| value(credentials, "messaging_service_sid").map(Sender::MessagingService))
}

/// Returns from whom a call is: whom the caller names, otherwise the tenant's number. A pool of senders cannot call.
pub(super) fn caller<'a>(named: Option<&'a str>, credentials: &'a Credentials) -> Option<&'a str> {
    named.or_else(|| value(credentials, "from_number"))
}

/// Returns a read of the account itself.
pub(super) fn verification(credentials: &Credentials) -> Request {
    let sid = value(credentials, "account_sid").filter(|sid| request::is_plain_id(sid));
    // Without a usable SID Twilio is asked all the same, and refuses.
    request::get(format!("/2010-04-01/Accounts/{}.json", sid.unwrap_or("none")))
}

/// Reads the answer to a verification. Test credentials may not read their account, which tells that they are known.
///
/// # Errors
/// `Credentials` when Twilio refused them or closed the account, `RateLimited`, or `Unavailable` when it did not tell.
pub(super) fn read_verification(reply: &Reply) -> Result<(), Rejection> {
    #[derive(Deserialize)]
    struct Account {
        #[serde(default, deserialize_with = "json::lenient")]
        status: Option<String>,
    }
    if replies::is_success(reply) {
        let account = json::read::<Account>(reply).ok_or_else(|| rejection::provider_error(NAME, reply))?;
        return match account.status.as_deref() {
            Some("suspended" | "closed") => Err(errors::account_inactive()),
            _ => Ok(()),
        };
    }
    if errors::says_test_credentials(reply) {
        return Ok(());
    }
    let refusal = errors::refusal(errors::Asked::Account, reply);
    let refusal = refusal.unwrap_or_else(|| rejection::provider_error(NAME, reply));
    Err(match refusal.class {
        RejectionClass::Credentials | RejectionClass::RateLimited | RejectionClass::Unavailable => refusal,
        // Whatever else Twilio has against reading the account, it does not say that the credentials work.
        RejectionClass::NotFound
        | RejectionClass::InvalidRequest
        | RejectionClass::Conflict
        | RejectionClass::KeyReused
        | RejectionClass::Declined
        | RejectionClass::Refused => rejection::credentials_rejected(NAME),
    })
}

#[cfg(test)]
mod tests;
