//! What the data plane holds of the ledger's writer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::ports::{Begun, Ledger, Reroute, StoreError, Unsettled};
use domain::{Clock, Environment, LedgerEntry, TenantId, Timestamp, TransactionId};
use tokio::sync::{Semaphore, TryAcquireError, oneshot};

use super::observe::Observe;
use super::queue::{Queue, Waiting};
use super::{Desk, Fallback, LedgerObservation, LedgerWriter};
use crate::LedgerSettings;
use crate::log_writer::Queue as LogQueue;
use crate::store_breaker::StoreBreaker;
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};

const ACTOR: &str = "ledger_writer";

/// Why an entry was not begun. In each case nothing may be sent to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerUnavailable {
    /// As many entries as allowed wait already.
    #[error("ledger queue is full")]
    Busy,
    /// The time to begin it was over before the store was asked: others were before it.
    #[error("ledger was busy with others")]
    Late,
    /// The store is away, and has not begun it.
    #[error("ledger store is away")]
    Store,
    /// The store was asked and did not say: it may have committed all the same, and do so yet.
    #[error("ledger store did not say whether it committed")]
    Unsure,
    /// The writer died with the commit.
    #[error("ledger writer died during the commit")]
    Lost,
    /// The gateway is stopping.
    #[error("ledger writer is stopped")]
    Stopped,
}

impl LedgerUnavailable {
    /// Returns whether the row may be there nevertheless, or come in yet. Whoever finds it takes it for a call whose answer was
    /// lost, and may make that call: nobody can be told that nothing is done. It is to be withdrawn, before that if possible.
    pub const fn may_have_begun(self) -> bool {
        match self {
            Self::Busy | Self::Late | Self::Store | Self::Stopped => false,
            Self::Unsure | Self::Lost => true,
        }
    }
}

/// What a ledger writer needs.
pub(crate) struct LedgerParams {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) log: Arc<LogQueue>,
    pub(crate) breaker: Arc<StoreBreaker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    pub(crate) settings: LedgerSettings,
    pub(crate) intensity: Intensity,
    pub(crate) arbiter: ArbiterHandle,
    pub(crate) deaths: Deaths,
}

