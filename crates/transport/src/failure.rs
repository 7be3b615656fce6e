//! What a failed exchange means: nothing sent, for certain, or anything else.

use std::error::Error;
use std::{fmt, io};

use domain::{Endpoint, StreamFailure, TransportFailure, Unsent};

use crate::connector::ConnectFailure;
use crate::handover::{Handover, NoBody};

/// Judges a request that got no answer. Certain is what was never taken from the pool's queue; whatever a connection had
/// may have been sent, also when the connection turned out to be dead.
pub(crate) fn of_request(error: &hyper_util::client::legacy::Error, handover: &Handover) -> TransportFailure {
    if handover.withdraw() {
        let connecting = find::<ConnectFailure>(error);
        return TransportFailure::NotSent(connecting.map_or(Unsent::Connect, ConnectFailure::verdict));
    }
    match find::<hyper::Error>(error) {
        Some(error) if error.is_parse() => TransportFailure::Unreadable,
        _ => TransportFailure::Disconnected,
    }
}

/// Judges an answer that broke off in its body.
pub(crate) fn of_body(error: &hyper::Error) -> TransportFailure {
    let is_garbage = find::<io::Error>(error).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    });
    if is_garbage || error.is_parse() { TransportFailure::Unreadable } else { TransportFailure::Disconnected }
}

/// Judges a request whose time is up.
pub(crate) fn of_deadline(handover: &Handover) -> TransportFailure {
    if handover.withdraw() { TransportFailure::NotSent(Unsent::Deadline) } else { TransportFailure::TimedOut }
}

/// Judges a request whose body was sent as it came. Where the caller broke off, or the time was up before the last of the
/// body was given to the connection, no whole request can be at the provider.
pub(crate) fn of_upload(
    error: &hyper_util::client::legacy::Error,
    verdict: TransportFailure,
    handover: &Handover,
) -> StreamFailure {
    match find::<NoBody>(error) {
        Some(NoBody::CutShort) if !handover.is_through() => StreamFailure::Incomplete,
        _ => StreamFailure::Call(verdict),
    }
}

/// Writes down why, which the verdict does not tell. Neither hyper's nor TLS's errors hold any of the request.
pub(crate) fn log(endpoint: &Endpoint, verdict: TransportFailure, cause: &(dyn Error + 'static)) {
    tracing::warn!(
        provider = endpoint.provider.as_str(),
        verdict = %verdict,
        cause = %Chain(cause),
        "a call to a provider failed",
    );
}

/// Returns an error and its causes, the nearest first.
pub(crate) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// An error with its causes.
struct Chain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        causes(self.0).skip(1).try_for_each(|cause| write!(f, ": {cause}"))
    }
}
