//! Razorpay's refusals in the gateway's words. Decides on the HTTP status and the code first, and on the description only
//! where Razorpay says it nowhere else. Source: `razorpay/markdown-docs`, `errors`, `api/*`, 2026-04-09.

use domain::{Effect, Outcome, Rejection, Reply};
use serde::Deserialize;

use super::NAME;
use crate::rejection::{self, Missing, Quote};
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
    reason: Option<String>,
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

    /// Returns the request field at fault in the gateway's words. Razorpay names a nested one by its path or its last part.
    fn param(&self) -> Option<&'static str> {
        let field = self.field.as_deref()?;
        Some(match field.rsplit('.').next().unwrap_or(field) {
            "amount" => "amount",
            "currency" => "currency",
            "notes" => "metadata",
            "description" => "description",
            "plan_id" => "plan_id",
            "total_count" => "total_count",
            "quantity" => "quantity",
            "start_at" => "trial_days",
            "period" | "interval" => "plan.interval",
            "expire_by" => "expires_at",
            "callback_url" => "return_url",
            "fund_account_id" | "fund_account" => "destination",
            "ifsc" => "destination.ifsc",
            "address" | "vpa" => "destination.address",
            "purpose" => "purpose",
            "narration" => "narration",
            "email" => "customer.email",
            "contact" => "customer.phone",
            _ => return None,
        })
    }

    /// Returns whether the fault lies behind Razorpay or in it, so that it may have done its part nevertheless.
    fn is_theirs(&self) -> bool {
        matches!(self.code.as_deref(), Some("SERVER_ERROR" | "GATEWAY_ERROR"))
            || self.reason.as_deref().is_some_and(|reason| THEIR_REASONS.contains(&reason))
    }
}

/// Reasons that lie with Razorpay or its bank.
const THEIR_REASONS: [&str; 5] =
    ["gateway_down", "gateway_technical_error", "gateway_timeout", "server_error", "server_error_temporary"];

/// Reasons that lie with the payee's account or address.
const DESTINATION_REASONS: [&str; 10] = [
    "bank_account_closed",
    "bank_account_frozen",
    "bank_account_invalid",
    "beneficiary_account_dormant",
    "beneficiary_account_invalid",
    "beneficiary_bank_rejected",
    "beneficiary_vpa_invalid",
    "imps_not_allowed",
    "invalid_beneficiary",
    "invalid_ifsc_code",
];

/// Reasons that lie with the size of the amount.
const AMOUNT_REASONS: [&str; 3] =
    ["amount_limit_exhausted", "amount_limit_exhausted_neft", "transaction_limit_exceeded"];

