//! An answer with its headers in one piece of bytes, as the ledger keeps it, and how what came of a passthrough is worded.

use std::sync::atomic::Ordering;

use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use domain::{Outcome, ProxyReply, RejectionClass, Resource, TransactionId};

use super::headers;
use super::upload::Excess;
use crate::http::MAX_BODY_BYTES;
use crate::http::error::ApiError;
use crate::http::v1::events;
use crate::pipeline::{Completion, News, Present, is_kept_in_log};

/// Names the logged transaction in every answer: the body is the provider's.
pub(super) const TRANSACTION_ID: &str = "x-transaction-id";
/// Longest answer that is kept for repeats of an idempotency key, headers included, in bytes.
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// Words what came of a passthrough.
pub(super) struct Wording {
    /// Longest body, in bytes, and whether this one was cut short for being longer.
    pub(super) most: u64,
    /// Set while the body is being sent.
    pub(super) excess: Excess,
    /// Whether the request may be sent again after an unknown outcome.
    pub(super) is_repeatable: bool,
}

impl Present for Wording {
    fn present(&self, completion: &Completion<'_>) -> (u16, Bytes) {
        match completion.outcome {
            Outcome::Executed(Resource::Proxy(reply)) => {
                (reply.status, pack_reply(reply, completion.transaction))
            }
            _ => pack_error(&self.error_of(completion), completion.transaction),
        }
    }

    fn logged(&self, body: &Bytes) -> Bytes {
        let (headers, body) = unpack(body);
        let content_type = headers.iter().find(|(name, _)| name.as_str() == "content-type");
        let content_type = content_type.and_then(|(_, value)| value.to_str().ok()).unwrap_or_default();
        if is_kept_in_log(content_type, body.len()) { body } else { Bytes::new() }
    }

    fn kept(&self, completion: &Completion<'_>, body: &Bytes) -> Option<(u16, Bytes)> {
        match completion.outcome {
            Outcome::Executed(Resource::Proxy(reply)) if body.len() > MAX_KEPT_BYTES => {
                Some(pack_error(&ApiError::answer_not_kept(reply.status), completion.transaction))
            }
            _ => None,
        }
    }

    fn tell(&self, news: &News<'_>) -> Bytes {
        events::write(news)
    }
}

impl Wording {
    fn error_of(&self, completion: &Completion<'_>) -> ApiError {
        let provider = completion.provider;
        let error = match completion.outcome {
            // Another thing than the one that was asked for: the exchange is at fault.
            Outcome::Executed(_) => ApiError::internal(),
            Outcome::Rejected(rejection) if rejection.class == RejectionClass::InvalidRequest => {
                if self.excess.load(Ordering::Acquire) {
                    ApiError::too_large(usize::try_from(self.most).unwrap_or(MAX_BODY_BYTES))
                } else {
                    ApiError::incomplete_body()
                }
            }
            Outcome::Rejected(rejection) => ApiError::rejected(rejection, provider),
            Outcome::NotSent(reason) => ApiError::not_sent(*reason, provider),
            Outcome::Unknown(reason) => ApiError::unknown_for_good(*reason, provider, self.is_repeatable),
        };
        error.with_transaction(completion.transaction)
    }
}

fn pack_reply(reply: &ProxyReply, transaction: TransactionId) -> Bytes {
    let headers = headers::back(&reply.headers).map(|(name, value)| (name.as_str(), value.as_bytes()));
    pack(headers, transaction, &reply.body)
}

pub(in crate::http::v1) fn pack_error(error: &ApiError, transaction: TransactionId) -> (u16, Bytes) {
    let content_type = [("content-type", &b"application/json"[..])].into_iter();
    (error.status(), pack(content_type, transaction, &error.to_json()))
}

/// Writes headers and body down as HTTP does: a line each, an empty line, the body.
fn pack<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    transaction: TransactionId,
    body: &[u8],
) -> Bytes {
    let mut packed = Vec::with_capacity(body.len() + 512);
    let mut line = |name: &str, value: &[u8]| {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            packed.extend_from_slice(part);
        }
    };
    headers.for_each(|(name, value)| line(name, value));
    line(TRANSACTION_ID, transaction.to_string().as_bytes());
    packed.extend_from_slice(b"\r\n");
    packed.extend_from_slice(body);
    packed.into()
}

/// Takes apart what [`pack`] put together.
pub(super) fn unpack(packed: &Bytes) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
    let mut headers = Vec::new();
    let mut rest = packed.clone();
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = rest.split_to(end);
        let after = rest.split_off(2.min(rest.len()));
        rest = after;
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.windows(2).position(|pair| pair == b": ") else { continue };
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.get(2..).unwrap_or_default());
        headers.extend(name.ok().zip(value.ok()));
    }
    (headers, rest)
}

#[cfg(test)]
mod tests {
    use domain::Effect;
    use http::HeaderMap;

    use super::*;

    fn packed(headers: &[(&'static str, &'static str)], body: &'static [u8]) -> Bytes {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        let body = Bytes::from_static(body);
        let reply =
            ProxyReply { path: "/v1/x".into(), effect: Effect::Write, status: 200, headers: map, body };
        pack_reply(&reply, TransactionId::from_u128(1))
    }

    #[test]
    fn what_was_packed_comes_out_as_it_was() {
        for body in [&b""[..], b"{}", b"\r\n\r\n", b"a: b\r\n\r\nc", &[0, 255, 13, 10]] {
            let own =
                [("content-type", "application/json"), ("link", "<a>"), ("link", "<b>: c"), ("empty", "")];
            let (headers, found) = unpack(&packed(&own, body));
            assert_eq!(found, body);
            let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["content-type", "link", "link", "empty", TRANSACTION_ID]);
            let values: Vec<_> = headers.iter().map(|(_, value)| value.to_str().expect("a text")).collect();
            assert_eq!(values[..4], ["application/json", "<a>", "<b>: c", ""]);
            assert_eq!(values[4], TransactionId::from_u128(1).to_string());
        }
    }

    #[test]
    fn the_log_keeps_the_body_of_json_and_nothing_of_the_rest() {
        let wording = Wording { most: 1, excess: Excess::default(), is_repeatable: false };
        assert_eq!(
            wording.logged(&packed(&[("content-type", "application/json; charset=utf-8")], b"{}")),
            "{}"
        );
        assert_eq!(wording.logged(&packed(&[("content-type", "application/hal+json")], b"{}")), "{}");
        assert_eq!(wording.logged(&packed(&[("content-type", "text/csv")], b"a,b")), "");
        assert_eq!(wording.logged(&packed(&[], b"{}")), "");
    }
}
