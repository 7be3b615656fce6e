//! Razorpay's refusals in the gateway's words. Decides on the HTTP status first, and on the description only where
//! Razorpay says it nowhere else. Source: `razorpay/markdown-docs`, `errors`, `api/*`, 2026-04-09.

use domain::{Effect, Outcome, Rejection, Reply};
use serde::Deserialize;

use super::NAME;
use crate::rejection::{self, Quote};
use crate::{json, reply as replies};

#[derive(Deserialize)]
struct Body {
    error: Error,
}

/// Fields may be missing, null, or the texts `null` and `NA`.
#[derive(Deserialize)]
struct Error {
    #[serde(default, deserialize_with = "json::lenient")]
    code: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    description: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    field: Option<String>,
}

impl Error {
    fn says(&self, text: &str) -> bool {
        self.description.as_deref().is_some_and(|description| contains_ignoring_case(description, text))
    }

    fn quote(&self) -> Quote<'_> {
        Quote { code: meant(self.code.as_deref()), message: meant(self.description.as_deref()) }
    }

    /// Returns the request field at fault in the gateway's words.
    fn param(&self) -> Option<&'static str> {
        match self.field.as_deref() {
            Some("amount") => Some("amount"),
            Some("currency") => Some("currency"),
            Some("notes") => Some("metadata"),
            _ => None,
        }
    }
}

/// Returns the outcome of a reply that is no success.
pub(super) fn outcome(effect: Effect, reply: &Reply) -> Outcome {
    let error = json::read::<Body>(reply).map(|body| body.error);
    match refusal(error.as_ref(), reply) {
        Some(rejection) => Outcome::Rejected(quoting(rejection, error.as_ref())),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns the refusal that a reply to a read is, or that Razorpay is out of order.
pub(super) fn read_refusal(reply: &Reply) -> Rejection {
    let error = json::read::<Body>(reply).map(|body| body.error);
    let rejection = refusal(error.as_ref(), reply).unwrap_or_else(|| rejection::provider_error(NAME, reply));
    quoting(rejection, error.as_ref())
}

/// Returns whether a refused capture says that the money was taken before.
pub(super) fn is_captured_already(reply: &Reply) -> bool {
    reply.status == 400
        && json::read::<Body>(reply).is_some_and(|body| {
            // The second text was met in practice and is not documented.
            body.error.says("already paid") || body.error.says("already been captured")
        })
}

/// Returns whether a refused creation says that there is an order with this receipt. Documented in one place and
/// contradicted in another.
pub(super) fn is_receipt_taken(reply: &Reply) -> bool {
    reply.status == 400
        && json::read::<Body>(reply).is_some_and(|body| body.error.says("receipt should be unique"))
}

/// Returns the refusal, `None` when the reply does not say that nothing was done.
fn refusal(error: Option<&Error>, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        (400..=499, Some(error)) => Some(client_error(error)),
        _ => None,
    }
}

fn client_error(error: &Error) -> Rejection {
    if error.says("Authentication failed") || error.says("api key provided is invalid") {
        return rejection::credentials_rejected(NAME);
    }
    if error.says("id provided does not exist") || error.says("is not a valid id") {
        return rejection::order_not_found(NAME);
    }
    if error.says("requested URL was not found") {
        return rejection::not_enabled(NAME);
    }
    rejection::about(rejection::provider_rejected(NAME), error.param())
}

fn quoting(rejection: Rejection, error: Option<&Error>) -> Rejection {
    rejection::quoting(rejection, error.map(Error::quote).unwrap_or_default())
}

fn meant(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !matches!(*text, "" | "NA" | "null"))
}

fn contains_ignoring_case(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests;
