//! The passthrough: a provider's own request, of which the gateway knows no more than method and path.

use std::fmt;

use bytes::Bytes;
use http::{HeaderName, Method};

use super::OperationKind;

/// A request to a provider's own API, as the caller wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyOperation {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded: `/v1/orders`.
    pub path: Box<str>,
    /// The query, without its question mark.
    pub query: Option<Box<str>>,
    /// The headers that are handed on.
    pub headers: Vec<(HeaderName, String)>,
    /// The body, where it was read whole; empty where it is sent as it comes.
    pub body: Bytes,
}

/// Query, headers and body may hold personal data: they are not shown.
impl fmt::Debug for ProxyOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyOperation")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl ProxyOperation {
    /// Returns which operation it is: a read for GET, a write for every other method.
    pub const fn kind(&self) -> OperationKind {
        match self.method {
            Method::GET => OperationKind::ProxyRead,
            _ => OperationKind::ProxyWrite,
        }
    }

    /// Returns path and query.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_string(),
        }
    }

    /// Returns whether a header of this name is handed on.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(present, _)| present.as_str() == name)
    }
}
