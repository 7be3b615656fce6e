//! Stripe's refusals in the gateway's words. Decides on status and `code`: `type` has four values only and differs between
//! sources. Source: `stripe/openapi` 2023-08-16; Stripe documentation, "Errors", "Advanced error handling".

use domain::{Effect, Outcome, Rejection, RejectionClass, Reply};
use serde::Deserialize;

use super::NAME;
use crate::rejection::{self, Quote};
use crate::{json, reply as replies};

#[derive(Deserialize)]
struct Body {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default, rename = "type", deserialize_with = "json::lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    code: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    decline_code: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    param: Option<String>,
}

impl Error {
    /// Quotes the most exact of Stripe's words.
    fn quote(&self) -> Quote<'_> {
        let code = self.decline_code.as_deref().or(self.code.as_deref()).or(self.kind.as_deref());
        Quote { code, message: self.message.as_deref() }
    }

    /// Returns the request field at fault in the gateway's words.
    fn param(&self) -> Option<&'static str> {
        match self.param.as_deref()? {
            "amount" | "amount_to_capture" => Some("amount"),
            "currency" => Some("currency"),
            "description" => Some("description"),
            "customer" => Some("customer"),
            "receipt_email" => Some("customer_email"),
            param if param.starts_with("metadata") => Some("metadata"),
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

/// Returns the refusal of the key itself, `None` when the reply is about something else.
pub(super) fn credentials_refusal(reply: &Reply) -> Option<Rejection> {
    let error = json::read::<Body>(reply).map(|body| body.error);
    let rejection = refusal(error.as_ref(), reply)?;
    (rejection.class == RejectionClass::Credentials).then(|| quoting(rejection, error.as_ref()))
}

/// Returns the refusal, `None` when the reply does not say that nothing was done. 409 is none: a request with the same
/// idempotency key is under way, and what becomes of that one is what the caller wants to know. The same key again tells.
fn refusal(error: Option<&Error>, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        (409 | 424, _) => None,
        (402, Some(error)) => Some(declined(error)),
        (403, Some(_)) => Some(forbidden()),
        (400..=499, Some(error)) => Some(client_error(error, reply)),
        _ => None,
    }
}

fn client_error(error: &Error, reply: &Reply) -> Rejection {
    if error.kind.as_deref() == Some("card_error") {
        return declined(error);
    }
    match error.code.as_deref() {
        Some("rate_limit") => rejection::rate_limited(NAME, reply),
        Some("secret_key_required" | "api_key_expired") => rejection::credentials_rejected(NAME),
        // A body that names another missing object (a customer) is at fault itself; the path names the order.
        Some("resource_missing") => match error.param() {
            Some(param) => rejection::invalid_field(param, format!("{NAME} has no such {param}.")),
            None => rejection::order_not_found(NAME),
        },
        Some("payment_intent_unexpected_state") => {
            rejection::order_state("The order's status does not allow it.")
        }
        None if reply.status == 404 => rejection::not_enabled(NAME),
        _ => rejection::about(rejection::provider_rejected(NAME), error.param()),
    }
}

fn declined(error: &Error) -> Rejection {
    let codes = [error.decline_code.as_deref(), error.code.as_deref()];
    if codes.contains(&Some("insufficient_funds")) {
        rejection::insufficient_funds()
    } else {
        rejection::card_declined()
    }
}

/// The key is good and may not do this: not a refusal of the credentials.
fn forbidden() -> Rejection {
    let message = format!("The configured {NAME} key lacks the permission for this operation.");
    rejection::rejection(RejectionClass::Refused, "provider_rejected", message)
}

fn quoting(rejection: Rejection, error: Option<&Error>) -> Rejection {
    rejection::quoting(rejection, error.map(Error::quote).unwrap_or_default())
}

#[cfg(test)]
mod tests;
