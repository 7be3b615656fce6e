//! Beginning ledger rows in the journal, for the ledger's writer: what it begins goes the way of the records, so that a row is
//! committed before its settlement.

use domain::ports::{JournalError, Owed, Record};
use domain::{LedgerEntry, LedgerState, Settlement, Timestamp, TransactionId};

use super::begun::{Answer, KnownRow, LedgerKey, State};
use super::queue::Queue;
use crate::lock::lock;

impl Queue {
    /// Returns whether there is a journal.
    pub(crate) const fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Returns the row that an entry would meet in the journal. Blocks on the disk when there is one.
    pub(crate) fn met_by(&self, entry: &LedgerEntry) -> Option<LedgerEntry> {
        let known = lock(&self.arrivals).begun.met_by(entry)?;
        self.row(known)
    }

    /// Returns the row that was begun in the journal with a key. Blocks on the disk when there is one.
    pub(crate) fn find_begun(&self, key: &LedgerKey) -> Option<LedgerEntry> {
        let known = lock(&self.arrivals).begun.find(key)?;
        self.row(known)
    }

    /// Takes over a row that was begun in the journal; nothing when it was not.
    pub(crate) fn take_over_begun(
        &self,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Option<bool> {
        lock(&self.arrivals).begun.take_over(transaction, now, until)
    }

    /// Returns whether a row is in the journal alone: the store was not asked to begin it.
    pub(crate) fn is_only_here(&self, transaction: TransactionId) -> bool {
        lock(&self.arrivals).begun.is_only_here(transaction)
    }

    /// Returns whether a row is in the journal alone, with its end: nothing was done.
    pub(crate) fn is_taken_back_here(&self, transaction: TransactionId) -> bool {
        lock(&self.arrivals).begun.is_taken_back_here(transaction)
    }

    /// Returns whether a row was begun in the journal and the store may not have all of it.
    pub(crate) fn has_begun(&self, transaction: TransactionId) -> bool {
        lock(&self.arrivals).begun.key_of(transaction).is_some()
    }

    /// Begins a row in the journal; it survives a power failure after [`Queue::sync`] only. `is_elsewhere`: the store was asked to
    /// begin it, too, and did not say.
    pub(crate) fn begin_in_journal(
        &self,
        entry: LedgerEntry,
        is_elsewhere: bool,
    ) -> Result<(), JournalError> {
        let Some(journal) = self.journal.as_deref().filter(|_| self.has_room()) else {
            return Err(JournalError::Full);
        };
        let mut arrivals = lock(&self.arrivals);
        let transaction = entry.transaction;
        let appended = arrivals.begin(journal, entry);
        if is_elsewhere {
            arrivals.begun.ask(transaction);
        }
        let is_worth_waking = self.is_worth_waking(&arrivals);
        drop(arrivals);
        if is_worth_waking {
            self.stir();
        }
        let began = match &appended {
            Ok(()) => Ok(()),
            Err(_) => Err(JournalError::Full),
        };
        self.heard(appended);
        began
    }

    /// Returns when what was begun survives a power failure.
    pub(crate) async fn sync(&self) -> Result<(), JournalError> {
        match &self.journal {
            Some(journal) => journal.sync().await,
            None => Ok(()),
        }
    }

    /// Gives up a row that was begun in the journal and for which nothing was sent: its key is free again.
    pub(crate) fn withdraw(&self, entry: &LedgerEntry) {
        let settlement = Some((entry.tenant, entry.transaction, Settlement::Released));
        self.add(Owed::Recorded(Box::new(Record { transaction: None, settlement, event: None })), None);
    }

    /// Reads a row. Nothing, when the store has it by now or the disk cannot give it.
    fn row(&self, known: KnownRow) -> Option<LedgerEntry> {
        let Owed::Begun(mut row) = self.read_one(known.number)? else { return None };
        row.lease_until = known.lease_until;
        row.look_ups = known.look_ups;
        row.state = match known.state {
            State::Started => LedgerState::Started,
            State::Unknown => LedgerState::Unknown,
            State::Settled(answer) => self.settled(answer)?,
            State::Released => return None,
        };
        Some(*row)
    }

    fn settled(&self, answer: Answer) -> Option<LedgerState> {
        let settlement = match answer {
            Answer::Here(settlement) => settlement,
            Answer::InJournal(number) => match self.read_one(number)? {
                Owed::Recorded(record) => record.settlement?.2,
                Owed::Begun(_) | Owed::Withdrawn(_) => return None,
            },
        };
        match settlement {
            Settlement::Settled { status, body } => Some(LedgerState::Settled { status, body }),
            Settlement::Unknown(_) | Settlement::Released => None,
        }
    }

    fn read_one(&self, number: u64) -> Option<Owed> {
        let journal = self.journal.as_ref()?;
        match journal.read(number, 1) {
            Ok(entries) => entries.into_iter().find(|(found, _)| *found == number).map(|(_, owed)| owed),
            Err(error) => {
                self.heard(Err(error));
                None
            }
        }
    }
}
