//! Stripe's idempotency: what is stored under a key, for how long, and what a repeat gets.

use std::hash::{DefaultHasher, Hash, Hasher};

use http::StatusCode;

use crate::{
    exchange::{Answer, Incoming},
    shelf::Shelf,
};

use super::refusal::Refusal;

/// Keys are kept for a day at least; here for a day exactly.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// The most keys kept for one account.
const MOST_KEYS: usize = 50_000;
/// The longest key.
const LONGEST_KEY: usize = 255;

/// The answers stored for one account.
#[derive(Debug)]
pub(super) struct Stored {
    answers: Shelf<StoredAnswer>,
}

#[derive(Debug)]
struct StoredAnswer {
    path: String,
    fingerprint: u64,
    request_id: String,
    at: i64,
    answer: Answer,
}

/// A request that carries a key.
#[derive(Debug)]
pub(super) struct Keyed<'a> {
    pub(super) key: &'a str,
    pub(super) incoming: &'a Incoming,
    pub(super) request_id: &'a str,
    pub(super) now: i64,
    /// Whether another request with this key is under way.
    pub(super) is_in_use: bool,
}

impl Default for Stored {
    fn default() -> Self {
        Self { answers: Shelf::with_capacity(MOST_KEYS) }
    }
}

impl Stored {
    /// Returns the stored answer of a repeat; none when the request is the first with its key.
    pub(super) fn replay(&mut self, request: &Keyed<'_>) -> Result<Option<Answer>, Refusal> {
        let key = request.key;
        if key.chars().count() > LONGEST_KEY {
            let message = format!("Idempotency-Key can be at most {LONGEST_KEY} characters long.");
            return Err(Refusal::request(StatusCode::BAD_REQUEST, None, message));
        }
        if request.is_in_use {
            let message = format!(
                "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): {key}. Please try again later."
            );
            return Err(Refusal::idempotency(StatusCode::CONFLICT, Some("idempotency_key_in_use"), message));
        }
        let is_over = |stored: &StoredAnswer| request.now.saturating_sub(stored.at) >= KEPT_SECONDS;
        if self.answers.get(key).is_some_and(is_over) {
            self.answers.remove(key);
        }
        let Some(stored) = self.answers.get(key) else { return Ok(None) };
        if stored.path != request.incoming.path {
            let message = format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{}' vs '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                request.incoming.path, stored.path
            );
            return Err(Refusal::idempotency(StatusCode::BAD_REQUEST, None, message));
        }
        if stored.fingerprint != fingerprint(request.incoming) {
            let message = format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
            );
            return Err(Refusal::idempotency(StatusCode::BAD_REQUEST, None, message));
        }
        let answer = stored.answer.clone();
        Ok(Some(
            answer
                .with_header("idempotent-replayed", "true")
                .with_header("original-request", &stored.request_id),
        ))
    }

    /// Stores the answer of a request that had begun to execute.
    pub(super) fn store(&mut self, request: &Keyed<'_>, answer: &Answer) {
        let stored = StoredAnswer {
            path: request.incoming.path.clone(),
            fingerprint: fingerprint(request.incoming),
            request_id: request.request_id.to_owned(),
            at: request.now,
            answer: answer.clone(),
        };
        self.answers.insert(request.key, stored);
    }
}

/// Parameters are the same in whatever order and spelling they come.
fn fingerprint(incoming: &Incoming) -> u64 {
    let mut pairs = incoming.form_pairs();
    pairs.sort_unstable();
    let mut hasher = DefaultHasher::new();
    pairs.hash(&mut hasher);
    hasher.finish()
}
