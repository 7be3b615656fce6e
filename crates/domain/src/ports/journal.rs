//! The journal: what this node still owes the store, in order, on its own disk.

use async_trait::async_trait;

use super::Record;
use crate::LedgerEntry;

/// Something owed to the store.
#[derive(Debug, Clone)]
pub enum Owed {
    /// A ledger entry that was begun while the store was away.
    Begun(Box<LedgerEntry>),
    /// A log row and what becomes of its ledger row.
    Recorded(Box<Record>),
    /// A ledger entry with which nothing was done, and that may be found by others.
    Withdrawn(Box<Withdrawal>),
}

/// What takes back an entry that was begun, or may have been.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    /// The entry, settled with what its caller would be told: see [`super::Ledger::withdraw`].
    pub row: LedgerEntry,
    /// Whether it is known to have been begun: then it comes in no more.
    pub is_begun: bool,
    /// What is logged and told when it was taken back.
    pub record: Record,
}

/// How the journal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalStanding {
    /// The number of the first entry that is not acknowledged.
    pub first_open: u64,
    /// The number of the last entry; `first_open - 1` when all are acknowledged.
    pub last: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes at most.
    pub capacity: u64,
    /// Entries kept that the store refused.
    pub refused: u64,
}

impl JournalStanding {
    /// Returns how many entries are not acknowledged.
    pub const fn open(self) -> u64 {
        self.last.saturating_add(1).saturating_sub(self.first_open)
    }
}

/// The journal did not take or give an entry.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It holds as much as it may.
    #[error("journal is full")]
    Full,
    /// The disk refused.
    #[error("journal cannot {doing}")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Keeps what is owed to the store. Entries are numbered from 1 on, each by one more than the one before it, and never
/// change.
///
/// What is appended survives the process's death at once, and a power failure from the next [`Journal::sync`] on.
#[async_trait]
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Appends an entry and returns its number. Waits for no disk. An entry that was not taken leaves no trace.
    ///
    /// # Errors
    /// [`JournalError`]: it was not taken.
    fn append(&self, entry: &Owed) -> Result<u64, JournalError>;

    /// Returns when all that was appended before survives a power failure. Callers at the same time share one write.
    async fn sync(&self) -> Result<(), JournalError>;

    /// Reads up to `most` entries from number `from` on, in order. Entries that the disk has spoilt are left out (they were
    /// reported and kept elsewhere), so numbers may be missing; the answer is empty only when nothing is left from `from`
    /// on. Blocks on the disk.
    ///
    /// # Errors
    /// [`JournalError::Disk`].
    fn read(&self, from: u64, most: usize) -> Result<Vec<(u64, Owed)>, JournalError>;

    /// Says that the store has every entry up to this one: they may go. Nothing that was acknowledged is read again, unless
    /// the process dies right after; then it may be.
    ///
    /// # Errors
    /// [`JournalError::Disk`]: it may all be read again after the next start.
    fn acknowledge(&self, up_to: u64) -> Result<(), JournalError>;

    /// Keeps an entry that the store refuses for good outside the order, so that its number may be acknowledged. It is
    /// appended again when the journal is opened the next time. Durable when it returns; blocks on the disk.
    ///
    /// # Errors
    /// [`JournalError::Disk`]: it is not kept, and must not be acknowledged.
    fn refuse(&self, number: u64, entry: &Owed) -> Result<(), JournalError>;

    /// Returns how it stands.
    fn standing(&self) -> JournalStanding;
}
