//! Which headers go along, each way: all but those of a connection, of a caller's identity, and of a host.

use actix_web::http::header::HeaderMap as IncomingHeaders;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::error::ApiError;

/// What belongs to one connection and ends with it (RFC 9110, 7.6.1, and RFC 2616, 13.5.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// What a provider does not get: who the caller is to us, how the request came here, how long it is, and what would make of
/// one method another.
const NOT_SENT: [&str; 24] = [
    "authorization",
    "x-platform-key",
    "cookie",
    "cookie2",
    "host",
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "origin",
    "referer",
    "user-agent",
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    "content-length",
    "expect",
    // An answer that is not encoded can be looked into for a refused token, and kept in the log.
    "accept-encoding",
    // A GET with one of these is a write to some servers, and not to our scopes.
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];
/// The same, for families of headers.
const NOT_SENT_STARTS: [&str; 6] = ["proxy-", "x-forwarded-", "x-original-", "x-rewrite-", "cf-", "sec-"];

/// What a caller does not get: what is said of the provider's host and is not true of ours, what we say ourselves, and what
/// would be kept by a browser.
const NOT_RETURNED: [&str; 18] = [
    "set-cookie",
    "set-cookie2",
    "server",
    "date",
    "via",
    "alt-svc",
    "strict-transport-security",
    "public-key-pins",
    "content-security-policy",
    "clear-site-data",
    "www-authenticate",
    "content-length",
    "x-request-id",
    "x-transaction-id",
    "server-timing",
    "ratelimit",
    "ratelimit-policy",
    "report-to",
];
/// The same, for families of headers.
const NOT_RETURNED_STARTS: [&str; 3] = ["proxy-", "access-control-", "x-ratelimit-"];

/// Returns the caller's headers that go to the provider.
///
/// # Errors
/// `invalid_field` for a value that is not printable ASCII.
pub(super) fn onward(headers: &IncomingHeaders) -> Result<Vec<(HeaderName, String)>, ApiError> {
    let connection = headers.get_all("connection").filter_map(|value| value.to_str().ok());
    let named = named_by(connection);
    let mut onward = Vec::new();
    for (name, value) in headers {
        let name = name.as_str();
        let stays = is_among(name, &HOP_BY_HOP, &[]) || is_among(name, &NOT_SENT, &NOT_SENT_STARTS);
        if stays || named.iter().any(|named| named == name) {
            continue;
        }
        let wrong = || ApiError::field("invalid_field", name, "A header's value is printable ASCII.");
        let value = value.to_str().map_err(|_refused| wrong())?.to_owned();
        onward.push((HeaderName::from_bytes(name.as_bytes()).map_err(|_refused| wrong())?, value));
    }
    Ok(onward)
}

/// Returns the provider's headers that go to the caller.
pub(super) fn back(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let connection = headers.get_all(http::header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named = named_by(connection);
    headers.iter().filter(move |(name, _)| {
        let name = name.as_str();
        let stays = is_among(name, &HOP_BY_HOP, &[]) || is_among(name, &NOT_RETURNED, &NOT_RETURNED_STARTS);
        !stays && !named.iter().any(|named| named == name)
    })
}

fn is_among(name: &str, names: &[&str], starts: &[&str]) -> bool {
    names.contains(&name) || starts.iter().any(|start| name.starts_with(start))
}

/// Returns the headers that `Connection` names.
fn named_by<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header as incoming;

    use super::*;

    fn incoming_headers(pairs: &[(&str, &str)]) -> IncomingHeaders {
        let mut headers = IncomingHeaders::new();
        for (name, value) in pairs {
            let name = incoming::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, incoming::HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        headers
    }

    #[test]
    fn a_providers_own_headers_go_along() {
        let own = [
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("idempotency-key", "k1"),
            ("stripe-version", "2023-08-16"),
            ("stripe-account", "acct_1"),
            ("paypal-request-id", "r1"),
            ("paypal-partner-attribution-id", "p1"),
            ("x-payout-idempotency", "p2"),
            ("prefer", "return=representation"),
            ("if-none-match", "\"a\""),
        ];
        let mut found: Vec<_> = onward(&incoming_headers(&own)).expect("headers");
        found.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        let mut expected = own.to_vec();
        expected.sort_unstable();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn whoever_the_caller_is_to_us_stays_here() {
        let ours = [
            ("connection", "keep-alive, X-Hop, close"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("authorization", "Bearer unf_test_x"),
            ("x-platform-key", "unf_test_x"),
            ("cookie", "session=1"),
            ("host", "gateway.example"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-host", "gateway.example"),
            ("forwarded", "for=10.0.0.1"),
            ("x-real-ip", "10.0.0.1"),
            ("content-length", "5"),
            ("expect", "100-continue"),
            ("accept-encoding", "gzip"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/admin"),
            ("x-request-id", "req-1"),
            ("sec-fetch-mode", "cors"),
        ];
        assert_eq!(onward(&incoming_headers(&ours)).expect("headers"), []);
    }

    #[test]
    fn a_value_that_is_not_ascii_is_refused() {
        assert!(onward(&incoming_headers(&[("x-note", "caf\u{e9}")])).is_err());
    }

    #[test]
    fn an_answer_keeps_what_is_the_providers_and_loses_what_is_its_hosts() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("request-id", "req_1"),
            ("retry-after", "2"),
            ("location", "/v1/orders/1"),
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("set-cookie", "a=1"),
            ("server", "nginx"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("strict-transport-security", "max-age=1"),
            ("access-control-allow-origin", "*"),
            ("x-ratelimit-limit", "9"),
            ("content-length", "2"),
            ("transfer-encoding", "chunked"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut names: Vec<_> = back(&headers).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "location", "request-id", "retry-after"]);
    }
}
