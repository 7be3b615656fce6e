//! The log's writer: batches records behind the answer and keeps each until the store has it.
//!
//! A place in the queue is reserved before the provider is called, so that a record of a call that was made is never
//! refused. Records and the batch being written live in the handle: a restart of the actor, or a store that is away, loses
//! none. What bounds memory is the number of places.
//!
//! With a journal, a record is on this node's disk before the caller is answered: the end of the process loses none, either.
//! What memory has no place for waits in the journal only. Its numbers are the order of writing, for records and for ledger
//! rows that were begun while the store was away; after a crash everything is as if memory had had no place. This writer is
//! the only one that empties the journal.

mod arrivals;
mod backlog;
mod begun;
mod drain;
mod entry;
mod handle;
mod journal_health;
mod journaled;
mod look_through;
mod observe;
mod queue;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use domain::ports::{Ledger, TransactionLog};
use domain::{Clock, Entropy};

use crate::LogSettings;
use crate::store_breaker::StoreBreaker;
use crate::supervisor::Life;

pub use handle::{LogHandle, LogPermit, LogStopped, Overloaded};
pub use observe::LogObservation;

pub(crate) use handle::LogParams;
pub(crate) use queue::Queue;

/// What a log writer works with; the same for each of its lives.
#[derive(Debug, Clone)]
struct Desk {
    queue: Arc<Queue>,
    log: Arc<dyn TransactionLog>,
    ledger: Arc<dyn Ledger>,
    breaker: Arc<StoreBreaker>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    catalog: Arc<telemetry::Catalog>,
    settings: LogSettings,
}

/// Writes what the queue holds, one batch after another.
struct LogWriter {
    desk: Desk,
    _life: Life,
}

impl Actor for LogWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(write::keep_writing(self.desk.clone()).into_actor(self));
    }
}
