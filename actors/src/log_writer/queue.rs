//! Entries between those who make them and the writer, and who waits for them to be written.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::ports::{Journal, JournalError, Owed};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::LogStopped;
use super::arrivals::{Arrivals, Due, Marks};
use super::backlog::{Backlog, Failure, Verdict};
use super::entry::{Entry, Mark};
use super::journal_health::JournalHealth;
use super::look_through::{Named, look_through};
use crate::lock::lock;

/// The queue between callers and writer. Two locks, taken in this order: callers never wait while the writer copies.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(super) arrivals: Mutex<Arrivals>,
    backlog: Mutex<Backlog<Entry>>,
    pub(super) journal: Option<Arc<dyn Journal>>,
    pub(super) catalog: Arc<telemetry::Catalog>,
    /// Wakes the writer: something came, or someone is in a hurry.
    stirred: Notify,
    /// A place in memory for each record from its reservation until the store has it.
    pub(super) places: Arc<Semaphore>,
    pub(super) capacity: u32,
    /// Reservations for which memory has no place but the journal.
    pub(super) overflow: Arc<Semaphore>,
    batch: usize,
    progress: watch::Sender<Progress>,
    failed_writes: AtomicU64,
    pub(super) health: JournalHealth,
    refused: AtomicU64,
    dropped: AtomicU64,
}

/// Most reservations at a time for which memory has no place.
pub(super) const OVERFLOW: u32 = 1 << 20;

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// All up to here are written, or kept where the store's refusals are.
    up_to: Marks,
    written: u64,
    is_abandoned: bool,
}

/// How the arrivals stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing waits.
    Empty,
    /// Fewer than a batch wait, and nobody is in a hurry.
    Gathering,
    /// A batch waits, or someone is in a hurry, or the journal has what is due.
    Due,
}

/// What did not get into the store by the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// In memory only: lost.
    pub(crate) unwritten: usize,
    /// In the journal: written after the next start.
    pub(crate) spooled: usize,
}

impl Queue {
    /// Returns a queue that begins with what is open in the journal. Blocks while it looks that through.
    pub(super) fn new(
        capacity: u32,
        batch: usize,
        journal: Option<Arc<dyn Journal>>,
        catalog: Arc<telemetry::Catalog>,
    ) -> Self {
        let permits = usize::try_from(capacity).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let arrivals = journal.as_deref().map_or_else(Arrivals::default, |journal| {
            let arrivals = look_through(journal);
            tracing::info!(entries = arrivals.len(), "the journal is open");
            arrivals
        });
        let handed = arrivals.written_up_to(std::iter::empty());
        Self {
            arrivals: Mutex::new(arrivals),
            backlog: Mutex::default(),
            journal,
            catalog,
            stirred: Notify::new(),
            places: Arc::new(Semaphore::new(permits)),
            capacity,
            overflow: Arc::new(Semaphore::new(usize::try_from(OVERFLOW).unwrap_or(Semaphore::MAX_PERMITS))),
            batch,
            progress: watch::Sender::new(Progress { up_to: handed, ..Progress::default() }),
            failed_writes: AtomicU64::new(0),
            health: JournalHealth::default(),
            refused: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    /// Adds an entry: into the journal where there is one, and into memory where it has a place. When this returns, the end of
    /// the process does not lose it, unless the journal is full or failing.
    pub(super) fn add(&self, owed: Owed, place: Option<OwnedSemaphorePermit>) {
        let mut arrivals = lock(&self.arrivals);
        let appended = arrivals.push(self.journal.as_deref(), owed, place);
        let is_worth_waking = self.is_worth_waking(&arrivals);
        drop(arrivals);
        let is_journaled = matches!(appended, Some(Ok(_)));
        if let Some(appended) = appended {
            self.heard(appended.map(|_| ()));
        }
        if !is_journaled && self.progress.borrow().is_abandoned {
            self.drop_records(1);
        }
        if is_worth_waking {
            self.stirred.notify_one();
        }
    }

    /// Wakes the writer for a first entry, a full batch, and a first one that is not in memory.
    pub(super) fn is_worth_waking(&self, arrivals: &Arrivals) -> bool {
        let count = arrivals.len();
        count == 1 || count == self.batch || arrivals.spooled() == 1
    }

    /// Wakes the writer.
    pub(super) fn stir(&self) {
        self.stirred.notify_one();
    }

    /// Returns how the arrivals stand.
    pub(super) fn standing(&self) -> Standing {
        let arrivals = lock(&self.arrivals);
        match arrivals.due(self.batch) {
            Due::Nothing => Standing::Empty,
            Due::Journal { .. } => Standing::Due,
            Due::Memory(count) if count < self.batch && !arrivals.is_hurried() && arrivals.spooled() == 0 => {
                Standing::Gathering
            }
            Due::Memory(_) => Standing::Due,
        }
    }

    /// Waits until something came or someone is in a hurry.
    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// Hands up to a batch of arrivals to the backlog, from memory or from the journal. Both locks are held meanwhile (not
    /// while the journal is read), so that an entry is in one of them at any time.
    pub(super) fn take_over(&self) -> Result<(), JournalError> {
        let mut arrivals = lock(&self.arrivals);
        let (from, to) = match arrivals.due(self.batch) {
            Due::Nothing => return Ok(()),
            Due::Memory(count) => {
                let entries = arrivals.hand_over(count);
                lock(&self.backlog).extend(entries);
                return Ok(());
            }
            Due::Journal { from, to } => (from, to),
        };
        drop(arrivals);
        let Some(journal) = &self.journal else { return Ok(()) };
        let most = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX).saturating_add(1);
        let read = journal.read(from, most.min(self.batch))?;
        let mut arrivals = lock(&self.arrivals);
        let entries = arrivals.hand_over_read(to, read);
        let is_nothing = entries.is_empty();
        lock(&self.backlog).extend(entries);
        drop(arrivals);
        if is_nothing {
            // All of it was spoilt; whoever waits for it waits no longer.
            self.advance(0);
        }
        Ok(())
    }

    /// Hands over what only memory has, although it is not its turn.
    pub(super) fn take_over_unread(&self) {
        let mut arrivals = lock(&self.arrivals);
        let entries = arrivals.hand_over_unread(self.batch);
        lock(&self.backlog).extend(entries);
    }

    /// Works on what was taken over.
    pub(super) fn with_backlog<R>(&self, work: impl FnOnce(&mut Backlog<Entry>) -> R) -> R {
        work(&mut lock(&self.backlog))
    }

    /// Begins a try and returns copies of its entries.
    pub(super) fn begin(&self) -> Vec<Owed> {
        self.with_backlog(|backlog| backlog.begin(|entry| entry.owed.clone()))
    }

    /// The store has what was tried: frees the places, and tells those who wait for it.
    pub(super) fn succeeded(&self) {
        let entries = self.with_backlog(Backlog::succeeded);
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        drop(entries);
        self.advance(count);
    }

    /// The store has not what was tried.
    pub(super) fn failed(&self, failure: Failure) -> Verdict {
        self.failed_writes.fetch_add(1, Ordering::Relaxed);
        self.with_backlog(|backlog| backlog.failed(failure))
    }

    /// Keeps an entry beside the journal that the store will not have. Where that cannot be, it stays aside.
    pub(super) fn give_up(&self) {
        let hopeless =
            self.with_backlog(|backlog| backlog.hopeless().map(|entry| (entry.mark, entry.owed.clone())));
        let (Some(journal), Some((Mark::Journal(number), owed))) = (&self.journal, hopeless) else { return };
        match journal.refuse(number, &owed) {
            Ok(()) => {
                drop(self.with_backlog(Backlog::take_hopeless));
                self.refused.fetch_add(1, Ordering::Relaxed);
                self.catalog.log_refused();
                tracing::error!(
                    number,
                    transaction = %Named(&owed),
                    "the store refuses an entry for good; the journal keeps it and tries it again at the next start"
                );
                self.advance(0);
            }
            Err(error) => self.heard(Err(error)),
        }
    }

    /// Acknowledges what is done, forgets what was known of it, and tells those who wait.
    fn advance(&self, written: u64) {
        let (up_to, readable) = {
            let mut arrivals = lock(&self.arrivals);
            let backlog = lock(&self.backlog);
            let up_to = arrivals.written_up_to(backlog.iter().map(|entry| entry.mark));
            drop(backlog);
            arrivals.begun.leave(up_to.journal, up_to.memory);
            (up_to, arrivals.begun.first_number())
        };
        // A row is read from the journal for as long as its twins are answered from there.
        let done = up_to.journal.min(readable.map_or(u64::MAX, |number| number.saturating_sub(1)));
        if let Some(journal) = &self.journal
            && journal.standing().first_open <= done
            && let Err(error) = journal.acknowledge(done)
        {
            self.catalog.journal_failed();
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the journal cannot remember how far the store is"
            );
        }
        self.progress.send_modify(|progress| {
            progress.up_to = up_to;
            progress.written = progress.written.saturating_add(written);
        });
    }

