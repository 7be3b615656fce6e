//! A journal in memory, whose disk can be full or fail.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use domain::ports::{Journal, JournalError, JournalStanding, Owed};

use super::Hold;

/// Bytes that each entry counts for.
const ENTRY_BYTES: u64 = 1_000;

/// Keeps entries as the port promises. Outlives trees, as a disk does.
#[derive(Debug)]
pub(crate) struct JournalDouble {
    entries: Mutex<BTreeMap<u64, Owed>>,
    last: AtomicU64,
    acknowledged: AtomicU64,
    capacity: AtomicU64,
    pub(crate) refused: Mutex<Vec<Owed>>,
    pub(crate) syncs: Hold,
    pub(crate) is_write_failing: AtomicBool,
    pub(crate) is_sync_failing: AtomicBool,
    pub(crate) is_read_failing: AtomicBool,
}

impl Default for JournalDouble {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            last: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            capacity: AtomicU64::new(u64::MAX),
            refused: Mutex::default(),
            syncs: Hold::default(),
            is_write_failing: AtomicBool::new(false),
            is_sync_failing: AtomicBool::new(false),
            is_read_failing: AtomicBool::new(false),
        }
    }
}

impl JournalDouble {
    /// Lets it have so many entries at most.
    pub(crate) fn set_capacity(&self, entries: u64) {
        self.capacity.store(entries * ENTRY_BYTES, Ordering::SeqCst);
    }

    /// Returns what a process finds that opens it after this one was killed: everything that was not acknowledged.
    pub(crate) fn reopened(&self) -> Self {
        let reopened = Self::default();
        *reopened.entries.lock().unwrap() = self.entries.lock().unwrap().clone();
        reopened.last.store(self.last.load(Ordering::SeqCst), Ordering::SeqCst);
        reopened.acknowledged.store(self.acknowledged.load(Ordering::SeqCst), Ordering::SeqCst);
        reopened
    }

    /// Loses an entry, as a damaged disk does.
    pub(crate) fn spoil(&self, number: u64) {
        self.entries.lock().unwrap().remove(&number).unwrap();
    }
}

fn strike(is_failing: &AtomicBool, doing: &'static str) -> Result<(), JournalError> {
    if is_failing.load(Ordering::SeqCst) {
        return Err(JournalError::Disk { doing, source: io::Error::other("scripted") });
    }
    Ok(())
}

#[async_trait]
impl Journal for JournalDouble {
    fn append(&self, entry: &Owed) -> Result<u64, JournalError> {
        strike(&self.is_write_failing, "append")?;
        let mut entries = self.entries.lock().unwrap();
        let bytes = u64::try_from(entries.len()).unwrap() * ENTRY_BYTES;
        if bytes + ENTRY_BYTES > self.capacity.load(Ordering::SeqCst) {
            return Err(JournalError::Full);
        }
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        entries.insert(number, entry.clone());
        Ok(number)
    }

    async fn sync(&self) -> Result<(), JournalError> {
        self.syncs.pass().await;
        strike(&self.is_sync_failing, "sync")
    }

    fn read(&self, from: u64, most: usize) -> Result<Vec<(u64, Owed)>, JournalError> {
        strike(&self.is_read_failing, "read")?;
        let entries = self.entries.lock().unwrap();
        Ok(entries.range(from..).take(most).map(|(number, owed)| (*number, owed.clone())).collect())
    }

    fn acknowledge(&self, up_to: u64) -> Result<(), JournalError> {
        self.acknowledged.store(up_to, Ordering::SeqCst);
        let mut entries = self.entries.lock().unwrap();
        while entries.first_key_value().is_some_and(|(number, _)| *number <= up_to) {
            entries.pop_first();
        }
        Ok(())
    }

    fn refuse(&self, _: u64, entry: &Owed) -> Result<(), JournalError> {
        strike(&self.is_write_failing, "keep a refused entry")?;
        self.refused.lock().unwrap().push(entry.clone());
        Ok(())
    }

    fn standing(&self) -> JournalStanding {
        let open = self.entries.lock().unwrap().len();
        JournalStanding {
            first_open: self.acknowledged.load(Ordering::SeqCst) + 1,
            last: self.last.load(Ordering::SeqCst),
            bytes: u64::try_from(open).unwrap() * ENTRY_BYTES,
            capacity: self.capacity.load(Ordering::SeqCst),
            refused: u64::try_from(self.refused.lock().unwrap().len()).unwrap(),
        }
    }
}
