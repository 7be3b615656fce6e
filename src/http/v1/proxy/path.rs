//! The part of the path that is the provider's: read as it came, and refused where two readers could read it differently.
//!
//! The server hands a route its path decoded. What is sent on is what the caller wrote, so it is taken from the request's
//! first line, and everything in it that a decoder, a normaliser or a URL parser on the way might turn into another path or
//! another host is refused. No path of a provider needs any of it.

use actix_web::HttpRequest;

use crate::http::error::ApiError;

/// In front of the provider's name.
const PREFIX: &str = "/v1/proxy/";
/// Longest path, in bytes.
const MAX_PATH_BYTES: usize = 1_024;
/// Longest query, in bytes.
const MAX_QUERY_BYTES: usize = 8_192;

/// Whose path, and which.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The provider's name as the caller wrote it.
    pub(super) provider: Box<str>,
    /// The path at the provider, with its slash: `/v1/orders`.
    pub(super) path: Box<str>,
    /// The query as it came.
    pub(super) query: Option<Box<str>>,
}

/// Reads a request's address.
///
/// # Errors
/// `invalid_field` with `path` or `query`.
pub(super) fn read(request: &HttpRequest) -> Result<Address, ApiError> {
    let uri = request.uri();
    if uri.authority().is_some() {
        return Err(wrong("The request's first line has a path, and no host in front of it."));
    }
    parse(uri.path(), uri.query())
}

fn parse(path: &str, query: Option<&str>) -> Result<Address, ApiError> {
    let rest = path.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
    let (provider, tail) = rest.ok_or_else(|| wrong("The path goes on after the provider's name."))?;
    check(tail).map_err(wrong)?;
    if query.is_some_and(|query| query.len() > MAX_QUERY_BYTES || !query.bytes().all(is_query_byte)) {
        let message =
            "A query has at most 8,192 bytes, all of them printable ASCII, the others percent-encoded.";
        return Err(ApiError::field("invalid_field", "query", message));
    }
    let query = query.filter(|query| !query.is_empty()).map(Into::into);
    Ok(Address { provider: provider.into(), path: format!("/{tail}").into(), query })
}

fn wrong(message: &'static str) -> ApiError {
    ApiError::field("invalid_field", "path", message)
}

/// Checks a path without its first slash.
fn check(tail: &str) -> Result<(), &'static str> {
    if tail.is_empty() {
        return Err("The path at the provider is empty.");
    }
    if tail.len() >= MAX_PATH_BYTES {
        return Err("A path has at most 1,024 bytes.");
    }
    let mut segments = tail.split('/').peekable();
    while let Some(segment) = segments.next() {
        // A slash at the end is some APIs' way; one after another is the beginning of a host to some parsers.
        if segment.is_empty() && segments.peek().is_some() {
            return Err("A path has no empty segments.");
        }
        if matches!(&*decode(segment)?, b"." | b"..") {
            return Err("A path has no `.` or `..` segments, encoded or not.");
        }
    }
    Ok(())
}

/// Decodes a segment, and refuses what must not be in one.
fn decode(segment: &str) -> Result<Vec<u8>, &'static str> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = bytes.next().zip(bytes.next());
            let byte = digits.and_then(|(high, low)| Some(hex(high)? << 4 | hex(low)?));
            let byte = byte.ok_or("A percent sign in a path is followed by two hex digits.")?;
            // Another path to whoever decodes once more, or later than we do: a slash, a percent sign, what ends a path.
            if !matches!(byte, 0x20..=0x7e) || matches!(byte, b'/' | b'\\' | b'%' | b'?' | b'#' | b';') {
                return Err("A path has no encoded slashes, percent signs, control or non-ASCII characters.");
            }
            decoded.push(byte);
        } else if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:".contains(&byte) {
            decoded.push(byte);
        } else {
            return Err("A path is letters, digits and -._~!$&'()*+,=: with the others percent-encoded.");
        }
    }
    Ok(decoded)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

const fn is_query_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_path_is_taken_as_it_came() {
        for tail in [
            "v1/orders",
            "v1/orders/",
            "2010-04-01/Accounts/AC1/Messages.json",
            "v2/checkout/orders/5O190127TN364715T/capture",
            "v1/customers/search:all",
            "v1/things/%2B15558675310",
            "v1/things/a%40b.example",
            "v1/things/a%20b",
            "v1/.well-known/..hidden/...",
            "v1/things/~a!b$c&d'e(f)g*h+i,j=k",
        ] {
            let address = parse(&format!("/v1/proxy/stripe/{tail}"), Some("a=%2e%2e&b=//x?y")).expect(tail);
            assert_eq!((&*address.provider, &*address.path), ("stripe", &*format!("/{tail}")));
            assert_eq!(address.query.as_deref(), Some("a=%2e%2e&b=//x?y"));
        }
    }

    #[track_caller]
    fn check_refused(tails: &str) {
        for tail in tails.split_whitespace() {
            let error = parse(&format!("/v1/proxy/stripe/{tail}"), None).expect_err(tail);
            let body = String::from_utf8(error.to_json()).expect("a text");
            assert_eq!((error.status(), error.code()), (400, "invalid_field"), "{tail}");
            assert!(body.contains(r#""param":"path""#), "{tail}: {body}");
        }
    }

    #[test]
    fn what_could_become_another_path_is_refused() {
        check_refused("/ //host /v1/orders v1//orders v1/orders//");
        check_refused(". .. v1/.. v1/../v2 v1/./orders ../../v1 v1/orders/.. v1/..;/orders v1/a;b v1/a%3bb");
        check_refused(
            "%2e %2E%2e/v1 .%2e/v1 %2e./v1 v1/%2e%2e v1/%2E/orders %252e%252e/v1 v1/%c0%ae%c0%ae v1/%e3%80%82",
        );
        check_refused(r"v1%2forders v1%2Forders v1/..%2f.. v1%5corders v1%5C.. v1\..\orders ..\v1");
        check_refused("v1/a#b v1/a%23b v1/a%3fb v1/%25 v1/%2 v1/% v1/%zz v1/%+2");
        assert!(parse("/v1/proxy/stripe/", None).is_err() && parse("/v1/proxy/stripe", None).is_err());
        assert!(parse(&format!("/v1/proxy/stripe/{}", "a".repeat(MAX_PATH_BYTES)), None).is_err());
    }

    #[test]
    fn what_could_become_another_host_or_request_is_refused() {
        check_refused("http://host/v1 https:/host//v1 user@host @host/v1 v1/a@b");
        check_refused("v1/a%00 v1/a%0a v1/a%0d%0aHost:%20x v1/a%7f v1/a%ff v1/\u{e9} v1/\u{0} v1/\u{7f}");
        check_refused("v1/[x] v1/a|b v1/{id} v1/\" v1/<x> v1/a^b v1/a`b");
        assert!(
            parse("/v1/proxy/stripe/v1/a b", None).is_err()
                && parse("/v1/proxy/stripe/v1/a\r\nb", None).is_err()
        );
    }

    #[test]
    fn a_query_is_printable_and_bounded() {
        for query in ["a=b c", "a=\u{e9}", "a#b", "a=\r\nb", &"a".repeat(MAX_QUERY_BYTES + 1)] {
            assert!(parse("/v1/proxy/stripe/v1/x", Some(query)).is_err(), "{query}");
        }
        let address = parse("/v1/proxy/stripe/v1/x", Some("")).expect("an address");
        assert_eq!(address.query, None);
    }
}
