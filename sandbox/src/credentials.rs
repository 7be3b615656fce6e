//! HTTP Basic credentials, read as strictly as the providers do.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Returns user and password of an `Authorization: Basic …` header; the scheme must be spelled exactly so.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Tells whether the text is one or more ASCII letters and digits.
pub(crate) fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Tells whether the text is two given letters and 32 hexadecimal digits, as Twilio's ids are.
pub(crate) fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_must_be_spelled_exactly() {
        assert_eq!(basic("Basic YTpi"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(basic("basic YTpi"), None);
        assert_eq!(basic("BASIC YTpi"), None);
        assert_eq!(basic("Basic ???"), None);
    }
}
