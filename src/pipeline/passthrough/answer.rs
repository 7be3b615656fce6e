//! An answer's body: taken whole where it is small, else handed on piece by piece, as fast as the caller takes them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::{Pieces, TransportFailure, Unknown};
use futures_util::Stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::SMALL_BODY_BYTES;
use super::closing::Closing;
use crate::app::Worker;

type Arriving = Box<dyn Pieces<TransportFailure>>;

/// A caller that was waited for so long has itself to blame when the time is up.
const SLOW: Duration = Duration::from_secs(1);

/// What was taken of a body.
pub(super) enum Taken {
    /// All of it.
    Whole(Bytes),
    /// As much as is taken at once, and there is more.
    More {
        /// The beginning.
        start: Bytes,
        /// The rest.
        rest: Arriving,
    },
    /// It broke off.
    Broken(TransportFailure),
}

/// The body of an answer on its way to the caller.
#[derive(Debug)]
pub(crate) enum PassedBody {
    /// All of it.
    Whole(Bytes),
    /// It is coming.
    Coming {
        /// Its length in bytes, where the provider has told it.
        length: Option<u64>,
        /// Its pieces.
        body: ComingBody,
    },
}

/// The pieces of a body that is coming. Ends in [`BrokenOff`] unless it is whole.
#[derive(Debug)]
pub(crate) struct ComingBody(mpsc::Receiver<Message>);

/// The provider's answer broke off, or the time was up: the caller must not take what it has for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider's answer broke off")]
pub(crate) struct BrokenOff;

#[derive(Debug)]
enum Message {
    Piece(Bytes),
    End,
}

/// Takes a body, up to the length that is held.
pub(super) async fn take(mut pieces: Arriving) -> Taken {
    let mut whole = BytesMut::new();
    while let Some(piece) = next(&mut pieces).await {
        match piece {
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(failure) => return Taken::Broken(failure),
        }
        if whole.len() > SMALL_BODY_BYTES {
            return Taken::More { start: whole.freeze(), rest: pieces };
        }
    }
    Taken::Whole(whole.freeze())
}

async fn next(pieces: &mut Arriving) -> Option<Result<Bytes, TransportFailure>> {
    std::future::poll_fn(|context| pieces.poll_piece(context)).await
}

/// Hands a body on. What is coming is carried by a task of its own: it sees to the time also while the caller takes nothing,
/// so that nobody keeps a seat by being slow.
pub(super) fn hand_on(
    worker: &Worker,
    taken: Taken,
    length: Option<u64>,
    mut closing: Closing,
) -> PassedBody {
    let (start, rest) = match taken {
        Taken::Whole(body) => {
            closing.note(&body);
            closing.whole();
            return PassedBody::Whole(body);
        }
        Taken::More { start, rest } => (start, Ok(rest)),
        Taken::Broken(failure) => (Bytes::new(), Err(failure)),
    };
    let (sender, receiver) = mpsc::channel(1);
    worker.gateway.tasks.spawn_local(carry(in_pieces(start, rest), closing, sender));
    PassedBody::Coming { length, body: ComingBody(receiver) }
}

async fn carry(mut pieces: Arriving, mut closing: Closing, sender: mpsc::Sender<Message>) {
    // How long the caller was waited for.
    let mut held_up = Duration::ZERO;
    loop {
        let piece = tokio::select! {
            piece = next(&mut pieces) => piece,
            () = sender.closed() => return closing.caller_gone(),
        };
        let piece = match piece {
            Some(Ok(piece)) => piece,
            Some(Err(TransportFailure::TimedOut)) if held_up >= SLOW => return closing.caller_slow(),
            Some(Err(failure)) => return closing.broken(failure),
            None => {
                closing.whole();
                // Who is gone now has had all of it.
                sender.send(Message::End).await.ok();
                return;
            }
        };
        closing.note(&piece);
        let began = Instant::now();
        match tokio::time::timeout(closing.time_left(), sender.send(Message::Piece(piece))).await {
            Ok(Ok(())) => held_up = held_up.saturating_add(began.elapsed()),
            Ok(Err(_gone)) => return closing.caller_gone(),
            Err(_elapsed) => return closing.caller_slow(),
        }
    }
}

impl Stream for ComingBody {
    type Item = Result<Bytes, BrokenOff>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|message| match message {
            Some(Message::Piece(piece)) => Some(Ok(piece)),
            Some(Message::End) => None,
            // Nobody said that it is whole.
            None => Some(Err(BrokenOff)),
        })
    }
}

/// Returns what a body that broke off leaves unknown.
pub(super) const fn unknown_of(failure: TransportFailure) -> Unknown {
    match failure {
        TransportFailure::TimedOut => Unknown::TimedOut,
        TransportFailure::Disconnected | TransportFailure::NotSent(_) => Unknown::Disconnected,
        TransportFailure::Unreadable => Unknown::Unreadable { status: 0 },
    }
}

/// Returns a body that is there.
pub(super) fn in_one_piece(body: Bytes) -> Arriving {
    Box::new(Begun { start: body, rest: None })
}

/// Returns a body of which the start was taken: what comes after it, or how it broke off.
pub(super) fn in_pieces(start: Bytes, rest: Result<Arriving, TransportFailure>) -> Arriving {
    Box::new(Begun { start, rest: Some(rest) })
}

struct Begun {
    start: Bytes,
    rest: Option<Result<Arriving, TransportFailure>>,
}

impl Pieces<TransportFailure> for Begun {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportFailure>>> {
        if !self.start.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.start))));
        }
        match &mut self.rest {
            None => Poll::Ready(None),
            Some(Ok(rest)) => rest.poll_piece(context),
            Some(Err(failure)) => Poll::Ready(Some(Err(*failure))),
        }
    }
}