/// Begins ledger entries, and finds and takes over rows wherever they are. Cheap to clone, usable from any thread, outlives the actor's restarts.
#[derive(Clone)]
pub struct LedgerHandle {
    queue: Arc<Queue>,
    places: Arc<Semaphore>,
    capacity: u32,
    desk: Desk,
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
            log: params.log,
            breaker: params.breaker,
            clock: params.clock,
            catalog: params.catalog,
            settings: params.settings,
        };
        let of_actor = desk.clone();
        let child = Child::start_new(ChildParams {
            name: ACTOR,
            intensity: params.intensity,
            bound: 16,
            arbiter: params.arbiter,
            deaths: params.deaths,
            factory: Box::new(move |life| LedgerWriter { desk: of_actor.clone(), _life: life }),
        });
        Self {
            queue,
            places: Arc::new(Semaphore::new(usize::try_from(capacity).unwrap_or(Semaphore::MAX_PERMITS))),
            capacity,
            desk,
            actor: Handle::new(child),
        }
    }

    /// Begins an entry, in one commit with all that come at the same time; durable when it returns: in the store or, while that
    /// is away and `fallback` allows it, in this node's journal. An entry with a serial is begun in the store only: without it
    /// nobody knows whether another one is open.
    ///
    /// # Errors
    /// [`LedgerUnavailable`]: the call must not be made. Dropping the future while the entry waits takes it back; after
    /// that a row may stay `started` until its lease ends.
    pub async fn begin(&self, entry: LedgerEntry, fallback: Fallback) -> Result<Begun, LedgerUnavailable> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => {
                self.desk.catalog.actor_busy(ACTOR);
                LedgerUnavailable::Busy
            }
            TryAcquireError::Closed => LedgerUnavailable::Stopped,
        })?;
        let fallback = if entry.serial.is_some() { Fallback::None } else { fallback };
        let (answer, answered) = oneshot::channel();
        self.queue.push(Waiting { entry, fallback, answer, _place: place })?;
        answered.await.unwrap_or(Err(LedgerUnavailable::Lost))
    }

    /// Begins an entry as [`Self::begin`] does, within `limit`.
    ///
    /// # Errors
    /// [`LedgerUnavailable`], which tells whether the entry may have been begun when the time was over.
    pub async fn begin_within(
        &self,
        limit: Duration,
        entry: LedgerEntry,
        fallback: Fallback,
    ) -> Result<Begun, LedgerUnavailable> {
        let transaction = entry.transaction;
        match tokio::time::timeout(limit, self.begin(entry, fallback)).await {
            Ok(begun) => begun,
            Err(_elapsed) if self.queue.leave(transaction) => Err(LedgerUnavailable::Late),
            Err(_elapsed) => Err(LedgerUnavailable::Unsure),
        }
    }

    /// Returns whether the store is known to be away.
    pub fn is_store_away(&self) -> bool {
        self.desk.breaker.is_open()
    }

    /// Returns the row of an idempotency key: what this node has begun in its journal, else what the store has.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away, and this node knows nothing of the key.
    pub async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        idempotency_key: &str,
    ) -> Result<Option<LedgerEntry>, LedgerUnavailable> {
        if let Some(row) = self.desk.log.find_begun(&(tenant, environment, idempotency_key.into())) {
            return Ok(Some(row));
        }
        self.ask(self.desk.ledger.find(tenant, environment, idempotency_key), "finding a row").await
    }

    /// Takes over a row that is unknown, or started with its lease over, as [`Ledger::take_over`] does, wherever it is.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away, and this node knows nothing of the row.
    pub async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, LedgerUnavailable> {
        if let Some(is_taken) = self.desk.log.take_over_begun(transaction, now, until) {
            return Ok(is_taken);
        }
        self.ask(self.desk.ledger.take_over(tenant, transaction, now, until), "taking a row over").await
    }

    /// Takes over rows that are due to be looked up, of all tenants, as [`Ledger::take_due`] does. A row that this node has
    /// begun in its journal is given out only if it is open by what is known here, too: its end may be on its way to the store.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away. Rows that it has given out by then are due again when the lease is over.
    pub async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, LedgerUnavailable> {
        let mut due = self.ask(self.desk.ledger.take_due(now, until, limit), "taking over rows").await?;
        due.retain(|row| self.desk.log.take_over_begun(row.transaction, now, until) != Some(false));
        Ok(due)
    }

    /// Returns whether a row was begun in this node's journal, and the store is not known to have it.
    pub fn is_in_journal(&self, transaction: TransactionId) -> bool {
        self.desk.log.has_begun(transaction)
    }

    /// Returns whether a row is in this node's journal alone: the store was not asked to begin it.
    pub fn is_only_here(&self, transaction: TransactionId) -> bool {
        self.desk.log.is_only_here(transaction)
    }

    /// Returns whether the end of a row with which nothing was done is in this node's journal, for good, and the store never begins
    /// it. Waits for the disk, as long as for the store at most.
    pub async fn is_taken_back_here(&self, transaction: TransactionId) -> bool {
        let (log, patience) = (&self.desk.log, self.desk.settings.timeout);
        log.is_taken_back_here(transaction)
            && matches!(tokio::time::timeout(patience, log.sync()).await, Ok(Ok(())))
    }

    /// Gives a started row to another provider, as [`Ledger::reroute`] does.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away, or has not yet what this node has begun in its journal. Nothing may be
    /// sent to the other provider: after a crash the first one would be asked.
    pub async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, LedgerUnavailable> {
        if self.desk.log.has_begun(transaction) {
            return Err(LedgerUnavailable::Store);
        }
        let reroute = self.desk.ledger.reroute(tenant, transaction, reroute);
        self.ask(reroute, "giving a row to another provider").await
    }

    /// Returns how many rows the store has that are unknown, of all tenants.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away.
    pub async fn unsettled(&self) -> Result<Unsettled, LedgerUnavailable> {
        self.ask(self.desk.ledger.unsettled(), "counting rows").await
    }

    /// Returns rows that are unknown, of all tenants, as [`Ledger::list_unknown`] does.
    ///
    /// # Errors
    /// [`LedgerUnavailable::Store`]: the store is away.
    pub async fn list_unknown(
        &self,
        needs_attention: bool,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, LedgerUnavailable> {
        self.ask(self.desk.ledger.list_unknown(needs_attention, limit), "listing rows").await
    }

    /// Asks the store, unless it is known to be away.
    async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
        doing: &'static str,
    ) -> Result<T, LedgerUnavailable> {
        if self.desk.breaker.is_open() {
            return Err(LedgerUnavailable::Store);
        }
        match tokio::time::timeout(self.desk.settings.timeout, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(doing, error = &error as &dyn std::error::Error, "the ledger failed");
                Err(LedgerUnavailable::Store)
            }
            Err(_elapsed) => {
                tracing::error!(doing, "the ledger did not answer in time");
                Err(LedgerUnavailable::Store)
            }
        }
    }

    /// Returns what the writer is doing.
    pub async fn observe(&self) -> LedgerObservation {
        let is_up = self.actor.answers(Observe).await;
        LedgerObservation {
            is_up,
            waiting: self.queue.depth(),
            under_way: self.queue.under_way.load(Ordering::Relaxed),
            committed: self.queue.committed.load(Ordering::Relaxed),
            journaled: self.queue.journaled.load(Ordering::Relaxed),
            is_store_away: self.desk.breaker.is_open(),
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