/// Returns the outcome of a reply that is no success; `missing` is what an id that does not exist was meant to name.
pub(super) fn outcome(effect: Effect, missing: Missing, reply: &Reply) -> Outcome {
    let error = json::read::<Body>(reply).map(|body| body.error);
    match refusal(error.as_ref(), missing, reply) {
        Some(rejection) => Outcome::Rejected(quoting(rejection, error.as_ref())),
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns the refusal that a reply to a verification is, or that Razorpay is out of order.
pub(super) fn read_refusal(reply: &Reply) -> Rejection {
    let error = json::read::<Body>(reply).map(|body| body.error);
    let rejection = refusal(error.as_ref(), Missing::Order, reply)
        .unwrap_or_else(|| rejection::provider_error(NAME, reply));
    quoting(rejection, error.as_ref())
}

/// Returns whether a refused capture says that the money was taken before.
pub(super) fn is_captured_already(reply: &Reply) -> bool {
    // The second text was met in practice and is not documented.
    refuses_with(reply, &["already paid", "already been captured"])
}

/// Returns whether a refused creation says that there is an order with this receipt. Documented in one place and
/// contradicted in another.
pub(super) fn is_receipt_taken(reply: &Reply) -> bool {
    refuses_with(reply, &["receipt should be unique"])
}

/// Returns whether a refused creation says that there is, or was tried, a payment link with this reference.
pub(super) fn is_reference_taken(reply: &Reply) -> bool {
    refuses_with(reply, &["reference ID already attempted"])
}

/// Returns whether a refusal says that another body was sent with this idempotency key: a call of this same transaction
/// arrived before, for the key belongs to nothing else.
pub(super) fn is_key_taken(reply: &Reply) -> bool {
    refuses_with(reply, KEY_TAKEN)
}

/// Returns whether a refused cancellation says that the subscription has ended.
pub(super) fn is_ended_already(reply: &Reply) -> bool {
    refuses_with(reply, &["is not cancellable"])
}

/// Refunds say it with 409, payouts with 400.
const KEY_TAKEN: &[&str] = &[
    "Different request with the same idempotency key",
    "Different request body sent for the same Idempotency",
];

fn refuses_with(reply: &Reply, texts: &[&str]) -> bool {
    matches!(reply.status, 400 | 409)
        && json::read::<Body>(reply).is_some_and(|body| texts.iter().any(|text| body.error.says(text)))
}

/// Returns the refusal, `None` when the reply does not say that nothing was done.
fn refusal(error: Option<&Error>, missing: Missing, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        // The first call with this key is still at work: what it does is not known yet.
        (409, Some(error)) if error.says("still in progress") => None,
        (400..=499, Some(error)) if !error.is_theirs() => Some(client_error(error, missing)),
        _ => None,
    }
}

fn client_error(error: &Error, missing: Missing) -> Rejection {
    by_description(error, missing)
        .or_else(|| by_reason(error))
        .unwrap_or_else(|| rejection::about(rejection::provider_rejected(NAME), error.param()))
}

/// Where only the description tells what is wrong.
fn by_description(error: &Error, missing: Missing) -> Option<Rejection> {
    let says = |texts: &[&str]| texts.iter().any(|text| error.says(text));
    Some(
        if says(&["Authentication failed", "api key provided is invalid", "key/secret provided is invalid"]) {
            rejection::credentials_rejected(NAME)
        } else if says(&["id provided does not exist", "is not a valid id"]) {
            rejection::not_found(NAME, missing)
        } else if says(&["requested URL was not found", "not supported in Test Mode"]) {
            rejection::not_enabled(NAME)
        } else if says(&["has been fully refunded already"]) {
            rejection::already_refunded()
        } else if says(&["greater than amount captured"]) {
            rejection::refund_exceeds_payment()
        } else if says(&["payment status should be captured"]) {
            // Met in practice, and not documented.
            rejection::not_paid()
        } else if says(&["does not have enough balance"]) {
            rejection::insufficient_balance(NAME)
        } else if says(&["is not cancellable"]) {
            rejection::object_state("invalid_subscription_state", "The subscription has ended already.")
        } else if says(&["cannot cancel or expire"]) {
            rejection::object_state(
                "invalid_payment_link_state",
                "The payment link was paid or has ended already.",
            )
        } else if says(&["atleast 15 minutes in future"]) {
            rejection::invalid_field("expires_at", "Razorpay takes times at least 15 minutes ahead.")
        } else if says(KEY_TAKEN) {
            let message = "Razorpay was sent another request with the same idempotency key.";
            rejection::key_reused_as_told(message)
        } else {
            return None;
        },
    )
}

fn by_reason(error: &Error) -> Option<Rejection> {
    let reason = error.reason.as_deref()?;
    if reason == "insufficient_funds" {
        Some(rejection::insufficient_balance(NAME))
    } else if DESTINATION_REASONS.contains(&reason) {
        let param = if reason == "invalid_ifsc_code" { "destination.ifsc" } else { "destination" };
        Some(rejection::invalid_destination(param, "The payee's account or address cannot be paid."))
    } else if AMOUNT_REASONS.contains(&reason) {
        Some(rejection::about(rejection::provider_rejected(NAME), Some("amount")))
    } else {
        None
    }
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
