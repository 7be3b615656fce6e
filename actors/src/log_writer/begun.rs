//! Ledger rows that were begun in the journal and that the store may not have: what is known of them on this node.
//!
//! Only where the journal has them, not the rows themselves: an outage of an hour begins millions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Environment, LedgerEntry, LookUps, Settlement, TenantId, Timestamp, TransactionId};

use super::entry::Mark;

/// What an idempotency key is unique in.
pub(crate) type LedgerKey = (TenantId, Environment, Box<str>);

/// Rows begun in the journal and not yet written, by key and by transaction.
#[derive(Debug, Default)]
pub(super) struct BegunRows {
    by_key: HashMap<LedgerKey, TransactionId>,
    rows: HashMap<TransactionId, Row>,
    /// By the last entry that concerns them: when the store has it, they go.
    leaving: BTreeMap<Mark, TransactionId>,
    /// In which entries they were begun.
    numbers: BTreeSet<u64>,
}

#[derive(Debug)]
struct Row {
    key: Option<LedgerKey>,
    /// The entry in which it was begun.
    number: u64,
    last: Mark,
    state: State,
    /// Whether the store was asked to begin it.
    is_asked: bool,
    /// Absent while it was never unknown.
    look_ups: Option<Box<LookUps>>,
    lease_until: Timestamp,
    replay_until: Timestamp,
}

/// How far a row is.
#[derive(Debug, Clone)]
pub(super) enum State {
    Started,
    Unknown,
    /// Its answer, or the entry of the journal that has it.
    Settled(Answer),
    /// Its key is free again; the row is only remembered.
    Released,
}

/// Where an answer is.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    InJournal(u64),
    Here(Settlement),
}

/// What is known of a row.
#[derive(Debug, Clone)]
pub(super) struct KnownRow {
    /// The entry in which it was begun.
    pub(super) number: u64,
    pub(super) state: State,
    pub(super) look_ups: LookUps,
    pub(super) lease_until: Timestamp,
}

impl BegunRows {
    /// Takes up a row that was begun.
    pub(super) fn begin(&mut self, entry: &LedgerEntry, number: u64) {
        let key = key_of(entry);
        if let Some(key) = &key {
            self.by_key.insert(key.clone(), entry.transaction);
        }
        let last = Mark::Journal(number);
        let row = Row {
            key,
            number,
            last,
            state: State::Started,
            is_asked: false,
            look_ups: None,
            lease_until: entry.lease_until,
            replay_until: entry.replay_until,
        };
        self.leaving.insert(last, entry.transaction);
        self.numbers.insert(number);
        if let Some(before) = self.rows.insert(entry.transaction, row) {
            self.leaving.remove(&before.last);
            self.numbers.remove(&before.number);
        }
    }

    /// Returns the first entry in which a known row was begun: it must stay readable.
    pub(super) fn first_number(&self) -> Option<u64> {
        self.numbers.first().copied()
    }

    /// Returns the row that a new entry would meet: of the same key, unless its answer is no longer replayed.
    pub(super) fn met_by(&self, entry: &LedgerEntry) -> Option<KnownRow> {
        if self.rows.is_empty() {
            return None;
        }
        let (transaction, row) = self.by_key(&key_of(entry)?)?;
        let is_over = matches!(row.state, State::Settled(_)) && row.replay_until <= entry.started_at;
        (!is_over && *transaction != entry.transaction).then(|| row.known())
    }

    /// Returns the row of a key.
    pub(super) fn find(&self, key: &LedgerKey) -> Option<KnownRow> {
        self.by_key(key).map(|(_, row)| row.known())
    }

    fn by_key(&self, key: &LedgerKey) -> Option<(&TransactionId, &Row)> {
        let transaction = self.by_key.get(key)?;
        Some((transaction, self.rows.get(transaction)?))
    }

    /// Returns the key of a row that is known: `Some(None)` when it has none.
    pub(super) fn key_of(&self, transaction: TransactionId) -> Option<Option<LedgerKey>> {
        self.rows.get(&transaction).map(|row| row.key.clone())
    }

