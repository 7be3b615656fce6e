//! Metadata: what the gateway writes on Stripe's objects, and what of the caller's own pairs still fits beside it.

use domain::{Metadata, Rejection};

use super::NAME;
use super::calls::{cut, given};
use crate::form::Form;
use crate::rejection;

/// Most pairs of metadata on an object.
const MAX_PAIRS: usize = 50;
/// Longest value of a pair, in characters.
const MAX_VALUE_CHARS: usize = 500;

/// Finds what Stripe would read as nested.
///
/// # Errors
/// `invalid_field` for a key with square brackets.
pub(super) fn check(metadata: &Metadata) -> Result<(), Rejection> {
    match metadata.pairs().find(|(key, _)| key.contains(['[', ']'])) {
        Some(_) => {
            let message = format!("{NAME} takes no square brackets in the keys of metadata.");
            Err(rejection::invalid_field("metadata", message))
        }
        None => Ok(()),
    }
}

/// Adds the gateway's own pairs as far as they say something, then what of the caller's still fits. The gateway keeps all
/// of them.
pub(super) fn write(form: Form, gateway: &[(&str, Option<&str>)], caller: &Metadata) -> Form {
    let mut pairs: Vec<(&str, String)> = gateway
        .iter()
        .filter_map(|(key, value)| given(*value).map(|value| (*key, cut(value, MAX_VALUE_CHARS))))
        .collect();
    for (key, value) in caller.pairs() {
        let is_taken = pairs.iter().any(|(taken, _)| *taken == key);
        // An empty value would mean "unset", and there is nothing to unset.
        if !is_taken && !value.is_empty() && pairs.len() < MAX_PAIRS {
            pairs.push((key, value.to_owned()));
        }
    }
    pairs.into_iter().fold(form, |form, (key, value)| form.nested(&["metadata", key], &value))
}
