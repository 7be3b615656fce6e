//! A request as the simulations read it, and an answer as they write it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request};
use serde_json::Value;

/// A received request; the body is empty until it has been read.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    /// Returns the request of this head, without its body.
    pub(crate) fn from_head(head: request::Parts) -> Self {
        Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: Bytes::new(),
        }
    }

    /// Returns a header's text; none when it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the decoded pairs of the query.
    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// Returns the decoded pairs of a form body.
    pub(crate) fn form_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Tells whether the content type is this one, parameters such as the charset aside.
    pub(crate) fn has_content_type(&self, wanted: &str) -> bool {
        let given = self.header("content-type").unwrap_or_default();
        given.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
    }
}

/// An answer, not yet on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Returns a JSON answer.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::json_text(status, Bytes::from(body.to_string()))
    }

    /// Returns a JSON answer whose text is at hand.
    pub(crate) fn json_text(status: StatusCode, body: Bytes) -> Self {
        Self::with_type(status, "application/json", body)
    }

    /// Returns an answer of this media type.
    pub(crate) fn with_type(status: StatusCode, media: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        Self { status, headers, body }
    }

    /// Returns an answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Returns the answer with one more header; a value that cannot stand in a header is left out.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}
