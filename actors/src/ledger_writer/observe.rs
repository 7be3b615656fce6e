//! `Observe`: what the ledger's writer is doing.

use actix::{Handler, Message, MessageResult};

use super::LedgerWriter;

/// The state of the ledger's writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerObservation {
    /// Whether the actor answers.
    pub is_up: bool,
    /// Entries that wait for a commit.
    pub waiting: usize,
    /// Entries in the commit under way.
    pub under_way: usize,
    /// Entries answered since the start.
    pub committed: u64,
    /// Entries begun in the journal since the start.
    pub journaled: u64,
    /// Whether the store is taken to be away.
    pub is_store_away: bool,
    /// Entries that could not be begun since the start.
    pub failed: u64,
    /// How often the actor died.
    pub restarts: u64,
}

/// Asks whether the actor's mailbox is served; the numbers stand in the queue, which outlives the actor.
pub(super) struct Observe;

impl Message for Observe {
    type Result = bool;
}

impl Handler<Observe> for LedgerWriter {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(true)
    }
}
