//! Reading provider JSON without being picky: what is missing, null or of another shape than documented is no error.

use domain::Reply;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The content type of a JSON body.
pub(crate) const CONTENT_TYPE: &str = "application/json";

/// Returns the reply's body as a `T`, `None` when it is none. The fields of `T` decide what is needed; the rest is skipped.
pub(crate) fn read<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    serde_json::from_slice(&reply.body).ok()
}

/// For `#[serde(default, deserialize_with = "json::lenient")]`: a value of another shape than `T` is `None` and no error.
/// Providers write `[]`, `""`, `null` or an id where an object may stand.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(match Shape::deserialize(deserializer)? {
        Shape::Expected(value) => Some(value),
        Shape::Other(_) => None,
    })
}

/// For `#[serde(default, deserialize_with = "json::nullable")]`: null is the same as missing.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape<T> {
    Expected(T),
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests;
