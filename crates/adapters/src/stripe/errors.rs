//! Stripe's refusals in the gateway's words. Decides on status and `code`: `type` has four values only and differs between
//! sources. Source: `stripe/openapi` 2023-08-16; Stripe documentation, "Errors", "Advanced error handling".

mod subject;

use domain::{Effect, Outcome, Rejection, RejectionClass, Reply};
use serde::Deserialize;

pub(super) use self::subject::Subject;
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
    fn field(&self, subject: Subject) -> Option<&'static str> {
        subject.field(self.param.as_deref()?)
    }

    /// Returns whether the words, which carry no code of their own, say this.
    fn says(&self, words: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(words))
    }
}

/// Returns the outcome of a reply that is no success.
pub(super) fn outcome(subject: Subject, effect: Effect, reply: &Reply) -> Outcome {
    let error = json::read::<Body>(reply).map(|body| body.error);
    match refusal(subject, error.as_ref(), reply) {
        Some(rejection) => Outcome::Rejected(quoting(rejection, error.as_ref())),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns the refusal of the key itself, `None` when the reply is about something else.
pub(super) fn credentials_refusal(reply: &Reply) -> Option<Rejection> {
    let error = json::read::<Body>(reply).map(|body| body.error);
    let rejection = refusal(Subject::Order, error.as_ref(), reply)?;
    (rejection.class == RejectionClass::Credentials).then(|| quoting(rejection, error.as_ref()))
}

/// Returns the refusal, `None` when the reply does not say that nothing was done. 409 is none: a request with the same
/// idempotency key is under way, and what becomes of that one is what the caller wants to know. The same key again tells.
/// Nor is an `idempotency_error`: an earlier request with this key and other bytes was carried out or not.
fn refusal(subject: Subject, error: Option<&Error>, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        (409 | 424, _) => None,
        (400..=499, Some(error)) if error.kind.as_deref() == Some("idempotency_error") => None,
        (403, Some(_)) => Some(forbidden()),
        (400..=499, Some(error)) => Some(client_error(subject, error, reply)),
        _ => None,
    }
}

fn client_error(subject: Subject, error: &Error, reply: &Reply) -> Rejection {
    let code = error.code.as_deref();
    if code == Some("balance_insufficient") || is_short_of_balance(subject, error) {
        return rejection::insufficient_balance(NAME);
    }
    if reply.status == 402 || error.kind.as_deref() == Some("card_error") {
        return declined(error);
    }
    match code {
        Some("rate_limit" | "lock_timeout") => rejection::rate_limited(NAME, reply),
        Some("secret_key_required" | "api_key_expired" | "platform_api_key_expired") => {
            rejection::credentials_rejected(NAME)
        }
        Some("resource_missing") => subject.not_found(error.field(subject)),
        Some(code) if is_about_account(code) => rejection::not_enabled(NAME),
        None if reply.status == 404 => rejection::not_enabled(NAME),
        Some(code) if is_about_state(code) => subject.wrong_state(),
        Some(code) if is_about_destination(code) && subject == Subject::Payout => {
            rejection::invalid_destination("destination", format!("{NAME} cannot pay this destination."))
        }
        _ if subject.is_refunding() => not_refunded(subject, error),
        _ => rejection::about(rejection::provider_rejected(NAME), error.field(subject)),
    }
}

/// Returns whether the tenant's balance is what does not suffice: in a refund or payout there is nobody else's money.
fn is_short_of_balance(subject: Subject, error: &Error) -> bool {
    subject.is_paid_from_balance() && error.code.as_deref() == Some("insufficient_funds")
}

/// Returns whether the tenant's account is what stands against it.
fn is_about_account(code: &str) -> bool {
    matches!(
        code,
        "payouts_not_allowed"
            | "platform_account_required"
            | "testmode_charges_only"
            | "transfers_not_allowed"
    )
}

fn is_about_state(code: &str) -> bool {
    matches!(
        code,
        "payment_intent_unexpected_state"
            | "intent_invalid_state"
            | "charge_already_captured"
            | "charge_expired_for_capture"
            | "capture_charge_authorization_expired"
            | "capture_unauthorized_payment"
            | "status_transition_invalid"
    )
}

fn is_about_destination(code: &str) -> bool {
    matches!(
        code,
        "account_closed"
            | "account_invalid"
            | "account_number_invalid"
            | "bank_account_bad_routing_numbers"
            | "bank_account_declined"
            | "bank_account_restricted"
            | "bank_account_unusable"
            | "bank_account_unverified"
            | "bank_account_verification_failed"
            | "insufficient_capabilities_for_transfer"
            | "invalid_card_type"
            | "no_account"
            | "not_allowed_on_standard_account"
            | "routing_number_invalid"
    )
}

/// Returns why money does not go back. Two of the reasons have words and no code.
fn not_refunded(subject: Subject, error: &Error) -> Rejection {
    match error.code.as_deref() {
        Some("charge_already_refunded") => rejection::already_refunded(),
        Some("charge_disputed" | "refund_disputed_payment") => {
            rejection::object_state("payment_disputed", "The payer disputes the payment.")
        }
        Some("charge_not_refundable") => {
            rejection::object_state("payment_not_refundable", "The payment can no longer be refunded.")
        }
        _ if error.says("greater than unrefunded amount") => rejection::refund_exceeds_payment(),
        _ if error.says("does not have a successful charge") => rejection::not_paid(),
        _ if error.says("has already been refunded") => rejection::already_refunded(),
        _ => rejection::about(rejection::provider_rejected(NAME), error.field(subject)),
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
mod documented;
#[cfg(test)]
mod tests;
