//! PayPal's refusals in the gateway's words. Decides on the HTTP status, then on the issue; texts may change.
//! Source: PayPal's `OpenAPI` documents, 2024-02-03.

mod issues;

use domain::{Effect, Outcome, Rejection, Reply};
use serde::Deserialize;

pub(super) use issues::{not_approved, not_cancelable};

use super::NAME;
use super::links::{self, WireLink};
use crate::rejection::{self, Missing, Quote};
use crate::{json, reply as replies};

#[derive(Deserialize)]
struct Error {
    #[serde(default, deserialize_with = "json::lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "json::nullable")]
    details: Vec<Detail>,
    #[serde(default, deserialize_with = "json::nullable")]
    links: Vec<WireLink>,
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

    /// Returns the words that say what it is about: the issue, then the name, which is all that payouts have.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.issue().into_iter().chain(self.name.as_deref())
    }

    /// Returns the request field at fault in the gateway's words. Payouts write `items[0].amount.value`.
    fn param(&self) -> Option<&'static str> {
        const FIELDS: [(&str, &str); 13] = [
            ("/return_url", "return_url"),
            ("/cancel_url", "cancel_url"),
            ("/email_address", "customer_email"),
            ("/description", "description"),
            ("/currency_code", "currency"),
            ("/currency", "currency"),
            ("/value", "amount"),
            ("/amount", "amount"),
            ("/receiver", "destination"),
            ("/plan_id", "plan_id"),
            ("/quantity", "quantity"),
            ("/total_cycles", "total_count"),
            ("/start_time", "trial_days"),
        ];
        let field = self.details.first()?.field.as_deref()?.replace('.', "/");
        FIELDS.into_iter().find(|(end, _)| field.ends_with(end)).map(|(_, param)| param)
    }
}

/// Returns the outcome of a reply that is no success, to a call about an object of this kind.
pub(super) fn outcome(missing: Missing, effect: Effect, reply: &Reply) -> Outcome {
    let error = json::read::<Error>(reply);
    match refusal(error.as_ref(), missing, reply) {
        Some(refusal) => {
            let quote = error.as_ref().map(Error::quote).unwrap_or_default();
            Outcome::Rejected(rejection::quoting(refusal, quote))
        }
        None => replies::says_nothing(NAME, effect, reply),
    }
}

/// Returns whether a reply refuses for one of these issues.
pub(super) fn has_issue(reply: &Reply, issues: &[&str]) -> bool {
    matches!(reply.status, 400..=499)
        && json::read::<Error>(reply)
            .is_some_and(|error| error.issue().is_some_and(|issue| issues.contains(&issue)))
}

/// Returns whether another request on the same object, or an earlier one with the same key, is still at work: neither done nor
/// refused.
pub(super) fn is_in_progress(reply: &Reply) -> bool {
    reply.status == 409 || has_issue(reply, &["ORDER_COMPLETION_IN_PROGRESS", "PREVIOUS_REQUEST_IN_PROGRESS"])
}

/// Returns where a refusal sends the payer's browser.
pub(super) fn payer_address(reply: &Reply) -> Option<String> {
    let error = json::read::<Error>(reply)?;
    links::address(&error.links, &["payer-action", "approve", "redirect"])
}

/// Returns the refusal, `None` when the reply does not say that nothing was done.
fn refusal(error: Option<&Error>, missing: Missing, reply: &Reply) -> Option<Rejection> {
    match (reply.status, error) {
        (401, _) => Some(rejection::credentials_rejected(NAME)),
        (404, Some(_)) => Some(rejection::not_found(NAME, missing)),
        (429, _) => Some(rejection::rate_limited(NAME, reply)),
        // A repeat tells what became of the request that is still at work.
        (408, _) => None,
        _ if is_in_progress(reply) => None,
        // The edge refused, which writes no JSON.
        (403, None) => Some(rejection::provider_rejected(NAME)),
        (status @ 400..=499, Some(error)) => {
            let known = error.words().find_map(|word| issues::refusal(word, missing));
            Some(known.unwrap_or_else(|| if status == 403 { forbidden(error) } else { unlisted(error) }))
        }
        _ => None,
    }
}

/// The app's scopes or the account's permissions do not reach.
fn forbidden(error: &Error) -> Rejection {
    match error.issue() {
        None | Some("PERMISSION_DENIED") => rejection::credentials_rejected(NAME),
        Some(_) => rejection::not_enabled(NAME),
    }
}

/// A rule of PayPal's that has no word of the gateway's own.
fn unlisted(error: &Error) -> Rejection {
    match error.param() {
        Some("destination") => {
            rejection::invalid_destination("destination", format!("{NAME} cannot pay this receiver."))
        }
        param => rejection::about(rejection::provider_rejected(NAME), param),
    }
}

#[cfg(test)]
mod tests;
