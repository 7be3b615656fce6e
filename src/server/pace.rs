//! Slow clients: a connection that holds a place and brings no request, or does not take its answers, is cut off.
//!
//! The server itself sees to HTTP/1.1 connections that have become idle. What it does not see is a head that comes in drops, an
//! HTTP/2 connection that does nothing but answer pings, and a reader that does not read. All three are seen here, between the
//! server and the socket, by a tick and what has happened since the last one: no clock is read and no timer set for a request.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

/// How fast a reader must take what is written, as long as it does not take all of it.
const BYTES_A_SECOND: u64 = 1024;
/// Ticks without progress after which a connection goes: more than one whole tick then.
const PATIENCE: u32 = 2;

/// How long connections may do nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// With the head of a request under way, or an answer that is not taken.
    pub(super) tick: Duration,
    /// With nothing at all.
    pub(super) idle: Duration,
}

/// What the requests of a connection tell of themselves.
#[derive(Debug, Default)]
pub(super) struct Requests {
    under_way: Cell<u32>,
    begun: Cell<u64>,
    /// Bytes came since the last request began, while none was under way.
    has_heard: Cell<bool>,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Rc<Requests>);

/// A connection whose pace is watched.
pub(super) struct Paced<T> {
    inner: T,
    requests: Rc<Requests>,
    patience: Patience,
    tick: Pin<Box<Sleep>>,
    /// Bytes written in all.
    written: u64,
    /// The socket did not take all that there is.
    is_stalled: bool,
    last: Seen,
    /// Ticks with nothing done.
    idle_ticks: u32,
    /// Ticks with too little written.
    stalled_ticks: u32,
    /// How an HTTP/2 client is asked to go before it is made to; none for HTTP/1.1.
    farewell: Option<CancellationToken>,
}

/// What the last tick saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    begun: u64,
    written: u64,
}

impl Requests {
    /// Notes that a request is here, whole head and all.
    pub(super) fn begin(requests: &Rc<Self>) -> UnderWay {
        requests.begun.set(requests.begun.get().wrapping_add(1));
        requests.under_way.set(requests.under_way.get().saturating_add(1));
        requests.has_heard.set(false);
        UnderWay(Rc::clone(requests))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get().saturating_sub(1));
    }
}

impl<T> Paced<T> {
    /// Watches a connection.
    pub(super) fn new(inner: T, patience: Patience, farewell: Option<CancellationToken>) -> Self {
        Self {
            inner,
            requests: Rc::default(),
            patience,
            tick: Box::pin(tokio::time::sleep(patience.tick)),
            written: 0,
            is_stalled: false,
            last: Seen::default(),
            idle_ticks: 0,
            stalled_ticks: 0,
            farewell,
        }
    }

    /// Returns what the connection's requests are to tell.
    pub(super) fn requests(&self) -> Rc<Requests> {
        Rc::clone(&self.requests)
    }

    /// Lets time pass; fails when the connection is to go. Wakes the task for the next tick.
    fn poll_tick(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.tick.as_mut().poll(cx).is_ready() {
            if self.must_go() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let next = Instant::now() + self.patience.tick;
            self.tick.as_mut().reset(next);
        }
        Ok(())
    }

    /// Looks at what has happened since the last tick.
    fn must_go(&mut self) -> bool {
        let seen = Seen { begun: self.requests.begun.get(), written: self.written };
        let Seen { begun, written } = std::mem::replace(&mut self.last, seen);
        let taken = seen.written.saturating_sub(written);
        let enough = self.patience.tick.as_secs().saturating_mul(BYTES_A_SECOND).max(1);
        self.stalled_ticks =
            if self.is_stalled && taken < enough { self.stalled_ticks.saturating_add(1) } else { 0 };
        // What HTTP/2 writes may be pings and nothing else.
        let has_moved = seen.begun != begun || (self.farewell.is_none() && taken > 0);
        let is_idle = self.requests.under_way.get() == 0 && !has_moved;
        self.idle_ticks = if is_idle { self.idle_ticks.saturating_add(1) } else { 0 };
        let idle = self.patience.tick.saturating_mul(self.idle_ticks);
        if idle >= self.patience.idle
            && let Some(farewell) = &self.farewell
            && !farewell.is_cancelled()
        {
            farewell.cancel();
            return self.stalled_ticks >= PATIENCE;
        }
        let is_mid_head = self.farewell.is_none() && self.requests.has_heard.get();
        let is_too_long = idle >= self.patience.idle || (is_mid_head && self.idle_ticks >= PATIENCE);
        is_too_long || self.stalled_ticks >= PATIENCE
    }

    fn note_written(&mut self, written: usize) {
        self.written = self.written.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        self.is_stalled = false;
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Paced<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(cx, buffer) else {
            self.poll_tick(cx)?;
            return Poll::Pending;
        };
        if buffer.filled().len() > before && self.requests.under_way.get() == 0 {
            let is_beginning = !self.requests.has_heard.replace(true);
            if is_beginning && self.farewell.is_none() {
                // A head has its own time, however long the connection brought nothing before.
                self.idle_ticks = 0;
            }
        }
        Poll::Ready(read)
    }
}

impl<T: AsyncWrite + Unpin> Paced<T> {
    fn pending<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        self.is_stalled = true;
        match self.poll_tick(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, bytes) else {
            return self.pending(cx);
        };
        let written = written?;
        self.note_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write_vectored(cx, pieces) else {
            return self.pending(cx);
        };
        let written = written?;
        self.note_written(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Ready(flushed) => {
                self.is_stalled = false;
                Poll::Ready(flushed)
            }
            Poll::Pending => self.pending(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
