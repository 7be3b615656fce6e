//! `Sweep`: evicts tenants that nobody has asked for. Sent by the keeper's timer.

use std::sync::Arc;

use actix::{Handler, Message, ResponseFuture};
use domain::KeyHash;

use super::{Keeper, Placement};
use crate::tenant::Swept;

/// The message.
pub(crate) struct Sweep;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SweepReport {
    /// Tenants whose credentials left memory.
    pub(crate) evicted: usize,
    /// Tenants of whom nothing is left.
    pub(crate) forgotten: usize,
}

/// Whether tenants may leave memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eviction {
    Allowed,
    Deferred,
}

impl Message for Sweep {
    type Result = SweepReport;
}

impl Handler<Sweep> for Keeper {
    type Result = ResponseFuture<SweepReport>;

    fn handle(&mut self, Sweep: Sweep, _: &mut Self::Context) -> Self::Result {
        let placement = Arc::clone(&self.placement);
        Box::pin(async move {
            // Nobody is evicted whom the store could not give back: known tenants are served while it is away.
            let eviction = if placement.has_due() { placement.try_store().await } else { Eviction::Allowed };
            placement.sweep(eviction)
        })
    }
}

impl Placement {
    fn has_due(&self) -> bool {
        let now = self.world.clock.monotonic();
        let settings = &self.world.settings;
        self.slots.iter().any(|slot| slot.is_due(now, settings.idle, settings.forget))
    }

    /// Asks the store for the owner of a key that nobody has.
    async fn try_store(&self) -> Eviction {
        let asked = self.world.directory.owner_of_key(KeyHash([0; 32]));
        if let Ok(Ok(_)) = tokio::time::timeout(self.world.settings.load_timeout, asked).await {
            return Eviction::Allowed;
        }
        tracing::warn!("idle tenants stay in memory: the store is away");
        Eviction::Deferred
    }

    fn sweep(&self, eviction: Eviction) -> SweepReport {
        let now = self.world.clock.monotonic();
        let settings = &self.world.settings;
        let mut report = SweepReport::default();
        let mut residents = 0_usize;
        let mut forgotten = Vec::new();
        for slot in &self.slots {
            let swept = match eviction {
                Eviction::Allowed => slot.sweep(now, settings.idle, settings.forget),
                Eviction::Deferred => Swept::Kept,
            };
            match swept {
                Swept::Kept => residents = residents.saturating_add(usize::from(slot.latest().is_some())),
                Swept::Evicted => report.evicted = report.evicted.saturating_add(1),
                Swept::Forgotten => forgotten.push(Arc::clone(&slot)),
            }
        }
        report.forgotten = forgotten.len();
        for slot in &forgotten {
            self.forget(slot);
        }
        self.unknown.prune(now);
        self.world.catalog.residents(residents);
        report
    }
}
