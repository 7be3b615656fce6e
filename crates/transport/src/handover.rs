//! The moment that money depends on: when a request passes from the pool to a connection, which may write it from then on.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Nobody but us has the request.
const WAITING: u8 = 0;
/// A connection has it: bytes may have been written.
const TAKEN: u8 = 1;
/// It was given up while it was waiting: no connection may write it any more.
const WITHDRAWN: u8 = 2;

/// Whether a request can still be called back. Exactly one of [`Handover::take`] and [`Handover::withdraw`] ever succeeds.
#[derive(Debug, Clone)]
pub(crate) struct Handover(Arc<AtomicU8>);

impl Handover {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(WAITING)))
    }

    /// Gives the request up. Returns true when it is certain that no byte of it was written or ever will be.
    pub(crate) fn withdraw(&self) -> bool {
        self.settle_as(WITHDRAWN)
    }

    /// Takes the request for writing. Returns false when it was given up before.
    fn take(&self) -> bool {
        self.settle_as(TAKEN)
    }

    fn settle_as(&self, wanted: u8) -> bool {
        match self.0.compare_exchange(WAITING, wanted, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => true,
            Err(settled) => settled == wanted,
        }
    }
}

/// A request's body, which tells when a connection begins with the request.
///
/// No HTTP/1.1 client can write a request's head before it has asked the body how it is framed. So each question takes the
/// request, and whatever fails before the first question has sent nothing. A request that was withdrawn in the meantime
/// claims a body and breaks off instead of giving it: its head, still in the connection's buffer, is dropped with the
/// connection, and were it written, it would be half a request.
#[derive(Debug)]
pub(crate) struct Outgoing {
    bytes: Bytes,
    handover: Handover,
}

impl Outgoing {
    pub(crate) const fn new(bytes: Bytes, handover: Handover) -> Self {
        Self { bytes, handover }
    }
}

/// The request was given up before a connection had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("request withdrawn")]
pub(crate) struct Withdrawn;

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        if !self.handover.take() {
            return Poll::Ready(Some(Err(Withdrawn)));
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.handover.take() && self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let length = if self.handover.take() { self.bytes.len() } else { 1 };
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn frame(body: &mut Outgoing) -> Option<Result<Bytes, Withdrawn>> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().expect("data"))),
            Poll::Pending => panic!("a body in memory never waits"),
        }
    }

    #[test]
    fn any_question_to_the_body_takes_the_request() {
        let questions: [fn(&mut Outgoing) -> bool; 3] = [
            |body| body.is_end_stream(),
            |body| body.size_hint().exact().is_some(),
            |body| frame(body).is_some(),
        ];
        for question in questions {
            let handover = Handover::new();
            let answer = question(&mut Outgoing::new(Bytes::from_static(b"x"), handover.clone()));
            assert!(!handover.withdraw(), "after the answer {answer}");
        }
    }

    #[test]
    fn a_request_taken_gives_its_body_once() {
        let handover = Handover::new();
        let mut body = Outgoing::new(Bytes::from_static(b"abc"), handover);
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(frame(&mut body), Some(Ok(Bytes::from_static(b"abc"))));
        assert!(body.is_end_stream());
        assert_eq!(frame(&mut body), None);
    }

    #[test]
    fn a_request_withdrawn_can_never_become_whole() {
        for bytes in [Bytes::new(), Bytes::from_static(b"abc")] {
            let handover = Handover::new();
            let mut body = Outgoing::new(bytes, handover.clone());
            assert!(handover.withdraw());
            assert!(handover.withdraw(), "for good");
            assert!(!body.is_end_stream());
            assert_eq!(body.size_hint().exact(), Some(1));
            assert_eq!(frame(&mut body), Some(Err(Withdrawn)));
        }
    }

    #[test]
    fn only_one_of_two_threads_gets_the_request() {
        for _ in 0..200 {
            let handover = Handover::new();
            let body = Outgoing::new(Bytes::new(), handover.clone());
            let taker = std::thread::spawn(move || body.is_end_stream());
            let is_withdrawn = handover.withdraw();
            assert_ne!(taker.join().expect("no panic"), is_withdrawn);
        }
    }
}
