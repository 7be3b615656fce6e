//! The reconciler's rounds: which rows are due, and what becomes of each. What it means for the ledger and the log is decided
//! where every outcome is: in `settle`.
//!
//! What happens if the process dies, line by line: a row that was taken has a lease, and is due again when that ends; its call was
//! a read, or a repeat that does nothing twice; what was found out is written in one commit with the log row and the event.

mod by_hand;
mod row;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actors::{Errand, Reconcile};
use adapters::ADAPTERS;
use async_trait::async_trait;
use domain::LedgerEntry;
use tokio::sync::Semaphore;

pub(crate) use by_hand::{FoundByHand, HandRefusal, HandWording, look_up_now};

use super::guard::Unsettled;
use super::{Call, Meta, News, Present};
use crate::app::Worker;
use crate::auth::Principal;

/// How long past the time limit of a look-up its row still counts as worked on.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// How long a store that is back is left to those who write down what they know: calls that were answered meanwhile, and rows
/// that are to be withdrawn. Several times what they wait in between.
const AFTER_SILENCE: Duration = Duration::from_secs(5);
/// In place of a moment: the store has not answered since.
const SILENT: u64 = u64::MAX;

/// A call as it was, with the words for its outcome.
pub(crate) struct Rebuilt {
    /// The call.
    pub call: Call,
    /// Words its outcome as its caller was promised.
    pub present: Box<dyn Present>,
}

/// Why a call cannot be built again from its ledger row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRebuilt {
    /// The ledger does not keep all of it.
    #[error("the ledger does not keep all of such a call")]
    NotKept,
    /// The store did not tell what it needs. It may be so only now.
    #[error("the store is away")]
    StoreAway,
    /// What is kept makes another call than it did.
    #[error("what is kept makes no call: {0}")]
    Changed(Box<str>),
}

/// Builds calls again from their ledger rows, by the same readers that built them first, and words what tenants are told.
#[async_trait(?Send)]
pub(crate) trait Rebuild: Send + Sync + std::fmt::Debug {
    /// Returns the call that a row stands for.
    async fn rebuild(
        &self,
        worker: &Worker,
        principal: Principal,
        row: &LedgerEntry,
        meta: Meta,
    ) -> Result<Rebuilt, NotRebuilt>;

    /// Words an outcome that a person found out.
    fn by_hand(&self, row: &LedgerEntry, found: &FoundByHand) -> HandWording;

    /// Returns the payload of an event.
    fn tell(&self, news: &News<'_>) -> bytes::Bytes;
}

/// Settles unknown outcomes.
#[derive(Debug, Clone)]
pub(crate) struct Reconciler {
    worker: Worker,
    rebuild: Arc<dyn Rebuild>,
    /// Each provider's places: one that hangs leaves the others theirs.
    places: Arc<BTreeMap<&'static str, Arc<Semaphore>>>,
    /// Until when nothing is taken, in milliseconds of the monotonic clock, or [`SILENT`].
    quiet_until: Arc<AtomicU64>,
}

impl Reconciler {
    /// Returns a reconciler that calls providers from its own thread's connections.
    pub(crate) fn new(worker: Worker, rebuild: Arc<dyn Rebuild>) -> Self {
        let places = worker.gateway.config.reconcile.per_provider;
        let place = |adapter: &dyn adapters::Adapter| {
            (adapter.descriptor().id.as_str(), Arc::new(Semaphore::new(places)))
        };
        let places = Arc::new(ADAPTERS.into_iter().map(place).collect());
        Self { worker, rebuild, places, quiet_until: Arc::default() }
    }

    /// Notes that the store did not answer.
    fn note_silence(&self) {
        self.quiet_until.store(SILENT, Ordering::Relaxed);
    }

    /// Returns whether nothing is to be taken: the store is silent, or was until a moment ago.
    async fn is_quiet(&self) -> bool {
        let gateway = &self.worker.gateway;
        if self.quiet_until.load(Ordering::Relaxed) == SILENT {
            // The others' time begins when it answers, not when it was last asked in vain.
            if gateway.ledger.unsettled().await.is_err() {
                return true;
            }
            let until = gateway.clock.monotonic().saturating_add(AFTER_SILENCE).as_millis();
            self.quiet_until.store(u64::try_from(until).unwrap_or(SILENT), Ordering::Relaxed);
        }
        gateway.clock.monotonic() < Duration::from_millis(self.quiet_until.load(Ordering::Relaxed))
    }
}

#[async_trait(?Send)]
impl Reconcile for Reconciler {
    async fn take(&self, limit: usize) -> Vec<Errand> {
        let gateway = &self.worker.gateway;
        if gateway.ledger.is_store_away() {
            self.note_silence();
        }
        if self.is_quiet().await {
            return Vec::new();
        }
        // Reserved first: what is taken over can always be recorded.
        let permits: Vec<_> = (0..limit).map_while(|_| gateway.log.reserve().ok()).collect();
        let limit = u32::try_from(permits.len()).unwrap_or(u32::MAX);
        if limit == 0 {
            return Vec::new();
        }
        let now = gateway.clock.now();
        let until = now.after(gateway.config.calls.deadline()).after(LEASE_MARGIN);
        let rows = match gateway.ledger.take_due(now, until, limit).await {
            Ok(rows) => rows,
            // Told where it failed. Whatever is due stays so.
            Err(_away) => {
                self.note_silence();
                return Vec::new();
            }
        };
        let errand = |(row, permit): (LedgerEntry, _)| -> Errand {
            let unsettled = Unsettled::due(gateway, permit, &row);
            let own = self.clone();
            Box::pin(async move { own.settle(row, unsettled).await })
        };
        rows.into_iter().zip(permits).map(errand).collect()
    }
}
