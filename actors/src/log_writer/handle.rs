//! What the data plane holds of the log's writer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::ports::{Journal, Ledger, Owed, Record, TransactionLog, Withdrawal};
use domain::{Clock, Entropy};
use tokio::sync::OwnedSemaphorePermit;

use super::observe::Observe;
use super::queue::{Left, OVERFLOW, Queue};
use super::{Desk, LogObservation, LogWriter};
use crate::LogSettings;
use crate::store_breaker::StoreBreaker;
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};

const ACTOR: &str = "log_writer";
/// How long the journal may take for its last sync, at least.
const SYNC: Duration = Duration::from_secs(1);

/// No place is left for a record: the call must not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("log queue is full")]
pub struct Overloaded;

/// The writer was stopped before everything was written; what the journal has is written after the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("log writer stopped with {unwritten} records unwritten")]
pub struct LogStopped {
    /// How many records were not written.
    pub unwritten: usize,
}

/// What a log writer needs.
pub(crate) struct LogParams {
    pub(crate) log: Arc<dyn TransactionLog>,
    /// Where rows go that were begun in the journal.
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) breaker: Arc<StoreBreaker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    pub(crate) settings: LogSettings,
    pub(crate) intensity: Intensity,
    pub(crate) arbiter: ArbiterHandle,
    pub(crate) deaths: Deaths,
}

/// Takes log records. Cheap to clone, usable from any thread, outlives the actor's restarts.
#[derive(Clone)]
pub struct LogHandle {
    queue: Arc<Queue>,
    catalog: Arc<telemetry::Catalog>,
    actor: Handle<LogWriter>,
}

impl fmt::Debug for LogHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogHandle").field("unwritten", &self.queue.depth()).finish_non_exhaustive()
    }
}

/// A place in the log's queue. Dropped without a record, it is free again.
#[derive(Debug)]
pub struct LogPermit {
    queue: Arc<Queue>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// In memory.
    Memory(OwnedSemaphorePermit),
    /// In the journal, which has room.
    Journal(OwnedSemaphorePermit),
}

impl LogPermit {
    /// Records; cannot fail, and waits for nothing but a write into the journal's page cache. When it returns, the end of the
    /// process does not lose the record (with a journal that is neither full nor failing).
    pub fn record(self, record: Record) {
        self.add(Owed::Recorded(Box::new(record)));
    }

    /// Takes back a ledger row with which nothing was done; promises what [`Self::record`] does.
    pub fn withdraw(self, withdrawal: Withdrawal) {
        self.add(Owed::Withdrawn(Box::new(withdrawal)));
    }

    fn add(self, owed: Owed) {
        match self.place {
            // Stays taken until the store has the record.
            Place::Memory(place) => self.queue.add(owed, Some(place)),
            Place::Journal(_reserved) => self.queue.add(owed, None),
        }
    }
}

impl LogHandle {
    /// Starts the writer. Blocks while it looks the journal through.
    pub(crate) fn start(params: LogParams) -> Self {
        let capacity = u32::try_from(params.settings.queue).unwrap_or(u32::MAX);
        let catalog = Arc::clone(&params.catalog);
        let queue = Arc::new(Queue::new(capacity, params.settings.batch, params.journal, catalog));
        let desk = Desk {
            queue: Arc::clone(&queue),
            log: params.log,
            ledger: params.ledger,
            breaker: params.breaker,
            clock: params.clock,
            entropy: params.entropy,
            catalog: Arc::clone(&params.catalog),
            settings: params.settings,
        };
        let child = Child::start_new(ChildParams {
            name: ACTOR,
            intensity: params.intensity,
            bound: 16,
            arbiter: params.arbiter,
            deaths: params.deaths,
            factory: Box::new(move |life| LogWriter { desk: desk.clone(), _life: life }),
        });
        Self { queue, catalog: params.catalog, actor: Handle::new(child) }
    }

    /// Reserves a place for a record, before the call that it will tell of is made.
    ///
    /// # Errors
    /// [`Overloaded`] when as many records as allowed are unwritten or reserved and no journal has room for more, or the writer
    /// is being stopped.
    pub fn reserve(&self) -> Result<LogPermit, Overloaded> {
        match self.place() {
            Some(place) if !self.queue.is_closed() => Ok(LogPermit { queue: Arc::clone(&self.queue), place }),
            Some(_) | None => {
                self.catalog.actor_busy(ACTOR);
                Err(Overloaded)
            }
        }
    }

    fn place(&self) -> Option<Place> {
        if let Ok(place) = Arc::clone(&self.queue.places).try_acquire_owned() {
            return Some(Place::Memory(place));
        }
        if !self.queue.is_journal_roomy() {
            return None;
        }
        Arc::clone(&self.queue.overflow).try_acquire_owned().ok().map(Place::Journal)
    }

    /// Returns the queue, for the ledger's writer.
    pub(crate) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// Waits until all that was recorded before is written (or kept as refused for good); as long as the store is away, that is
    /// as long.
    ///
    /// # Errors
    /// [`LogStopped`] when the writer was stopped before.
    pub async fn flush(&self) -> Result<(), LogStopped> {
        self.queue.flush().await
    }

    /// Waits as [`Self::flush`] does; returns whether the store has all of it, and has refused nothing meanwhile.
    pub async fn is_written(&self) -> bool {
        let refused = self.queue.refused();
        self.flush().await.is_ok() && self.queue.refused() == refused
    }

    /// Returns what the writer is doing.
    pub async fn observe(&self) -> LogObservation {
        let is_up = self.actor.answers(Observe).await;
        LogObservation {
            is_up,
            unwritten: self.queue.depth(),
            spooled: self.queue.spooled(),
            refused: self.queue.refused(),
            dropped: self.queue.dropped(),
            journal_bytes: self.queue.journal.as_ref().map_or(0, |journal| journal.standing().bytes),
            is_journal_failing: self.queue.is_journal_failing(),
            free: self.queue.places.available_permits(),
            written: self.queue.written(),
            failed_writes: self.queue.failed_writes(),
            restarts: self.actor.child().restarts(),
        }
    }

    /// Refuses reservations, waits until what was recorded or reserved is written, and lets the actor end. Returns what was not
    /// written when `grace` was over.
    pub(crate) async fn stop(&self, grace: Duration) -> Left {
        self.queue.close();
        // All places are back when nothing is reserved, and nothing of what memory holds is unwritten.
        let drained = async {
            let memory = self.queue.places.acquire_many(self.queue.capacity).await;
            let journal = self.queue.overflow.acquire_many(OVERFLOW).await;
            memory.is_ok() && journal.is_ok() && self.queue.flush().await.is_ok()
        };
        let is_drained = tokio::time::timeout(grace, drained).await == Ok(true);
        self.actor.child().retire();
        if is_drained {
            return Left { unwritten: 0, spooled: 0 };
        }
        let left = self.queue.abandon();
        // The process ends soon, and perhaps the machine with it.
        if !matches!(tokio::time::timeout(grace.max(SYNC), self.queue.sync()).await, Ok(Ok(()))) {
            tracing::error!("the journal could not be synced before the end");
        }
        if left.unwritten > 0 {
            tracing::error!(unwritten = left.unwritten, "log writer stops with records unwritten");
        }
        if left.spooled > 0 {
            tracing::warn!(
                spooled = left.spooled,
                "log writer stops with records in the journal; the next start writes them"
            );
        }
        left
    }
}
