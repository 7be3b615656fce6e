//! An attempt: one request that went to a provider, or was tried.

use std::time::Duration;

use crate::{Effect, ProviderId, StreamFailure, TransportFailure, Unsent};

/// What is kept of a request: who was asked and how it ended. Its path and body are not: they hold ids and personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Whom.
    pub provider: ProviderId,
    /// Whether it was to change anything.
    pub effect: Effect,
    /// HTTP status of a whole answer, or why there is none.
    pub told: Result<u16, StreamFailure>,
    /// How long nobody did anything before it, so that the provider could recover.
    pub waited: Duration,
    /// How long it took.
    pub duration: Duration,
}

impl Attempt {
    /// Returns the word for what this attempt alone tells, of the four that an outcome has.
    pub const fn outcome(&self) -> &'static str {
        match (self.told, self.effect) {
            (Ok(200..=299), _) => "executed",
            (Ok(400..=499), _) | (Ok(_), Effect::Read | Effect::Prepare) => "rejected",
            (Err(StreamFailure::Call(TransportFailure::NotSent(_)) | StreamFailure::Incomplete), _) => {
                "not_sent"
            }
            (Ok(_) | Err(StreamFailure::Call(_)), _) => "unknown",
        }
    }

    /// Returns the word for why there is no whole answer.
    pub const fn failure(&self) -> Option<&'static str> {
        let failure = match self.told {
            Ok(_) => return None,
            Err(StreamFailure::Incomplete) => return Some("request_incomplete"),
            Err(StreamFailure::Call(failure)) => failure,
        };
        Some(match failure {
            TransportFailure::NotSent(Unsent::Connect) => "no_connection",
            TransportFailure::NotSent(Unsent::Tls) => "no_tls",
            TransportFailure::NotSent(Unsent::Deadline) => "no_time",
            TransportFailure::NotSent(Unsent::Malformed) => "malformed_request",
            TransportFailure::TimedOut => "timed_out",
            TransportFailure::Disconnected => "disconnected",
            TransportFailure::Unreadable => "unreadable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_was_sent_is_called_so_and_only_a_whole_answer_tells() {
        let attempt = |told, effect| Attempt {
            provider: ProviderId::new("razorpay"),
            effect,
            told,
            waited: Duration::ZERO,
            duration: Duration::ZERO,
        };
        for (told, write, read) in [
            (Ok(201), "executed", "executed"),
            (Ok(422), "rejected", "rejected"),
            (Ok(429), "rejected", "rejected"),
            (Ok(302), "unknown", "rejected"),
            (Ok(503), "unknown", "rejected"),
            (Err(TransportFailure::NotSent(Unsent::Tls).into()), "not_sent", "not_sent"),
            (Err(StreamFailure::Incomplete), "not_sent", "not_sent"),
            (Err(TransportFailure::TimedOut.into()), "unknown", "unknown"),
            (Err(TransportFailure::Disconnected.into()), "unknown", "unknown"),
            (Err(TransportFailure::Unreadable.into()), "unknown", "unknown"),
        ] {
            assert_eq!(attempt(told, Effect::Write).outcome(), write, "{told:?}");
            assert_eq!(attempt(told, Effect::Read).outcome(), read, "{told:?}");
            assert_eq!(attempt(told, Effect::Write).failure().is_none(), told.is_ok(), "{told:?}");
        }
    }
}
