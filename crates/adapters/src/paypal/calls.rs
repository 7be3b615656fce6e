//! How PayPal is called: the headers and the JSON body that its calls have in common.

use bytes::Bytes;
use domain::{Effect, Request, RetrySafety};
use http::HeaderName;
use serde::Serialize;

use crate::{json, request};

const REQUEST_ID: HeaderName = HeaderName::from_static("paypal-request-id");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns a POST of this body that changes something.
pub(super) fn post<B: Serialize>(path: String, retry: RetrySafety, body: &B) -> Request {
    // The bodies are texts, whole numbers and lists of them: there is nothing in one that JSON cannot say.
    let bytes = serde_json::to_vec(body).map(Bytes::from).unwrap_or_default();
    request::with_body(request::post(path, retry), json::CONTENT_TYPE, bytes)
}

/// Says of a call that it makes something which does nothing by itself.
pub(super) fn preparing(mut request: Request) -> Request {
    request.effect = Effect::Prepare;
    request
}

/// Gives a call its idempotency key.
pub(super) fn with_request_id(mut request: Request, key: &str) -> Request {
    request.headers.push((REQUEST_ID, key.to_owned()));
    request
}

/// Asks for the whole object in return: the default has id, status and links only, or less.
pub(super) fn for_representation(mut request: Request) -> Request {
    request.headers.push((PREFER, "return=representation".to_owned()));
    request
}

/// Gives a call its idempotency key, and asks for the whole object in return.
pub(super) fn keyed(request: Request, key: &str) -> Request {
    for_representation(with_request_id(request, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_its_body_its_key_and_its_wish() {
        let call = keyed(post("/v1/x".to_owned(), RetrySafety::Keyed, &["é", "\""]), "key-1");
        assert_eq!(&*call.body, r#"["é","\""]"#.as_bytes());
        assert_eq!(call.content_type, Some("application/json"));
        let headers: Vec<_> =
            call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers, [("paypal-request-id", "key-1"), ("prefer", "return=representation")]);
        assert_eq!((call.effect, preparing(call.clone()).effect), (Effect::Write, Effect::Prepare));
    }
}
