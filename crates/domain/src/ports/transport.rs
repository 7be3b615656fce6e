//! The way to a provider.

use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Endpoint, Pieces, Reply, Request, StreamFailure, StreamedReply, TransportFailure, Unsent, Upload,
};

/// Carries one request to a provider, once: no repeat, no redirect, no cookie.
#[async_trait]
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// Sends `request` and returns the whole answer, within `timeout`.
    ///
    /// # Errors
    /// [`TransportFailure`] says whether anything reached the provider: the caller's money depends on it.
    async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        timeout: Duration,
    ) -> Result<Reply, TransportFailure>;

    /// Sends `request`, with `upload` for its body where there is one, and returns the answer as soon as its head is there.
    /// `timeout` bounds all of it, the answer's last piece included: what is not there by then ends in an error.
    ///
    /// A transport that has no way to send or take pieces does as here: it sends only what is whole, and gives the answer in
    /// one piece.
    ///
    /// # Errors
    /// [`StreamFailure`], as above; an answer that breaks off later says so in its pieces.
    async fn stream(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        upload: Option<Upload>,
        timeout: Duration,
    ) -> Result<StreamedReply, StreamFailure> {
        if upload.is_some() {
            return Err(TransportFailure::NotSent(Unsent::Malformed).into());
        }
        let Reply { status, headers, body } = self.send(endpoint, request, timeout).await?;
        let length = u64::try_from(body.len()).ok();
        Ok(StreamedReply { status, headers, length, pieces: Box::new(InOnePiece(body)) })
    }
}

/// A body that is there already.
struct InOnePiece(Bytes);

impl Pieces<TransportFailure> for InOnePiece {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportFailure>>> {
        let piece = std::mem::take(&mut self.0);
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}
