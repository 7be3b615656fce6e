//! A provider request as HTTP wants it.

use domain::{Endpoint, Request};
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, uri};

use crate::handover::Outgoing;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("unified-gateway/", env!("CARGO_PKG_VERSION")));
/// What stands between the messages of one connection is not a caller's business, and an encoded answer is not read.
const RESERVED: [HeaderName; 10] = [
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The request is not valid HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Writes a request down for the client, with this body. The host header is the client's to add, and so is what says how
/// the body is framed.
///
/// # Errors
/// [`Malformed`] for a path or header that HTTP cannot carry, and for headers that are the transport's own.
pub(crate) fn build(
    endpoint: &Endpoint,
    request: &Request,
    body: Outgoing,
) -> Result<http::Request<Outgoing>, Malformed> {
    if request.method == Method::CONNECT {
        return Err(Malformed);
    }
    let headers = headers(request, body.is_nothing())?;
    let mut outgoing = http::Request::new(body);
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = address(endpoint, &request.path)?;
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}

fn address(endpoint: &Endpoint, path: &str) -> Result<Uri, Malformed> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !path.starts_with('/') || !is_plain {
        return Err(Malformed);
    }
    let mut parts = uri::Parts::default();
    parts.scheme = Some(if endpoint.is_tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(Authority::try_from(&*endpoint.authority).map_err(|_invalid| Malformed)?);
    parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|_invalid| Malformed)?);
    Uri::from_parts(parts).map_err(|_invalid| Malformed)
}

fn headers(request: &Request, is_without_body: bool) -> Result<HeaderMap, Malformed> {
    // Ours are four at most: agent, type, length or host, authorization.
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
    headers.insert(USER_AGENT, AGENT);
    for (name, value) in &request.headers {
        if RESERVED.contains(name) {
            return Err(Malformed);
        }
        headers.insert(name, HeaderValue::from_str(value).map_err(|_invalid| Malformed)?);
    }
    if let Some(content_type) = request.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    // RFC 9110, 8.6: a method that means a body says so when there is none; some front ends answer 411 otherwise.
    let means_body = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    if means_body && is_without_body {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if let Some(authorization) = &request.authorization {
        let mut value = HeaderValue::from_str(authorization.expose()).map_err(|_invalid| Malformed)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}
