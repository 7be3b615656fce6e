//! What a provider's reply means before anyone reads its body.

use domain::{Effect, Outcome, Reply, Unknown};

use crate::rejection;

/// Returns whether the provider did what was asked.
pub(crate) const fn is_success(reply: &Reply) -> bool {
    matches!(reply.status, 200..=299)
}

/// Returns the outcome of a reply that says nothing: a 5xx, a redirect, or a success that cannot be read. After a read
/// nothing has changed; after a write nobody knows, and it is to be looked up.
pub(crate) fn says_nothing(provider: &str, effect: Effect, reply: &Reply) -> Outcome {
    match effect {
        Effect::Write => Outcome::Unknown(unreadable(reply)),
        Effect::Read | Effect::Prepare => Outcome::Rejected(rejection::provider_error(provider, reply)),
    }
}

/// Returns that a reply leaves it open what happened.
pub(crate) const fn unreadable(reply: &Reply) -> Unknown {
    Unknown::Unreadable { status: reply.status }
}

#[cfg(test)]
mod tests;
