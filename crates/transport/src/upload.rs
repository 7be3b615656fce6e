//! A request's body that is sent as it comes: never more of it than was declared, and never less without saying so.

use std::fmt;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use domain::{CutShort, Pieces, Upload};

/// A body under way.
pub(crate) struct Arriving {
    /// Bytes that are still to come, where the length is known.
    left: Option<u64>,
    /// `None` when the body is over, whole or not.
    pieces: Option<Box<dyn Pieces<CutShort>>>,
    is_through: bool,
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Arriving {
    pub(crate) fn new(upload: Upload) -> Self {
        let is_through = upload.length == Some(0);
        Self { left: upload.length, pieces: Some(upload.pieces), is_through }
    }

    /// Returns how many bytes are still to come, where that is known.
    pub(crate) const fn left(&self) -> Option<u64> {
        self.left
    }

    /// Returns whether the last of the body was given away.
    pub(crate) const fn is_through(&self) -> bool {
        self.is_through
    }

    /// Returns the next piece. A body that is longer or shorter than declared is cut short: what it says of itself is the
    /// frame of the next request on the connection.
    pub(crate) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        let Some(pieces) = &mut self.pieces else { return Poll::Ready(None) };
        let piece = ready!(pieces.poll_piece(context));
        let piece = match piece {
            Some(Ok(piece)) => self.count(piece).map(Some),
            Some(Err(cut)) => Err(cut),
            None if self.left.unwrap_or_default() > 0 => Err(CutShort),
            None => {
                self.is_through = true;
                Ok(None)
            }
        };
        if self.is_through || piece.is_err() {
            self.pieces = None;
        }
        Poll::Ready(piece.transpose())
    }

    fn count(&mut self, piece: Bytes) -> Result<Bytes, CutShort> {
        if let Some(left) = self.left {
            let length = u64::try_from(piece.len()).map_err(|_too_long| CutShort)?;
            let left = left.checked_sub(length).ok_or(CutShort)?;
            self.left = Some(left);
            // A connection that has written as much as was declared does not ask whether there is more.
            self.is_through = left == 0;
        }
        Ok(piece)
    }
}
