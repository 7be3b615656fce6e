//! `Observe`: what the log's writer is doing.

use actix::{Handler, Message, MessageResult};

use super::LogWriter;

/// The state of the log's writer. Accepted = written + unwritten + refused + dropped, always; what an earlier process left in
/// the journal counts as accepted, and so do ledger rows begun in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogObservation {
    /// Whether the actor answers.
    pub is_up: bool,
    /// Records accepted and not yet written.
    pub unwritten: usize,
    /// Those of them that wait in the journal and not in memory.
    pub spooled: usize,
    /// Places that are neither reserved nor taken by a record.
    pub free: usize,
    /// Records written since the start.
    pub written: u64,
    /// Records that the store refused for good since the start; the journal keeps them.
    pub refused: u64,
    /// Records lost since the start. Always 0, unless the writer was stopped before they were written and no journal has them.
    pub dropped: u64,
    /// The journal's bytes on the disk; 0 without one.
    pub journal_bytes: u64,
    /// Whether the journal's disk failed at the last entry.
    pub is_journal_failing: bool,
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
