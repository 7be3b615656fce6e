//! The moment that money depends on: when a request passes from the pool to a connection, which may write it from then on.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::Upload;
use hyper::body::{Body, Frame, SizeHint};

use crate::upload::Arriving;

/// Nobody but us has the request.
const WAITING: u8 = 0;
/// A connection has it: bytes may have been written.
const TAKEN: u8 = 1;
/// It was given up while it was waiting: no connection may write it any more.
const WITHDRAWN: u8 = 2;

/// Whether a request can still be called back. Exactly one of [`Handover::take`] and [`Handover::withdraw`] ever succeeds.
#[derive(Debug, Clone)]
pub(crate) struct Handover(Arc<State>);

#[derive(Debug)]
struct State {
    holder: AtomicU8,
    /// Whether a connection has been given the last of the body. Until then the provider has no whole request.
    is_through: AtomicBool,
}

impl Handover {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State { holder: AtomicU8::new(WAITING), is_through: AtomicBool::new(false) }))
    }

    /// Gives the request up. Returns true when it is certain that no byte of it was written or ever will be.
    pub(crate) fn withdraw(&self) -> bool {
        self.settle_as(WITHDRAWN)
    }

    /// Takes the request for writing. Returns false when it was given up before.
    fn take(&self) -> bool {
        self.settle_as(TAKEN)
    }

    /// Returns whether the last of the body was given to a connection.
    pub(crate) fn is_through(&self) -> bool {
        self.0.is_through.load(Ordering::Acquire)
    }

    fn settle_as(&self, wanted: u8) -> bool {
        match self.0.holder.compare_exchange(WAITING, wanted, Ordering::AcqRel, Ordering::Acquire) {
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
    content: Content,
    handover: Handover,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Arriving(Arriving),
}

impl Outgoing {
    /// Returns a body that is there.
    pub(crate) const fn new(bytes: Bytes, handover: Handover) -> Self {
        Self { content: Content::Whole(bytes), handover }
    }

    /// Returns a body that is sent as it comes.
    pub(crate) fn arriving(upload: Upload, handover: Handover) -> Self {
        Self { content: Content::Arriving(Arriving::new(upload)), handover }
    }

    /// Returns whether there is no body. Takes nothing.
    pub(crate) const fn is_nothing(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Arriving(_) => false,
        }
    }
}

/// Why a connection is not given the rest of a body: half a request is all that it can have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBody {
    /// The request was given up before a connection had it.
    #[error("request withdrawn")]
    Withdrawn,
    /// Whoever sends it broke off.
    #[error("request body broke off")]
    CutShort,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = NoBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NoBody>>> {
        if !self.handover.take() {
            return Poll::Ready(Some(Err(NoBody::Withdrawn)));
        }
        let (piece, is_through) = match &mut self.content {
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                ((!bytes.is_empty()).then_some(Ok(bytes)), true)
            }
            Content::Arriving(body) => {
                let piece = std::task::ready!(body.poll_piece(context));
                (piece, body.is_through())
            }
        };
        if is_through {
            self.handover.0.is_through.store(true, Ordering::Release);
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data).map_err(|_cut| NoBody::CutShort)))
    }

    fn is_end_stream(&self) -> bool {
        self.handover.take()
            && match &self.content {
                Content::Whole(bytes) => bytes.is_empty(),
                Content::Arriving(body) => body.is_through(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        if !self.handover.take() {
            return SizeHint::with_exact(1);
        }
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Content::Arriving(body) => body.left().map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn frame(body: &mut Outgoing) -> Option<Result<Bytes, NoBody>> {
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
            assert_eq!(frame(&mut body), Some(Err(NoBody::Withdrawn)));
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