    /// Returns whether a row is known and the store was not asked to begin it.
    pub(super) fn is_only_here(&self, transaction: TransactionId) -> bool {
        self.rows.get(&transaction).is_some_and(|row| !row.is_asked)
    }

    /// Returns whether the journal has a row that the store was not asked to begin, and that it is taken back.
    pub(super) fn is_taken_back_here(&self, transaction: TransactionId) -> bool {
        self.rows.get(&transaction).is_some_and(|row| {
            !row.is_asked && matches!((&row.state, row.last), (State::Released, Mark::Journal(_)))
        })
    }

    /// Asks whether the store is to begin a row, and notes that it is asked. Not one that is known to be taken back.
    pub(super) fn ask(&mut self, transaction: TransactionId) -> bool {
        match self.rows.get_mut(&transaction) {
            Some(row) if matches!(row.state, State::Released) => false,
            Some(row) => {
                row.is_asked = true;
                true
            }
            None => true,
        }
    }

    /// Notes what became of a row. A settled one stays so.
    pub(super) fn settle(&mut self, transaction: TransactionId, settlement: &Settlement, at: Mark) {
        let Some(row) = self.rows.get_mut(&transaction) else { return };
        self.leaving.remove(&row.last);
        self.leaving.insert(at, transaction);
        row.last = at;
        if matches!(row.state, State::Settled(_) | State::Released) {
            return;
        }
        if let Settlement::Unknown(look_ups) = settlement {
            row.look_ups = Some(Box::new(look_ups.clone()));
        }
        row.state = match (settlement, at) {
            (Settlement::Settled { .. }, Mark::Journal(number)) => State::Settled(Answer::InJournal(number)),
            (Settlement::Settled { .. }, Mark::Memory(_)) => State::Settled(Answer::Here(settlement.clone())),
            (Settlement::Unknown(_), _) => State::Unknown,
            (Settlement::Released, _) => State::Released,
        };
        if matches!(row.state, State::Released)
            && let Some(key) = &row.key
            && self.by_key.get(key) == Some(&transaction)
        {
            self.by_key.remove(key);
        }
    }

    /// Takes a row over as [`domain::ports::Ledger::take_over`] does. Returns nothing when it is not known here.
    pub(super) fn take_over(
        &mut self,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Option<bool> {
        let row = self.rows.get_mut(&transaction)?;
        let is_free = match row.state {
            State::Unknown => true,
            State::Started => row.lease_until <= now,
            State::Settled(_) | State::Released => false,
        };
        if is_free {
            (row.state, row.lease_until) = (State::Started, until);
        }
        Some(is_free)
    }

    /// Lets go of the rows of which the store has everything up to these entries.
    pub(super) fn leave(&mut self, journal: u64, memory: u64) {
        if self.leaving.is_empty() {
            return;
        }
        for (from, to) in
            [(Mark::Journal(0), Mark::Journal(journal)), (Mark::Memory(0), Mark::Memory(memory))]
        {
            let gone: Vec<Mark> = self.leaving.range(from..=to).map(|(mark, _)| *mark).collect();
            for mark in gone {
                if let Some(transaction) = self.leaving.remove(&mark) {
                    self.forget(transaction);
                }
            }
        }
        if self.rows.is_empty() {
            // What an outage needed is given back.
            *self = Self::default();
        }
    }

    fn forget(&mut self, transaction: TransactionId) {
        let Some(row) = self.rows.remove(&transaction) else { return };
        self.numbers.remove(&row.number);
        if let Some(key) = &row.key
            && self.by_key.get(key) == Some(&transaction)
        {
            self.by_key.remove(key);
        }
    }
}

impl Row {
    fn known(&self) -> KnownRow {
        let mut look_ups = self.look_ups.as_deref().cloned().unwrap_or_default();
        if !matches!(self.state, State::Unknown) {
            look_ups.next = Some(self.lease_until);
        }
        KnownRow { number: self.number, state: self.state.clone(), look_ups, lease_until: self.lease_until }
    }
}

/// Returns an entry's key.
pub(super) fn key_of(entry: &LedgerEntry) -> Option<LedgerKey> {
    let key = entry.idempotency_key.clone()?;
    Some((entry.tenant, entry.environment, key))
}

#[cfg(test)]
mod tests;
