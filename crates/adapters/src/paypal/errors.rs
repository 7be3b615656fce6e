//! PayPal's refusals in the gateway's words. Decides on the HTTP status, then on the issue; texts may change.
//! Source: `checkout_orders_v2`, `payments_payment_v2`, 2024-02-03.

use domain::{Effect, Outcome, Rejection, RejectionClass, Reply};
use serde::Deserialize;

use super::NAME;
use crate::rejection::{self, Quote};
use crate::{json, reply as replies};

#[derive(Deserialize)]
struct Error {
    #[serde(default, deserialize_with = "json::lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "json::nullable")]
    details: Vec<Detail>,
    /// In the shape of the token endpoint, which a dead token may bring elsewhere too.
    #[serde(default, deserialize_with = "json::lenient")]
    error: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default, deserialize_with = "json::lenient")]
    field: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    issue: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    description: Option<String>,
}

impl Error {
    fn issue(&self) -> Option<&str> {
        self.details.first().and_then(|detail| detail.issue.as_deref())
    }

    fn quote(&self) -> Quote<'_> {
        let description = self.details.first().and_then(|detail| detail.description.as_deref());
        Quote {
            code: self.issue().or(self.name.as_deref()).or(self.error.as_deref()),
            message: description.or(self.message.as_deref()).or(self.error_description.as_deref()),
        }
    }

    /// Returns the request field at fault in the gateway's words.
    fn param(&self) -> Option<&'static str> {
        const FIELDS: [(&str, &str); 7] = [
            ("/return_url", "return_url"),
            ("/cancel_url", "cancel_url"),
            ("/email_address", "customer_email"),
            ("/description", "description"),
            ("/currency_code", "currency"),
            ("/value", "amount"),
            ("/amount", "amount"),
        ];
        let field = self.details.first()?.field.as_deref()?;
        FIELDS.into_iter().find(|(end, _)| field.ends_with(end)).map(|(_, param)| param)
    }
}

/// Returns the outcome of a reply that is no success.
pub(super) fn outcome(effect: Effect, reply: &Reply) -> Outcome {
    let error = json::read::<Error>(reply);
    match refusal(error.as_ref(), reply) {
        Some(refusal) => {
            let quote = error.as_ref().map(Error::quote).unwrap_or_default();
            Outcome::Rejected(rejection::quoting(refusal, quote))
        }
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns whether a reply refuses the call for one of these issues.
pub(super) fn has_issue(reply: &Reply, issues: &[&str]) -> bool {
    matches!(reply.status, 400..=499)
        && json::read::<Error>(reply)
            .is_some_and(|error| error.issue().is_some_and(|issue| issues.contains(&issue)))
}

/// Returns the refusal, `None` when the reply does not say that nothing was done.
fn refusal(error: Option<&Error>, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (403, error) => Some(forbidden(error)),
        (404, Some(_)) => Some(rejection::order_not_found(NAME)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        // 409: an earlier request with this key, or on this order, is still at work; a repeat tells what it did.
        (408 | 409, _) => None,
        (400..=499, Some(error)) => by_issue(error),
        _ => None,
    }
}

/// The app's scopes or the account's permissions do not reach; or the edge refused, which writes no JSON.
fn forbidden(error: Option<&Error>) -> Rejection {
    match error.map(Error::issue) {
        None => rejection::provider_rejected(NAME),
        Some(None | Some("PERMISSION_DENIED")) => rejection::credentials_rejected(NAME),
        Some(Some(_)) => rejection::not_enabled(NAME),
    }
}

fn by_issue(error: &Error) -> Option<Rejection> {
    Some(match error.issue() {
        // The first of two requests at a time is at work.
        Some("ORDER_COMPLETION_IN_PROGRESS" | "PREVIOUS_REQUEST_IN_PROGRESS") => return None,
        Some("INVALID_CURRENCY_CODE") => {
            let message = format!("{NAME} does not take this currency.");
            let refusal =
                rejection::rejection(RejectionClass::InvalidRequest, "unsupported_currency", message);
            rejection::about(refusal, Some("currency"))
        }
        Some("DECIMAL_PRECISION" | "DECIMALS_NOT_SUPPORTED") => {
            rejection::amount_too_precise(format!("{NAME} takes this currency with fewer decimals."))
        }
        Some("MAX_CAPTURE_AMOUNT_EXCEEDED") => {
            rejection::invalid_field("amount", "The amount is more than may be captured of this order.")
        }
        Some("AUTH_CAPTURE_CURRENCY_MISMATCH") => {
            rejection::invalid_field("amount", "The amount is not in the order's currency.")
        }
        Some(
            "CANNOT_BE_ZERO_OR_NEGATIVE" | "CANNOT_BE_NEGATIVE" | "MAX_VALUE_EXCEEDED" | "AMOUNT_MISMATCH",
        ) => rejection::about(rejection::provider_rejected(NAME), Some("amount")),
        Some(issue) => by_state(issue)
            .unwrap_or_else(|| rejection::about(rejection::provider_rejected(NAME), error.param())),
        None => rejection::about(rejection::provider_rejected(NAME), error.param()),
    })
}

/// Returns the refusal for an issue with the payer's means or the order's state.
fn by_state(issue: &str) -> Option<Rejection> {
    Some(match issue {
        // The payer goes back to the approval address and chooses other means.
        "INSTRUMENT_DECLINED"
        | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
        | "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR"
        | "CARD_EXPIRED"
        | "AUTHORIZATION_DENIED" => rejection::card_declined(),
        "PAYER_ACTION_REQUIRED" => payer_action_required(),
        "ORDER_NOT_APPROVED" => not_approved(),
        "PREVIOUSLY_CAPTURED" | "PREVIOUSLY_VOIDED" | "CANNOT_BE_VOIDED" => not_cancelable(),
        "ORDER_EXPIRED" | "AUTHORIZATION_EXPIRED" => rejection::order_state("The order has expired."),
        "AUTHORIZATION_VOIDED" => rejection::order_state("The order was canceled."),
        "ORDER_ALREADY_CAPTURED"
        | "ORDER_ALREADY_AUTHORIZED"
        | "ORDER_COMPLETED_OR_VOIDED"
        | "AUTHORIZATION_ALREADY_CAPTURED"
        | "MAX_CAPTURE_COUNT_EXCEEDED" => rejection::order_state("The order is completed."),
        _ => return None,
    })
}

/// The payer has not approved the order yet.
pub(super) fn not_approved() -> Rejection {
    let message = "The payer has not approved the order yet.";
    rejection::rejection(RejectionClass::Conflict, "order_not_approved", message)
}

/// PayPal has no way to give this order up.
pub(super) fn not_cancelable() -> Rejection {
    let message = format!(
        "{NAME} cancels only orders that are authorized and not captured; one that nobody approves or captures expires."
    );
    rejection::rejection(RejectionClass::Conflict, "order_not_cancelable", message)
}

/// The payer must confirm something first, at the approval address.
fn payer_action_required() -> Rejection {
    let message = "The payer has to confirm the payment at the approval address.";
    rejection::rejection(RejectionClass::Declined, "payer_action_required", message)
}

#[cfg(test)]
mod tests;
