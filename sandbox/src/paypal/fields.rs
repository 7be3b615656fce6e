//! Reading request fields of a PayPal body: texts of bounded length and words from a list. Unknown fields are ignored.

use serde_json::Value;

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
