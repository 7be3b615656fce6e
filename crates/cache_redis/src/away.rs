//! Why the cache is away, and which of Redis's errors mean that it is.

use domain::ports::CacheError;
use fred::error::{Error, ErrorKind};

/// Why the cache did not answer: the source of [`CacheError::Unavailable`].
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// There is no connection; nothing was sent.
    #[error("redis is not connected")]
    NotConnected,
    /// It failed a moment ago; nothing was sent.
    #[error("redis failed a moment ago")]
    Refused,
    /// It took longer than a caller waits.
    #[error("redis did not answer in time")]
    TimedOut,
    /// The connection failed, or Redis refused the command.
    #[error("redis failed")]
    Failed(#[source] Error),
}

impl Away {
    /// Returns the error of the port.
    pub(crate) fn while_doing(self, doing: &'static str) -> CacheError {
        CacheError::Unavailable { doing, source: Box::new(self) }
    }
}

/// Replies of a server that is there and does not serve.
const NOT_SERVING: [&str; 7] =
    ["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MISCONF"];

/// Whether the server did not answer, or has nothing to answer with. Else it refused this one command.
pub(crate) fn is_away(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::InvalidArgument | ErrorKind::InvalidCommand | ErrorKind::Parse | ErrorKind::NotFound => {
            false
        }
        // Redis's own replies begin with a word in capitals; everything else is the client's.
        ErrorKind::Unknown => {
            let word = error.details().split(' ').next().unwrap_or_default();
            let is_reply = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
            !is_reply || NOT_SERVING.contains(&word)
        }
        _ => true,
    }
}

/// Whether the key holds another type than the command is for.
pub(crate) fn is_wrong_type(error: &Error) -> bool {
    error.details().starts_with("WRONGTYPE")
}
