//! A call to a provider and its answer, as adapters build and read them and the transport carries them.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};

use crate::{ProviderId, Secret};

/// One HTTP request to a provider.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, percent-encoded: `/v1/orders?receipt=…`.
    pub path: String,
    /// Headers beside authorization and content type.
    pub headers: Vec<(HeaderName, String)>,
    /// The value of `Authorization`, written last and shown nowhere.
    pub authorization: Option<Secret>,
    /// The body's type, where there is a body.
    pub content_type: Option<&'static str>,
    /// The body, empty for none.
    pub body: Bytes,
    /// Whether the call changes anything.
    pub effect: Effect,
    /// What keeps a repeat from doing it twice.
    pub retry: RetrySafety,
}

/// The body may hold personal data and the authorization is secret: neither is shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .field("effect", &self.effect)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Whether a call changes anything at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It only looks.
    Read,
    /// It makes something that does nothing by itself (a plan, a price, a draft), for a later call of the same operation. When
    /// its answer is lost, or the calls behind it are not made, nothing has happened that anyone notices, and the caller's key is
    /// free again: another transaction may come with it. So under a key of the provider's its bytes follow from the request
    /// and the key, never from the transaction.
    Prepare,
    /// It creates or changes something.
    Write,
}

impl Effect {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Prepare => "prepare",
            Self::Write => "write",
        }
    }
}

/// What keeps a repeated call from doing its work twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// It is a read, or the object's state refuses a second time: repeat at will.
    Harmless,
    /// The provider takes an idempotency key: repeat with the same key and the same bytes.
    Keyed,
    /// Nothing does: after an unknown outcome look first, and repeat only what is known not to have happened.
    LookUpFirst,
}

/// A provider's answer.
#[derive(Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, whole.
    pub body: Bytes,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// Returns a header's value, where it is there once and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns how long the provider asks to wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }
}

/// Returns how long an answer asks to wait (RFC 9110, 10.2.3): in seconds, or until a moment, which is read by the answer's own
/// `Date`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text =
        |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok()).map(str::trim);
    let wanted = text("retry-after")?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, now) =
        (httpdate::parse_http_date(wanted).ok()?, httpdate::parse_http_date(text("date")?).ok()?);
    Some(until.duration_since(now).unwrap_or_default())
}

/// Where a provider's API listens: the configured base address, already split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose.
    pub provider: ProviderId,
    /// `https`, or `http` for the sandbox.
    pub is_tls: bool,
    /// Host and port: `api.razorpay.com`, `127.0.0.1:8091`.
    pub authority: Box<str>,
}

/// How a call failed without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TransportFailure {
    /// Nothing reached the provider.
    #[error("not sent: {0}")]
    NotSent(Unsent),
    /// Bytes were sent and the time was up.
    #[error("no answer in time")]
    TimedOut,
    /// Bytes were sent and the connection broke before the answer was whole.
    #[error("connection lost before the answer was whole")]
    Disconnected,
    /// Bytes were sent and the answer is too large or not HTTP.
    #[error("answer cannot be read")]
    Unreadable,
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unsent {
    /// The name does not resolve, the port refuses, or the network is away.
    #[error("no connection")]
    Connect,
    /// The other side's certificate or protocol was refused.
    #[error("no TLS session")]
    Tls,
    /// The time was up before a connection was there.
    #[error("deadline passed")]
    Deadline,
    /// The request is not valid HTTP.
    #[error("request cannot be written")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        retry_after(&headers.iter().map(header).collect())
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_moment() {
        let until = ("retry-after", "Thu, 26 Nov 2026 12:00:30 GMT");
        let date = |value| ("date", value);
        assert_eq!(wait(&[("retry-after", " 120 ")]), Some(Duration::from_mins(2)));
        assert_eq!(wait(&[until, date("Thu, 26 Nov 2026 11:59:00 GMT")]), Some(Duration::from_secs(90)));
        assert_eq!(wait(&[until, date("Thu, 26 Nov 2026 12:01:00 GMT")]), Some(Duration::ZERO));
        for unreadable in ["", "-1", "1.5", "soon", "99999999999999999999"] {
            assert_eq!(wait(&[("retry-after", unreadable), date("Thu, 26 Nov 2026 12:01:00 GMT")]), None);
        }
        // Nobody's clock but the provider's own says what its moment means.
        for headers in [&[until][..], &[until, date("today")], &[]] {
            assert_eq!(wait(headers), None);
        }
    }
}
