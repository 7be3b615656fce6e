//! When a call may be made again: a pure table. What it says no to stays at one attempt, whatever time is left.

use domain::{Effect, Request, RetrySafety, TransportFailure, Unsent};

/// What an attempt told: the answer's status, or why there is none.
pub(super) type Told = Result<u16, TransportFailure>;

/// Returns whether a call that ended like this may be made again, as far as money is concerned.
///
/// A whole reply is an answer and is not asked for again, except a read's 502, 503 and 504: a read does no harm, and those
/// three say that something between us and the answer is out of order. 429 is not repeated: the provider asks for less.
pub(super) fn is_safe(request: &Request, told: Told) -> bool {
    match told {
        Ok(status) => request.effect == Effect::Read && matches!(status, 502..=504),
        // Nothing reached the provider, and the next connection may do better.
        Err(TransportFailure::NotSent(Unsent::Connect | Unsent::Tls)) => true,
        // No time is left, or the request itself is at fault.
        Err(TransportFailure::NotSent(Unsent::Deadline | Unsent::Malformed)) => false,
        Err(TransportFailure::TimedOut | TransportFailure::Disconnected | TransportFailure::Unreadable) => {
            is_safe_after_unknown(request)
        }
    }
}

/// Returns whether a call may be made again when nobody knows what became of it.
pub(super) fn is_safe_after_unknown(request: &Request) -> bool {
    match (request.effect, request.retry) {
        (Effect::Read, _) | (Effect::Prepare | Effect::Write, RetrySafety::Harmless | RetrySafety::Keyed) => {
            true
        }
        (Effect::Prepare | Effect::Write, RetrySafety::LookUpFirst) => false,
    }
}

/// Returns the metric's word for how an attempt ended.
pub(super) const fn label(told: Told) -> &'static str {
    match told {
        Ok(500..) => "provider_error",
        Ok(400..) => "refused",
        Ok(_) => "success",
        Err(TransportFailure::NotSent(_)) => "not_sent",
        Err(TransportFailure::TimedOut) => "timed_out",
        Err(TransportFailure::Disconnected) => "disconnected",
        Err(TransportFailure::Unreadable) => "unreadable",
    }
}
