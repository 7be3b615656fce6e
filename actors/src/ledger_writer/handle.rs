//! What the data plane holds of the ledger's writer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::ports::{Begun, Ledger};
use domain::{Clock, LedgerEntry};
use tokio::sync::{Semaphore, TryAcquireError, oneshot};

use super::observe::Observe;
use super::queue::{Queue, Waiting};
use super::{Desk, LedgerObservation, LedgerWriter};
use crate::LedgerSettings;
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};

const ACTOR: &str = "ledger_writer";

/// Why an entry was not begun. In each case nothing may be sent to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerUnavailable {
    /// As many entries as allowed wait already.
    #[error("ledger queue is full")]
    Busy,
    /// The store refused the commit or took too long.
    #[error("ledger store is away")]
    Store,
    /// The writer died with the commit.
    #[error("ledger writer died during the commit")]
    Lost,
    /// The gateway is stopping.
    #[error("ledger writer is stopped")]
    Stopped,
}

/// What a ledger writer needs.
pub(crate) struct LedgerParams {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    pub(crate) settings: LedgerSettings,
    pub(crate) intensity: Intensity,
    pub(crate) arbiter: ArbiterHandle,
    pub(crate) deaths: Deaths,
}

/// Begins ledger entries. Cheap to clone, usable from any thread, outlives the actor's restarts.
#[derive(Clone)]
pub struct LedgerHandle {
    queue: Arc<Queue>,
    places: Arc<Semaphore>,
    capacity: u32,
    catalog: Arc<telemetry::Catalog>,
    actor: Handle<LedgerWriter>,
}

impl fmt::Debug for LedgerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerHandle").field("waiting", &self.queue.depth()).finish_non_exhaustive()
    }
}

impl LedgerHandle {
    /// Starts the writer.
    pub(crate) fn start(params: LedgerParams) -> Self {
        let queue = Arc::new(Queue::default());
        let capacity = u32::try_from(params.settings.queue).unwrap_or(u32::MAX);
        let desk = Desk {
            queue: Arc::clone(&queue),
            ledger: params.ledger,
            clock: params.clock,
            catalog: Arc::clone(&params.catalog),
            settings: params.settings,
        };
        let child = Child::start_new(ChildParams {
            name: ACTOR,
            intensity: params.intensity,
            bound: 16,
            arbiter: params.arbiter,
            deaths: params.deaths,
            factory: Box::new(move |life| LedgerWriter { desk: desk.clone(), _life: life }),
        });
        Self {
            queue,
            places: Arc::new(Semaphore::new(usize::try_from(capacity).unwrap_or(Semaphore::MAX_PERMITS))),
            capacity,
            catalog: params.catalog,
            actor: Handle::new(child),
        }
    }

    /// Begins an entry, in one commit with all that come at the same time; durable when it returns.
    ///
    /// # Errors
    /// [`LedgerUnavailable`]: the call must not be made. Dropping the future while the entry waits takes it back; after
    /// that a row may stay `started` until its lease ends.
    pub async fn begin(&self, entry: LedgerEntry) -> Result<Begun, LedgerUnavailable> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => {
                self.catalog.actor_busy(ACTOR);
                LedgerUnavailable::Busy
            }
            TryAcquireError::Closed => LedgerUnavailable::Stopped,
        })?;
        let (answer, answered) = oneshot::channel();
        self.queue.push(Waiting { entry, answer, _place: place })?;
        answered.await.unwrap_or(Err(LedgerUnavailable::Lost))
    }

    /// Returns what the writer is doing.
    pub async fn observe(&self) -> LedgerObservation {
        let is_up = self.actor.answers(Observe).await;
        LedgerObservation {
            is_up,
            waiting: self.queue.depth(),
            under_way: self.queue.under_way.load(Ordering::Relaxed),
            committed: self.queue.committed.load(Ordering::Relaxed),
            failed: self.queue.failed.load(Ordering::Relaxed),
            restarts: self.actor.child().restarts(),
        }
    }

    /// Refuses new entries, waits until those that wait are answered, and lets the actor end. Returns how many were left
    /// when `grace` was over.
    pub(crate) async fn stop(&self, grace: Duration) -> usize {
        self.queue.close();
        let all = self.places.acquire_many(self.capacity);
        let left = match tokio::time::timeout(grace, all).await {
            Ok(_) => 0,
            Err(_elapsed) => usize::try_from(self.capacity)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.places.available_permits()),
        };
        self.actor.child().retire();
        left
    }
}
