//! Whether the journal does its part: whether it takes what it is given, and has room for more.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::ports::JournalError;

use super::queue::Queue;

/// Of the journal's capacity, the part that is kept for records whose call was made already.
const KEPT_FREE: u64 = 16;

/// What the journal said last.
#[derive(Debug, Default)]
pub(super) struct JournalHealth {
    is_failing: AtomicBool,
    is_full: AtomicBool,
    /// Whether a reservation may find out that a journal that failed is well again.
    may_try: AtomicBool,
}

impl Queue {
    /// Notes what the journal said. A change for the worse is told once, not for every record.
    pub(super) fn heard(&self, said: Result<(), JournalError>) {
        let health = &self.health;
        let (is_full, is_failing) = match &said {
            Ok(()) => (false, false),
            Err(JournalError::Full) => (true, health.is_failing.load(Ordering::Relaxed)),
            Err(JournalError::Disk { .. }) => (health.is_full.load(Ordering::Relaxed), true),
        };
        let was_full = health.is_full.swap(is_full, Ordering::Relaxed);
        let was_failing = health.is_failing.swap(is_failing, Ordering::Relaxed);
        if let Err(error) = said {
            self.catalog.journal_failed();
            if (was_full, was_failing) != (is_full, is_failing) {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the journal does not do its part; records are kept in memory as far as it goes"
                );
            }
        }
    }

    /// Returns whether the journal's disk failed at the last entry.
    pub(super) fn is_journal_failing(&self) -> bool {
        self.health.is_failing.load(Ordering::Relaxed)
    }

    /// Returns whether the journal can be counted on for a record that memory has no place for.
    pub(super) fn is_journal_roomy(&self) -> bool {
        let is_worth_it = !self.is_journal_failing() || self.health.may_try.swap(false, Ordering::Relaxed);
        is_worth_it && self.has_room()
    }

    /// Returns whether the journal has room for more than the records whose call was made already.
    pub(super) fn has_room(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| {
            let standing = journal.standing();
            standing.bytes.saturating_add(standing.capacity / KEPT_FREE) <= standing.capacity
        })
    }

    /// The journal's disk answers: the next reservation may try it, even if it failed before.
    pub(super) fn let_journal_try(&self) {
        self.health.may_try.store(self.is_journal_failing(), Ordering::Relaxed);
    }
}
