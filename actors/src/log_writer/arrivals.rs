//! Entries from their arrival until the writer takes them: in memory while there are places, in the journal beyond.
//!
//! The journal's numbers are the order. Memory holds a stretch of it that begins where the writer is; what came when no place
//! was free is read from the journal when the writer gets there, and once it has caught up, memory holds what comes again.

use std::collections::VecDeque;

use domain::ports::{Journal, JournalError, Owed};
use domain::{LedgerEntry, Settlement};
use tokio::sync::OwnedSemaphorePermit;

use super::begun::BegunRows;
use super::entry::{Entry, Mark};

/// How far something is: up to which number of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) journal: u64,
    pub(super) memory: u64,
}

impl Marks {
    /// Returns whether an entry is among them.
    pub(super) const fn cover(self, mark: Mark) -> bool {
        match mark {
            Mark::Journal(number) => number <= self.journal,
            Mark::Memory(number) => number <= self.memory,
        }
    }

    /// Returns whether all of the others are among them.
    pub(super) const fn reach(self, other: Self) -> bool {
        self.journal >= other.journal && self.memory >= other.memory
    }
}

/// What arrived and was not taken over by the writer.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    waiting: VecDeque<Entry>,
    /// How many of those are in memory only.
    unjournaled: usize,
    /// The last ones that arrived.
    last: Marks,
    /// The last entry of the journal that was handed to the writer.
    handed: u64,
    /// The last entry of the journal up to which memory has all that was not handed to the writer.
    held: u64,
    /// Entries up to here do not linger.
    pub(super) hurry_up_to: Marks,
    pub(super) is_closed: bool,
    pub(super) begun: BegunRows,
}

/// What the writer takes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// So many entries from the front of memory.
    Memory(usize),
    /// What the journal has behind one number, up to another.
    Journal {
        /// The first to read.
        from: u64,
        /// The last to read.
        to: u64,
    },
}

impl Arrivals {
    /// Begins with a journal whose entries up to `acknowledged` are done, and whose last is `last`.
    pub(super) fn behind(acknowledged: u64, last: u64) -> Self {
        Self {
            last: Marks { journal: last, memory: 0 },
            handed: acknowledged,
            held: acknowledged,
            ..Self::default()
        }
    }

    /// Takes an entry, into the journal if there is one that takes it. What the journal does not take stays in memory, place or
    /// no place: nothing is ever dropped. Returns what the journal said.
    pub(super) fn push(
        &mut self,
        journal: Option<&dyn Journal>,
        owed: Owed,
        place: Option<OwnedSemaphorePermit>,
    ) -> Option<Result<u64, JournalError>> {
        let appended = journal.map(|journal| journal.append(&owed));
        let after = self.last.journal;
        let mark = match appended {
            Some(Ok(number)) => {
                debug_assert_eq!(number, after.saturating_add(1), "the journal counts by one");
                self.last.journal = number;
                Mark::Journal(number)
            }
            Some(Err(_)) | None => {
                self.last.memory = self.last.memory.saturating_add(1);
                Mark::Memory(self.last.memory)
            }
        };
        self.note(&owed, mark);
        match mark {
            Mark::Journal(number) if self.held == after && place.is_some() => {
                self.held = number;
                self.waiting.push_back(Entry { mark, after, owed, _place: place });
            }
            Mark::Journal(_) => {}
            Mark::Memory(_) => {
                self.unjournaled = self.unjournaled.saturating_add(1);
                self.waiting.push_back(Entry { mark, after, owed, _place: place });
            }
        }
        appended
    }

    /// Takes a ledger row, into the journal only: without one it is not begun.
    pub(super) fn begin(&mut self, journal: &dyn Journal, entry: LedgerEntry) -> Result<(), JournalError> {
        let owed = Owed::Begun(Box::new(entry));
        let number = journal.append(&owed)?;
        debug_assert_eq!(number, self.last.journal.saturating_add(1), "the journal counts by one");
        self.last.journal = number;
        self.note(&owed, Mark::Journal(number));
        Ok(())
    }

    /// Remembers what an entry says of a ledger row.
    pub(super) fn note(&mut self, owed: &Owed, mark: Mark) {
        match (owed, mark) {
            (Owed::Begun(entry), Mark::Journal(number)) => self.begun.begin(entry, number),
            (Owed::Begun(_), Mark::Memory(_)) => {}
            (Owed::Withdrawn(withdrawal), mark) => {
                self.begun.settle(withdrawal.row.transaction, &Settlement::Released, mark);
            }
            (Owed::Recorded(record), mark) => {
                if let Some((_, transaction, settlement)) = &record.settlement {
                    self.begun.settle(*transaction, settlement, mark);
                }
            }
        }
    }

