//! Reading the fields of a PayPal body: texts of bounded length, words from a list, whole numbers, flags, moments. Unknown fields
//! are ignored.

use std::ops::RangeInclusive;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::refusal::Refusal;

/// Returns a text of at most this many characters.
pub(super) fn text(
    object: &Value,
    name: &str,
    path: &str,
    longest: usize,
) -> Result<Option<String>, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() && text.chars().count() <= longest => {
            Ok(Some(text.clone()))
        }
        Some(Value::String(text)) => {
            Err(Refusal::issue("INVALID_STRING_LENGTH").at(format!("{path}/{name}")).with_value(text))
        }
        Some(_) => Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"))),
    }
}

/// Returns a word that must be one of the list.
pub(super) fn word(
    object: &Value,
    name: &str,
    path: &str,
    words: &[&'static str],
) -> Result<Option<&'static str>, Refusal> {
    let Some(given) = text(object, name, path, 255)? else { return Ok(None) };
    match words.iter().find(|word| **word == given) {
        Some(word) => Ok(Some(word)),
        None => {
            Err(Refusal::issue("INVALID_PARAMETER_VALUE").at(format!("{path}/{name}")).with_value(&given))
        }
    }
}

/// Returns the refusal of a field that must be there.
pub(super) fn missing(path: impl Into<Box<str>>) -> Refusal {
    Refusal::issue("MISSING_REQUIRED_PARAMETER").at(path)
}

/// Returns a text between these lengths; catalog and subscriptions say which end was missed.
pub(super) fn sized(
    object: &Value,
    name: &str,
    path: &str,
    lengths: RangeInclusive<usize>,
) -> Result<Option<String>, Refusal> {
    let text = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"))),
    };
    let count = text.chars().count();
    let issue = if count < *lengths.start() {
        "INVALID_STRING_MIN_LENGTH"
    } else if count > *lengths.end() {
        "INVALID_STRING_MAX_LENGTH"
    } else {
        return Ok(Some(text.clone()));
    };
    Err(Refusal::issue(issue).at(format!("{path}/{name}")).with_value(text))
}

/// Returns a whole number within the range.
pub(super) fn number(
    object: &Value,
    name: &str,
    path: &str,
    range: RangeInclusive<i64>,
) -> Result<Option<i64>, Refusal> {
    let at = |issue: &str| Refusal::issue(issue).at(format!("{path}/{name}"));
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            None => Err(at("INVALID_PARAMETER_SYNTAX")),
            Some(number) if number < *range.start() => Err(at("INVALID_INTEGER_MIN_VALUE")),
            Some(number) if number > *range.end() => Err(at("INVALID_INTEGER_MAX_VALUE")),
            Some(number) => Ok(Some(number)),
        },
    }
}

/// Returns true or false.
pub(super) fn flag(object: &Value, name: &str, path: &str) -> Result<Option<bool>, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"))),
    }
}

/// Refuses members that the sandbox would have to calculate with and does not.
pub(super) fn without(object: &Value, path: &str, names: &[&str]) -> Result<(), Refusal> {
    let found = names.iter().find(|name| object.get(**name).is_some_and(|value| !value.is_null()));
    match found {
        None => Ok(()),
        Some(name) => Err(Refusal::issue("NOT_SUPPORTED")
            .at(format!("{path}/{name}"))
            .saying(&format!("The sandbox does not simulate {name} here."))),
    }
}

/// Returns a moment in Unix seconds, written as RFC 3339 has it.
pub(super) fn moment(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(moment.unix_timestamp())
}
