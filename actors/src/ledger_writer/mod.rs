//! The ledger's writer: groups entries that come at the same time into one commit.
//!
//! The queue lives in the handle, so that a restart of the actor loses nothing that waits. A batch whose commit panics is
//! answered with [`LedgerUnavailable::Lost`]: nothing was sent to a provider for it, and a row that was committed all the
//! same ends with its lease.

mod handle;
mod observe;
mod queue;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use domain::Clock;
use domain::ports::Ledger;

use crate::LedgerSettings;
use crate::supervisor::Life;
use queue::Queue;

pub use handle::{LedgerHandle, LedgerUnavailable};
pub use observe::LedgerObservation;

pub(crate) use handle::LedgerParams;

/// What a ledger writer works with; the same for each of its lives.
#[derive(Debug, Clone)]
struct Desk {
    queue: Arc<Queue>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    catalog: Arc<telemetry::Catalog>,
    settings: LedgerSettings,
}

/// Commits what the queue holds, one batch after another.
struct LedgerWriter {
    desk: Desk,
    _life: Life,
}

impl Actor for LedgerWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(write::keep_writing(self.desk.clone()).into_actor(self));
    }
}
