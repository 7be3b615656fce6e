//! Building provider requests: what every adapter would otherwise write out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{Effect, Request, RetrySafety, Secret};
use http::Method;

/// Longest id of a provider's object, in characters; Stripe promises at most 255 and the others have less.
const MAX_ID_CHARS: usize = 255;

/// Returns a read of a path.
pub(crate) const fn get(path: String) -> Request {
    Request {
        method: Method::GET,
        path,
        headers: Vec::new(),
        authorization: None,
        content_type: None,
        body: Bytes::new(),
        effect: Effect::Read,
        retry: RetrySafety::Harmless,
    }
}

/// Returns a POST that changes something and has no body.
pub(crate) const fn post(path: String, retry: RetrySafety) -> Request {
    Request {
        method: Method::POST,
        path,
        headers: Vec::new(),
        authorization: None,
        content_type: None,
        body: Bytes::new(),
        effect: Effect::Write,
        retry,
    }
}

/// Gives a request a body of this type.
pub(crate) fn with_body(mut request: Request, content_type: &'static str, body: Bytes) -> Request {
    request.content_type = Some(content_type);
    request.body = body;
    request
}

/// Returns the value of `Authorization` for HTTP basic authentication, spelled `Basic`: Razorpay refuses any other case.
pub(crate) fn basic(user: &str, password: &str) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// Returns the value of `Authorization` for a bearer token.
pub(crate) fn bearer(token: &str) -> Secret {
    Secret::new(format!("Bearer {token}"))
}

/// Returns whether a caller's text can be a provider's id and may stand in a path as it is. Whatever else a caller writes
/// there (slashes, dots, a query) names no object, and must not reach another route of the provider.
pub(crate) fn is_plain_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.len() <= MAX_ID_CHARS && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests;
