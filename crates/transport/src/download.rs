//! An answer's body that is handed on as it comes, until it is whole or the time is up.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::{Endpoint, Pieces, TransportFailure};
use hyper::body::{Body, Incoming};
use tokio::time::Sleep;

use crate::failure;

/// A body under way.
pub(crate) struct Download {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
    /// For the line that says why it broke off.
    endpoint: Endpoint,
}

impl Download {
    pub(crate) const fn new(body: Incoming, deadline: Pin<Box<Sleep>>, endpoint: Endpoint) -> Self {
        Self { body, deadline, endpoint }
    }

    fn broken(
        &self,
        verdict: TransportFailure,
        cause: &(dyn std::error::Error + 'static),
    ) -> Poll<Option<Result<Bytes, TransportFailure>>> {
        failure::log(&self.endpoint, verdict, cause);
        Poll::Ready(Some(Err(verdict)))
    }
}

impl Pieces<TransportFailure> for Download {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportFailure>>> {
        // First: a body that always has more would never let the time be looked at.
        if self.deadline.as_mut().poll(context).is_ready() {
            return self.broken(TransportFailure::TimedOut, &TransportFailure::TimedOut);
        }
        loop {
            return match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => self.broken(failure::of_body(&error), &error),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(piece) if piece.is_empty() => continue,
                    Ok(piece) => Poll::Ready(Some(Ok(piece))),
                    // Trailers: nobody was told that there would be some.
                    Err(_trailers) => continue,
                },
            };
        }
    }
}
