//! `Observe`: what the log's writer is doing.

use actix::{Handler, Message, MessageResult};

use super::LogWriter;

/// The state of the log's writer. Accepted = written + unwritten, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogObservation {
    /// Whether the actor answers.
    pub is_up: bool,
    /// Records accepted and not yet written.
    pub unwritten: usize,
    /// Places that are neither reserved nor taken by a record.
    pub free: usize,
    /// Records written since the start.
    pub written: u64,
    /// Writes that failed since the start; what they held was kept.
    pub failed_writes: u64,
    /// How often the actor died.
    pub restarts: u64,
}

/// Asks whether the actor's mailbox is served; the numbers stand in the queue, which outlives the actor.
pub(super) struct Observe;

impl Message for Observe {
    type Result = bool;
}

impl Handler<Observe> for LogWriter {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(true)
    }
}