    /// Returns what the writer takes next, at most so many.
    pub(super) fn due(&self, most: usize) -> Due {
        let mut handed = self.handed;
        let ready = self.waiting.iter().take(most).take_while(|entry| {
            let is_ready = entry.after <= handed;
            if let Mark::Journal(number) = entry.mark {
                handed = number;
            }
            is_ready
        });
        match ready.count() {
            0 => {
                let to = self.waiting.front().map_or(self.last.journal, |front| front.after);
                let from = self.handed.saturating_add(1);
                if from <= to { Due::Journal { from, to } } else { Due::Nothing }
            }
            count => Due::Memory(count),
        }
    }

    /// Hands entries over from the front of memory.
    pub(super) fn hand_over(&mut self, count: usize) -> Vec<Entry> {
        let entries: Vec<Entry> = self.waiting.drain(..count.min(self.waiting.len())).collect();
        self.unjournaled = self.unjournaled.saturating_sub(unjournaled(&entries));
        let last = entries.iter().rev().find_map(|entry| match entry.mark {
            Mark::Journal(number) => Some(number),
            Mark::Memory(_) => None,
        });
        self.handed = self.handed.max(last.unwrap_or(0));
        self.held = self.held.max(self.handed);
        entries
    }

    /// Hands over what was read from the journal for [`Due::Journal`]. What is missing is spoilt, and gone.
    pub(super) fn hand_over_read(&mut self, to: u64, read: Vec<(u64, Owed)>) -> Vec<Entry> {
        let is_end = read.last().is_none_or(|(number, _)| *number >= to);
        let mut entries = Vec::with_capacity(read.len());
        for (number, owed) in read {
            if number > to || number <= self.handed {
                continue;
            }
            let after = number.saturating_sub(1);
            self.handed = number;
            entries.push(Entry { mark: Mark::Journal(number), after, owed, _place: None });
        }
        if is_end {
            self.handed = self.handed.max(to);
        }
        self.held = self.held.max(self.handed);
        entries
    }

    /// Hands over, out of turn, what only memory has: the journal cannot be read.
    pub(super) fn hand_over_unread(&mut self, most: usize) -> Vec<Entry> {
        let is_ours = |entry: &&Entry| matches!(entry.mark, Mark::Memory(_));
        let count = self.waiting.iter().take(most).take_while(is_ours).count();
        self.unjournaled = self.unjournaled.saturating_sub(count);
        self.waiting.drain(..count).collect()
    }

    /// Returns how many entries wait in the journal and not in memory.
    pub(super) fn spooled(&self) -> usize {
        usize::try_from(self.last.journal.saturating_sub(self.held)).unwrap_or(usize::MAX)
    }

    /// Returns how many entries wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len().saturating_add(self.spooled())
    }

    /// Returns how many of those that wait are in memory only.
    pub(super) const fn unjournaled(&self) -> usize {
        self.unjournaled
    }

    /// Returns the last ones that arrived.
    pub(super) const fn last(&self) -> Marks {
        self.last
    }

    /// Returns whether the first of those that wait is in a hurry.
    pub(super) fn is_hurried(&self) -> bool {
        let first = self.waiting.front().map(|entry| entry.mark);
        self.is_closed || first.is_some_and(|first| self.hurry_up_to.cover(first))
    }

    /// Returns up to where everything is written, when these are with the writer and not written.
    pub(super) fn written_up_to(&self, open: impl Iterator<Item = Mark>) -> Marks {
        let mut written = Marks { journal: self.handed, memory: self.last.memory };
        // Those that wait in the journal's order are behind what was handed over.
        let waiting = self.waiting.iter().map(|entry| entry.mark);
        let mut waiting = waiting.filter(|mark| matches!(mark, Mark::Memory(_)));
        let first = if self.unjournaled == 0 { None } else { waiting.next() };
        for mark in open.chain(first) {
            match mark {
                Mark::Journal(number) => written.journal = written.journal.min(number.saturating_sub(1)),
                Mark::Memory(number) => written.memory = written.memory.min(number.saturating_sub(1)),
            }
        }
        written
    }
}

fn unjournaled(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.mark, Mark::Memory(_))).count()
}
