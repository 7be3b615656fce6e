//! What is done when an answer is through, or is not going to be: the row, the breaker, the seat. Dropped, it is done too.

use std::sync::Arc;
use std::time::Duration;

use actors::{LogPermit, Seat};
use bytes::{Bytes, BytesMut};
use domain::ports::Record;
use domain::{Transaction, TransportFailure};
use http::HeaderMap;
use resilience::{Deadline, Fault, Verdict};

use super::{Held, SMALL_BODY_BYTES, is_kept_in_log};
use crate::app::Gateway;
use crate::pipeline::Meta;
use crate::pipeline::admission::Admitted;

/// The provider's answer broke off on its way.
const CUT: &str = "answer_incomplete";
/// The caller did not take the answer in time.
const SLOW: &str = "caller_slow";
/// The caller went away before the answer was through.
const GONE: &str = "caller_gone";

/// An answer under way.
pub(super) struct Closing {
    gateway: Arc<Gateway>,
    arrived: Duration,
    deadline: Deadline,
    /// `None` when it was closed.
    open: Option<Open>,
    /// The answer's body, as long as it may be kept in the log.
    kept: Option<BytesMut>,
}

struct Open {
    row: Transaction,
    permit: LogPermit,
    admission: Admitted,
    verdict: Verdict,
    _seat: Option<Seat>,
}

impl Closing {
    /// Takes care of an answer whose row and verdict these are, if it arrives whole.
    pub(super) fn new(
        gateway: &Arc<Gateway>,
        meta: &Meta,
        row: Transaction,
        (held, verdict): (Held, Verdict),
    ) -> Self {
        let Held { permit, admission, seat } = held;
        let open = Some(Open { row, permit, admission, verdict, _seat: seat });
        let (arrived, deadline) = (meta.arrived, meta.deadline);
        Self { gateway: Arc::clone(gateway), arrived, deadline, open, kept: None }
    }

    /// Keeps the body for the log where its type can be masked.
    pub(super) fn of_type(mut self, headers: &HeaderMap) -> Self {
        let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_encoded = headers.contains_key(http::header::CONTENT_ENCODING);
        let is_kept = !is_encoded && content_type.is_some_and(|content_type| is_kept_in_log(content_type, 0));
        self.kept = is_kept.then(BytesMut::new);
        self
    }

    /// Notes a piece that is handed on.
    pub(super) fn note(&mut self, piece: &Bytes) {
        if let Some(kept) = &mut self.kept {
            if kept.len() + piece.len() <= SMALL_BODY_BYTES {
                kept.extend_from_slice(piece);
            } else {
                // A beginning is no JSON, and cannot be masked as such.
                self.kept = None;
            }
        }
    }

    /// Returns how long the rest may take.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.remaining(self.gateway.clock.monotonic()).unwrap_or_default()
    }

    /// The answer is through.
    pub(super) fn whole(&mut self) {
        self.close(None, None);
    }

    /// The answer broke off.
    pub(super) fn broken(mut self, failure: TransportFailure) {
        tracing::warn!(%failure, "a provider's answer broke off on its way");
        self.kept = None;
        let fault = match failure {
            TransportFailure::TimedOut => Fault::TimedOut,
            TransportFailure::Unreadable => Fault::Unreadable,
            TransportFailure::NotSent(_) | TransportFailure::Disconnected => Fault::Disconnected,
        };
        self.close(Some(CUT), Some(Verdict::Failure(fault)));
    }

    /// The time is up, and it was the caller who took it: no word about the provider.
    pub(super) fn caller_slow(mut self) {
        self.kept = None;
        self.close(Some(SLOW), None);
    }

    /// The caller went away.
    pub(super) fn caller_gone(mut self) {
        self.kept = None;
        self.close(Some(GONE), None);
    }

    fn close(&mut self, error_code: Option<&str>, verdict: Option<Verdict>) {
        let Some(Open { mut row, permit, admission, verdict: told, _seat }) = self.open.take() else {
            return;
        };
        let now = self.gateway.clock.monotonic();
        row.duration = now.saturating_sub(self.arrived);
        row.error_code = error_code.map(Into::into);
        let body = self.kept.take().unwrap_or_default().freeze();
        row.response_payload = telemetry::redact_payload(&body, &[]);
        permit.record(Record { transaction: Some(row), settlement: None, event: None });
        admission.settle(verdict.unwrap_or(told), now);
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.kept = None;
        self.close(Some(GONE), None);
    }
}
