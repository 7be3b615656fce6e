//! From entries to commits: which may go together, and in which order.
//!
//! A row is begun before it is settled, and a key's rows come one after the other. Within these bounds all that is begun goes
//! first and in one commit, and all records behind it in another. What is withdrawn goes
//! before both or with the records; it frees a key, and what comes behind it with that key waits for the next run.

use std::collections::{HashMap, HashSet};

use domain::ports::{Owed, Record, Withdrawal};
use domain::{LedgerEntry, TenantId, TransactionId};

use super::begun::{LedgerKey, key_of};

/// Entries of two commits, and of one for each row that is withdrawn: first those, then all rows are begun, then all records
/// are written.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) withdrawn: Vec<Withdrawal>,
    pub(super) begun: Vec<LedgerEntry>,
    pub(super) records: Vec<Record>,
}

/// What a run's entries have touched already.
#[derive(Debug, Default)]
struct Touched {
    keys: HashSet<LedgerKey>,
    /// Tenants of whose rows one was settled, nobody knows which key it has.
    tenants: HashSet<TenantId>,
}

/// Splits entries into runs. `known` tells the key of a transaction that was begun in the journal (`Some(None)`: it has none).
pub(super) fn runs(
    entries: Vec<Owed>,
    known: impl Fn(TransactionId) -> Option<Option<LedgerKey>>,
) -> Vec<Run> {
    let has_begun = entries.iter().any(|owed| matches!(owed, Owed::Begun(_)));
    let mut runs = Vec::new();
    let mut run = Run::default();
    let mut touched = Touched::default();
    let mut begun_here: HashMap<TransactionId, Option<LedgerKey>> = HashMap::new();
    for owed in entries {
        match owed {
            Owed::Begun(entry) => {
                let key = key_of(&entry);
                // It would jump over what became of an earlier row of its key.
                if key.as_ref().is_some_and(|key| touched.has(key)) {
                    runs.push(std::mem::take(&mut run));
                    touched = Touched::default();
                }
                touched.keys.extend(key.clone());
                begun_here.insert(entry.transaction, key);
                run.begun.push(*entry);
            }
            Owed::Withdrawn(withdrawal) => {
                touched.keys.extend(key_of(&withdrawal.row));
                run.withdrawn.push(*withdrawal);
            }
            Owed::Recorded(record) => {
                // Where nothing is begun, nothing jumps over anything.
                if has_begun && let Some((tenant, transaction, _)) = &record.settlement {
                    match begun_here.get(transaction).cloned().or_else(|| known(*transaction)) {
                        Some(key) => touched.keys.extend(key),
                        None => touched.tenants.extend([*tenant]),
                    }
                }
                run.records.push(*record);
            }
        }
    }
    runs.push(run);
    runs
}

impl Touched {
    fn has(&self, key: &LedgerKey) -> bool {
        self.keys.contains(key) || self.tenants.contains(&key.0)
    }
}

#[cfg(test)]
mod tests;
