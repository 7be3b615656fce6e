//! HTTP/2's way to say "go elsewhere": a GOAWAY frame, put between the frames that the server writes. The server itself sends none,
//! so that a client would keep its connection, and lose what it sends on it at the end.

mod frames;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use self::frames::Frames;

/// GOAWAY on stream 0: eight bytes, no error, and every stream the client has begun will be answered (RFC 9113, sections 4.1, 6.8).
const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// When connections are told to go.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaving {
    /// Connections that have had an answer: new ones are still welcome, and a client that is sent away before its first request
    /// would only come again.
    pub(super) unready: CancellationToken,
    /// All.
    pub(super) closed: CancellationToken,
}

/// A connection that tells its client when to go.
pub(super) struct Farewell<T> {
    inner: T,
    /// None: nothing is said, or all was.
    pending: Option<Pending>,
}

struct Pending {
    frames: Frames,
    unready: Pin<Box<WaitForCancellationFutureOwned>>,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    is_unready: bool,
    is_closed: bool,
    /// How much of the frame is written.
    written: usize,
}

impl<T> Farewell<T> {
    /// Watches over an HTTP/2 connection.
    pub(super) fn http2(inner: T, leaving: Leaving) -> Self {
        let pending = Pending {
            frames: Frames::default(),
            unready: Box::pin(leaving.unready.cancelled_owned()),
            closed: Box::pin(leaving.closed.cancelled_owned()),
            is_unready: false,
            is_closed: false,
            written: 0,
        };
        Self { inner, pending: Some(pending) }
    }

    /// Leaves a connection as it is.
    pub(super) const fn none(inner: T) -> Self {
        Self { inner, pending: None }
    }
}

impl<T: AsyncWrite + Unpin> Farewell<T> {
    /// Writes the frame when it is time and its place. Ready: nothing of it is half written.
    fn poll_say(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(pending) = &mut self.pending else { return Poll::Ready(Ok(())) };
        if pending.written == 0 && !pending.is_due(cx) {
            return Poll::Ready(Ok(()));
        }
        while let Some(rest) = GOAWAY.get(pending.written..).filter(|rest| !rest.is_empty()) {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            pending.written = pending.written.saturating_add(written);
        }
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.pending = None;
        Poll::Ready(Ok(()))
    }

    fn note(&mut self, written: usize, pieces: &[&[u8]]) {
        let Some(pending) = &mut self.pending else { return };
        let mut left = written;
        for piece in pieces {
            let taken = left.min(piece.len());
            pending.frames.write(piece.get(..taken).unwrap_or_default());
            left = left.saturating_sub(taken);
        }
    }
}

impl Pending {
    /// Whether the frame may be written now. Wakes the task when it is time.
    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        // A future that is done must not be asked again.
        self.is_unready = self.is_unready || self.unready.as_mut().poll(cx).is_ready();
        self.is_closed = self.is_closed || self.closed.as_mut().poll(cx).is_ready();
        let is_time = self.is_closed || (self.is_unready && self.frames.has_answered());
        is_time && self.frames.is_between()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Farewell<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An idle connection is only ever asked for what it reads. A frame that does not go out now goes out later.
        if let Poll::Ready(Err(error)) = self.poll_say(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Farewell<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_say(cx))?;
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.note(written, &[bytes]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_say(cx))?;
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, pieces))?;
        if self.pending.is_some() {
            let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &**piece).collect();
            self.note(written, &pieces);
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_say(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
