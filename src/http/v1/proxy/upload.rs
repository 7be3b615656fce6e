//! A caller's body: read whole where it is small or a key guards it, else sent on as it comes. What is read whole comes at the pace
//! that every body must keep, and while it is waited for its request's place is others'.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use domain::{CutShort, Pieces, Upload};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::http::error::ApiError;
use crate::http::json::Pace;
use crate::http::shed::Admission;
use crate::pipeline::SMALL_BODY_BYTES;

/// A body as it is sent.
pub(super) enum Body {
    /// All of it is here.
    Whole(Bytes),
    /// It is coming.
    Coming(Upload),
}

/// How much of a body is taken.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Longest body that is held, in bytes.
    pub(super) held: usize,
    /// Longest body, in bytes. Where no more than is held: it is read whole or not at all.
    pub(super) most: u64,
    /// How long it may take to read what is held.
    pub(super) held_time: Duration,
    /// How long it may take to read all of it.
    pub(super) time: Duration,
}

impl Limits {
    /// Returns the limits of a body that is held whole.
    pub(super) fn whole(most: usize, (held_time, time): (Duration, Duration)) -> Self {
        Self { held: most, most: u64::try_from(most).unwrap_or(u64::MAX), held_time, time }
    }

    /// Returns the limits of a body that is sent as it comes, unless it is small.
    pub(super) const fn coming(most: u64, (held_time, time): (Duration, Duration)) -> Self {
        Self { held: SMALL_BODY_BYTES, most, held_time, time }
    }
}

/// Set when a body was cut short because it was too long, which only shows while it is being sent.
pub(super) type Excess = Arc<AtomicBool>;

/// Reads as much of a body as is held. The rest is read by a task of its own, as fast as the provider takes it.
///
/// # Errors
/// 413 for a body that is or says it is too long, 400 for one that broke off, 408 for one that was not there in time.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: Payload,
    limits: &Limits,
    (tasks, excess): (&TaskTracker, &Excess),
) -> Result<Body, ApiError> {
    let too_large = || ApiError::too_large(usize::try_from(limits.most).unwrap_or(usize::MAX));
    let length = declared(request);
    if length == Some(0) {
        return Ok(Body::Whole(Bytes::new()));
    }
    if length.is_some_and(|length| length > limits.most) {
        return Err(too_large());
    }
    let held = u64::try_from(limits.held).unwrap_or(u64::MAX);
    let mut start = BytesMut::new();
    if length.is_none_or(|length| length <= held) {
        let admission = request.extensions().get::<Admission>().cloned().ok_or_else(ApiError::internal)?;
        let pace = Pace::begin(limits.held_time);
        let is_whole = fill(&mut payload, &mut start, limits.held, (&pace, &admission)).await;
        // A body that failed, too: its answer is one of those under way.
        admission.enter()?;
        if is_whole? {
            return Ok(Body::Whole(start.freeze()));
        }
        if limits.most <= held {
            return Err(too_large());
        }
    }
    let (sender, receiver) = mpsc::channel(1);
    let most = limits.most;
    let carried = carry(payload, start.freeze(), most, (sender, Arc::clone(excess)));
    // Also when the provider has answered early and nobody waits for the rest.
    tasks.spawn_local(tokio::time::timeout(limits.time, carried));
    Ok(Body::Coming(Upload { length, pieces: Box::new(Coming(receiver)) }))
}

/// Returns a body's length: `None` when it is not known beforehand, zero when there is no body.
fn declared(request: &HttpRequest) -> Option<u64> {
    if request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    // The server has read it before us: what is no number did not get here.
    length.map_or(Some(0), |length| length.trim().parse().ok())
}

/// Reads until the body ends or is longer than `held`; returns whether it ended.
async fn fill(
    payload: &mut Payload,
    start: &mut BytesMut,
    held: usize,
    (pace, admission): (&Pace, &Admission),
) -> Result<bool, ApiError> {
    while start.len() <= held {
        // What is there already costs no timer, and no place.
        let piece = match payload.next().now_or_never() {
            Some(piece) => piece,
            None => {
                admission.leave();
                let left = pace.left(start.len()).ok_or_else(ApiError::too_slow)?;
                let piece = tokio::time::timeout(left, payload.next()).await;
                piece.map_err(|_elapsed| ApiError::too_slow())?
            }
        };
        match piece {
            Some(Ok(piece)) => start.extend_from_slice(&piece),
            Some(Err(_broken)) => return Err(ApiError::incomplete_body()),
            None => return Ok(true),
        }
    }
    Ok(false)
}

enum Message {
    Piece(Bytes),
    End,
}

/// Carries a body to whoever sends it. What ends without a word was cut short.
async fn carry(mut payload: Payload, start: Bytes, most: u64, to: (mpsc::Sender<Message>, Excess)) {
    let (sender, excess) = to;
    let mut left = most;
    let mut next = Some(Ok(start));
    while let Some(Ok(piece)) = next {
        let Some(rest) = left.checked_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX)) else {
            excess.store(true, Ordering::Release);
            return;
        };
        left = rest;
        if !piece.is_empty() && sender.send(Message::Piece(piece)).await.is_err() {
            return;
        }
        next = tokio::select! {
            piece = payload.next() => piece.map(|piece| piece.map_err(|_broken| CutShort)),
            () = sender.closed() => return,
        };
    }
    if next.is_none() {
        // Who does not want to hear it has had all of it.
        sender.send(Message::End).await.ok();
    }
}

struct Coming(mpsc::Receiver<Message>);

impl Pieces<CutShort> for Coming {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        self.0.poll_recv(context).map(|message| match message {
            Some(Message::Piece(piece)) => Some(Ok(piece)),
            Some(Message::End) => None,
            None => Some(Err(CutShort)),
        })
    }
}
