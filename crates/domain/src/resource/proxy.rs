//! A provider's own answer, of which the gateway understands the status and nothing else.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;

use crate::Effect;

/// A provider's answer to one of its own requests, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyReply {
    /// The path that was asked for.
    pub path: Box<str>,
    /// Whether it was to change anything.
    pub effect: Effect,
    /// HTTP status.
    pub status: u16,
    /// Headers as they came.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// The body may hold anything: it is not shown.
impl fmt::Debug for ProxyReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyReply")
            .field("path", &self.path)
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl ProxyReply {
    /// Returns what its status tells.
    pub const fn meaning(&self) -> StatusMeaning {
        StatusMeaning::of(self.status, self.effect)
    }
}

/// What an answer's status tells of a call that is not understood any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusMeaning {
    /// It was done.
    Done,
    /// It was refused, and the same request would be refused again.
    Refused,
    /// It was refused, and the same request may be taken another time: credentials, locks, limits.
    RefusedForNow,
    /// It may have been done or not.
    Unclear,
}

impl StatusMeaning {
    /// Returns what a status tells (RFC 9110, 15, and RFC 6585 for 429). A redirect is an answer to a read. To a write it is
    /// none: it was done and is told elsewhere, or was not done and wants to be asked for there.
    pub const fn of(status: u16, effect: Effect) -> Self {
        match status {
            300..=399 if matches!(effect, Effect::Write | Effect::Prepare) => Self::Unclear,
            0..=399 => Self::Done,
            401 | 403 | 407 | 408 | 409 | 421 | 423 | 424 | 425 | 429 => Self::RefusedForNow,
            400..=499 => Self::Refused,
            _ => Self::Unclear,
        }
    }

    /// Returns the log's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused | Self::RefusedForNow => "refused",
            Self::Unclear => "unclear",
        }
    }
}
