//! Bodies in pieces: a request that is sent as it comes, and an answer that is handed on as it comes.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::TransportFailure;
use crate::upstream::retry_after;

/// A body in pieces, none of which is asked for before there is room for it.
pub trait Pieces<E>: Send {
    /// Returns the next piece, `None` when the body is whole. After an error or the end it is not to be asked again.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>;
}

/// A caller's body broke off: the request never became whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("request body broke off")]
pub struct CutShort;

/// A request's body that is sent as it comes, once.
pub struct Upload {
    /// Its length in bytes, where it is known beforehand.
    pub length: Option<u64>,
    /// Its pieces, of which an error must come last.
    pub pieces: Box<dyn Pieces<CutShort>>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("length", &self.length).finish_non_exhaustive()
    }
}

/// A provider's answer whose body is still coming. Dropped, it takes its connection with it.
pub struct StreamedReply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's length in bytes, where the provider has told it.
    pub length: Option<u64>,
    /// The body's pieces. What ends without an error is whole.
    pub pieces: Box<dyn Pieces<TransportFailure>>,
}

impl StreamedReply {
    /// Returns how long the provider asks to wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers)
    }
}

impl fmt::Debug for StreamedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedReply")
            .field("status", &self.status)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// How a streamed call failed before there was an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum StreamFailure {
    /// As any call can.
    #[error(transparent)]
    Call(#[from] TransportFailure),
    /// The caller's body broke off, or was not through when the time was up: the provider has no whole request, and so has
    /// done nothing.
    #[error("request never became whole")]
    Incomplete,
}
