//! `Sweep`: evicts tenants that nobody has asked for. Sent by the keeper's timer.

use actix::{Handler, Message, MessageResult};

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

impl Message for Sweep {
    type Result = SweepReport;
}

impl Handler<Sweep> for Keeper {
    type Result = MessageResult<Sweep>;

    fn handle(&mut self, Sweep: Sweep, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.placement.sweep())
    }
}

impl Placement {
    fn sweep(&self) -> SweepReport {
        let now = self.world.clock.monotonic();
        let settings = &self.world.settings;
        let mut report = SweepReport::default();
        let mut residents = 0_usize;
        let mut forgotten = Vec::new();
        for slot in &self.slots {
            match slot.sweep(now, settings.idle, settings.forget) {
                Swept::Kept => residents = residents.saturating_add(usize::from(slot.latest().is_some())),
                Swept::Evicted => report.evicted = report.evicted.saturating_add(1),
                Swept::Forgotten => forgotten.push(std::sync::Arc::clone(&slot)),
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
