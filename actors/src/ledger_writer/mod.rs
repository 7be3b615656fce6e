//! The ledger's writer: groups entries that come at the same time into one commit.
//!
//! The queue lives in the handle, so that a restart of the actor loses nothing that waits. A batch whose commit panics is
//! answered with [`LedgerUnavailable::Lost`]: nothing was sent to a provider for it, and a row that was committed all the
//! same is taken back by whoever asked for it.
//!
//! While the store is away, the node's journal takes its place for calls whose repeat is harmless ([`Fallback::Journal`]): the
//! row is on the disk before the call is made, and the log's writer brings it to the store later. A twin on this node meets the
//! row there; a twin on another node does the same with the same key of the provider's, which makes one side effect of both.
//! A breaker keeps requests from waiting for a store that does not answer: after the first failure they go straight to the
//! journal (or are refused) until a probe finds the store back.

mod fallback;
mod handle;
mod observe;
mod probe;
mod queue;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use domain::Clock;
use domain::ports::Ledger;

use crate::LedgerSettings;
use crate::log_writer::Queue as LogQueue;
use crate::store_breaker::StoreBreaker;
use crate::supervisor::Life;
use queue::Queue;

pub use fallback::Fallback;
pub use handle::{LedgerHandle, LedgerUnavailable};
pub use observe::LedgerObservation;

pub(crate) use handle::LedgerParams;

/// What a ledger writer works with; the same for each of its lives.
#[derive(Debug, Clone)]
struct Desk {
    queue: Arc<Queue>,
    ledger: Arc<dyn Ledger>,
    /// What goes the way of the log; knows what was begun in the journal.
    log: Arc<LogQueue>,
    breaker: Arc<StoreBreaker>,
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
        if self.desk.log.has_journal() {
            ctx.spawn(probe::keep_probing(self.desk.clone()).into_actor(self));
        }
    }
}
