//! Looking through what an earlier process left in the journal.

use domain::ports::{Journal, Owed};

use super::arrivals::Arrivals;
use super::entry::Mark;

/// Entries read at a time.
const AT_A_TIME: usize = 256;

/// Reads what is open in a journal, for what it says of ledger rows.
pub(super) fn look_through(journal: &dyn Journal) -> Arrivals {
    let standing = journal.standing();
    let mut arrivals = Arrivals::behind(standing.first_open.saturating_sub(1), standing.last);
    let mut from = standing.first_open;
    loop {
        match journal.read(from, AT_A_TIME) {
            Ok(entries) => {
                let Some((last, _)) = entries.last() else { return arrivals };
                from = last.saturating_add(1);
                for (number, owed) in &entries {
                    arrivals.note(owed, Mark::Journal(*number));
                }
            }
            Err(error) => {
                // The rows are still written. Until then their keys are unknown here; the provider knows them.
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the journal cannot be looked through"
                );
                return arrivals;
            }
        }
    }
}

/// An entry's transaction, for people.
pub(super) struct Named<'a>(pub(super) &'a Owed);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let transaction = match self.0 {
            Owed::Begun(entry) => Some(entry.transaction),
            Owed::Withdrawn(withdrawal) => Some(withdrawal.row.transaction),
            Owed::Recorded(record) => {
                let settled = record.settlement.as_ref().map(|(_, transaction, _)| *transaction);
                record.transaction.as_ref().map(|row| row.id).or(settled)
            }
        };
        match transaction {
            Some(transaction) => transaction.fmt(f),
            None => f.write_str("none"),
        }
    }
}
