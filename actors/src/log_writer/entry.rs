//! An entry on its way to the store.

use domain::ports::Owed;
use tokio::sync::OwnedSemaphorePermit;

/// Which entry it is: numbers of the journal, and numbers of those that memory alone has. Both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    /// In the journal.
    Journal(u64),
    /// In memory only: there is no journal, or it did not take it.
    Memory(u64),
}

/// An entry in memory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) mark: Mark,
    /// The journal's entries up to this one go first.
    pub(super) after: u64,
    pub(super) owed: Owed,
    /// Its place in memory, given back when the store has it.
    pub(super) _place: Option<OwnedSemaphorePermit>,
}