    /// Waits until all that was recorded before is written.
    pub(super) async fn flush(&self) -> Result<(), LogStopped> {
        let target = {
            let mut arrivals = lock(&self.arrivals);
            arrivals.hurry_up_to = arrivals.last();
            arrivals.last()
        };
        self.stirred.notify_one();
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|now| now.up_to.reach(target) || now.is_abandoned).await;
        match reached {
            Ok(now) if now.up_to.reach(target) => Ok(()),
            Ok(_) | Err(_) => Err(LogStopped { unwritten: self.depth() }),
        }
    }

    /// Refuses reservations from now on; what is recorded, and what has a place, is still written.
    pub(super) fn close(&self) {
        lock(&self.arrivals).is_closed = true;
        self.stirred.notify_one();
    }

    /// Tells those who wait that nobody writes any more. Returns what was not written; what the journal has not is lost.
    pub(super) fn abandon(&self) -> Left {
        self.progress.send_modify(|progress| progress.is_abandoned = true);
        let arrivals = lock(&self.arrivals);
        let backlog = lock(&self.backlog);
        let with_writer = backlog.iter().filter(|entry| matches!(entry.mark, Mark::Memory(_))).count();
        let unwritten = arrivals.unjournaled().saturating_add(with_writer);
        let left = Left {
            unwritten,
            spooled: arrivals.len().saturating_add(backlog.len()).saturating_sub(unwritten),
        };
        drop((backlog, arrivals));
        self.drop_records(unwritten);
        left
    }

    fn drop_records(&self, records: usize) {
        if records > 0 {
            self.dropped.fetch_add(u64::try_from(records).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.catalog.log_dropped(records);
            tracing::error!(records, "log records are lost: the writer has stopped and no journal has them");
        }
    }

    /// Returns whether reservations are refused.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.arrivals).is_closed
    }

    /// Returns how many entries are not written.
    pub(super) fn depth(&self) -> usize {
        let arrivals = lock(&self.arrivals);
        arrivals.len().saturating_add(lock(&self.backlog).len())
    }

    /// Returns how many entries wait in the journal and not in memory.
    pub(super) fn spooled(&self) -> usize {
        lock(&self.arrivals).spooled()
    }

    /// Returns how many entries were written.
    pub(super) fn written(&self) -> u64 {
        self.progress.borrow().written
    }

    /// Returns how many writes failed.
    pub(super) fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    /// Returns how many entries the store refused for good.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Returns how many records were lost.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
