//! Redaction: payloads before they are kept, log lines before they are written.

mod json;
mod names;
mod patterns;
mod text;

use std::borrow::Cow;

use bytes::Bytes;

/// What stands where a secret stood.
const MASK: &str = "[redacted]";

/// Masks a JSON payload for the transaction log and hands it back unchanged, uncopied, where nothing is to be masked.
///
/// Masked by the field's name, at any depth: credentials, tokens, one-time codes, card and account numbers, whole; telephone
/// numbers but for their last four characters; messages to people but for their length (an `error`'s own message stays).
/// Names are compared without case, `_` and `-`. Masked by its looks, in any text: what [`redact_text`] knows. `extra`
/// names more fields to mask whole, as they are written. Valid JSON stays valid; anything else is treated as text.
pub fn redact_json<'a>(body: &'a [u8], extra: &[&str]) -> Cow<'a, [u8]> {
    let opens = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match opens {
        None => Cow::Borrowed(body),
        Some(b'{' | b'[' | b'"') => json::redact(body, extra),
        Some(_) => redact_bytes(body),
    }
}

/// Masks a payload as [`redact_json`] does; shares the bytes where nothing is to be masked.
pub fn redact_payload(body: &Bytes, extra: &[&str]) -> Bytes {
    match redact_json(body, extra) {
        Cow::Borrowed(_) => body.clone(),
        Cow::Owned(masked) => masked.into(),
    }
}

/// Masks what looks like a secret: our keys, Stripe's, Razorpay's, `PayPal`'s and JSON Web tokens, bearer and basic
/// credentials, passwords in addresses, private keys, and the values of names that say so (`password=…`, `"token":"…"`).
/// A line of JSON stays one. Masking twice changes nothing more.
pub fn redact_text(text: &str) -> Cow<'_, str> {
    text::redact(text, text.trim_start().starts_with(['{', '[']))
}

fn redact_bytes(body: &[u8]) -> Cow<'_, [u8]> {
    match redact_text(&String::from_utf8_lossy(body)) {
        Cow::Borrowed(_) => Cow::Borrowed(body),
        Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
    }
}

#[cfg(test)]
mod tests;
