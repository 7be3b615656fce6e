//! What the data plane holds of the log's writer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::ports::{Record, TransactionLog};
use domain::{Clock, Entropy};
use tokio::sync::OwnedSemaphorePermit;

use super::observe::Observe;
use super::queue::Queue;
use super::{Desk, LogObservation, LogWriter};
use crate::LogSettings;
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};

const ACTOR: &str = "log_writer";

/// No place is left for a record: the call must not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("log queue is full")]
pub struct Overloaded;

/// The writer was stopped before everything was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("log writer stopped with {unwritten} records unwritten")]
pub struct LogStopped {
    /// How many records were not written.
    pub unwritten: usize,
}

/// What a log writer needs.
pub(crate) struct LogParams {
    pub(crate) log: Arc<dyn TransactionLog>,
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
    place: OwnedSemaphorePermit,
}

impl LogPermit {
    /// Records; cannot fail, cannot wait.
    pub fn record(self, record: Record) {
        // The place stays taken until the store has the record; the queue gives it back then.
        self.place.forget();
        self.queue.push(record);
    }
}

impl LogHandle {
    /// Starts the writer.
    pub(crate) fn start(params: LogParams) -> Self {
        let capacity = u32::try_from(params.settings.queue).unwrap_or(u32::MAX);
        let queue = Arc::new(Queue::new(capacity, params.settings.batch));
        let desk = Desk {
            queue: Arc::clone(&queue),
            log: params.log,
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
    /// [`Overloaded`] when as many records as allowed are unwritten or reserved, or the writer is being stopped.
    pub fn reserve(&self) -> Result<LogPermit, Overloaded> {
        match Arc::clone(&self.queue.places).try_acquire_owned() {
            Ok(place) if !self.queue.is_closed() => Ok(LogPermit { queue: Arc::clone(&self.queue), place }),
            Ok(_) | Err(_) => {
                self.catalog.actor_busy(ACTOR);
                Err(Overloaded)
            }
        }
    }

    /// Waits until all that was recorded before is written; as long as the store is away, that is as long.
    ///
    /// # Errors
    /// [`LogStopped`] when the writer was stopped before.
    pub async fn flush(&self) -> Result<(), LogStopped> {
        self.queue.flush().await
    }

    /// Returns what the writer is doing.
    pub async fn observe(&self) -> LogObservation {
        let is_up = self.actor.answers(Observe).await;
        LogObservation {
            is_up,
            unwritten: self.queue.depth(),
            free: self.queue.places.available_permits(),
            written: self.queue.written(),
            failed_writes: self.queue.failed_writes(),
            restarts: self.actor.child().restarts(),
        }
    }

    /// Refuses reservations, waits until what was recorded or reserved is written, and lets the actor end. Returns how many
    /// records were unwritten when `grace` was over.
    pub(crate) async fn stop(&self, grace: Duration) -> usize {
        self.queue.close();
        // All places are back when nothing is reserved and nothing unwritten.
        let all = self.queue.places.acquire_many(self.queue.capacity);
        let is_drained = matches!(tokio::time::timeout(grace, all).await, Ok(Ok(_)));
        self.actor.child().retire();
        if is_drained {
            return 0;
        }
        self.queue.abandon();
        let unwritten = self.queue.depth();
        tracing::error!(unwritten, "log writer stops with records unwritten");
        unwritten
    }
}
