//! Idempotency keys of refunds and payouts: which request came first with a key, and what it made.

use serde_json::{Map, Value};

use crate::shelf::Shelf;

/// The most keys of one kind that are kept for one merchant.
const MOST_KEYS: usize = 100_000;

/// The keys of one merchant and kind, each with what its first request made.
#[derive(Debug)]
pub(super) struct Replays<T> {
    kept: Shelf<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    target: String,
    body: Map<String, Value>,
    made: T,
    at: i64,
}

/// What a request with a key is compared by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed<'a> {
    pub(super) key: &'a str,
    /// The id in the path; empty where there is none.
    pub(super) target: &'a str,
    pub(super) body: &'a Map<String, Value>,
}

/// What is known of a key.
#[derive(Debug)]
pub(super) enum Repeat<T> {
    /// Nothing, or it is too long ago.
    First,
    /// The same request made this.
    Same(T),
    /// It came with another request.
    Different,
}

impl<T> Default for Replays<T> {
    fn default() -> Self {
        Self { kept: Shelf::with_capacity(MOST_KEYS) }
    }
}

impl<T: Clone> Replays<T> {
    /// Returns what is known of a request's key, as far as it was first used at `since` or later.
    pub(super) fn look_up(&self, request: Keyed<'_>, since: i64) -> Repeat<T> {
        match self.kept.get(request.key).filter(|kept| kept.at >= since) {
            None => Repeat::First,
            Some(kept) if kept.target == request.target && kept.body == *request.body => {
                Repeat::Same(kept.made.clone())
            }
            Some(_) => Repeat::Different,
        }
    }

    /// Remembers what a request made.
    pub(super) fn keep(&mut self, request: Keyed<'_>, made: T, at: i64) {
        let kept = Kept { target: request.target.to_owned(), body: request.body.clone(), made, at };
        self.kept.insert(request.key, kept);
    }
}

/// Tells whether a key is made of letters, digits, `-`, `_` and what else is allowed.
pub(super) fn is_key(key: &str, lengths: std::ops::RangeInclusive<usize>, also: &[u8]) -> bool {
    lengths.contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || also.contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_forgotten_when_its_time_is_over() {
        let mut replays = Replays::default();
        let (one, two) = (json!({"amount": 1}), json!({"amount": 2}));
        let first = Keyed { key: "k", target: "", body: one.as_object().unwrap() };
        let other = Keyed { body: two.as_object().unwrap(), ..first };
        assert!(matches!(replays.look_up(first, 0), Repeat::First));
        replays.keep(first, 7, 100);
        assert!(matches!(replays.look_up(first, 100), Repeat::Same(7)));
        assert!(matches!(replays.look_up(other, 100), Repeat::Different));
        assert!(matches!(replays.look_up(Keyed { target: "x", ..first }, 100), Repeat::Different));
        assert!(matches!(replays.look_up(other, 101), Repeat::First));
    }
}
