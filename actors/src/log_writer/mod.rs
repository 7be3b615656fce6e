//! The log's writer: batches records behind the answer and keeps each until the store has it.
//!
//! A place in the queue is reserved before the provider is called, so that a record of a call that was made is never
//! refused. Records and the batch being written live in the handle: a restart of the actor, or a store that is away, loses
//! none. What bounds memory is the number of places.

mod backlog;
mod handle;
mod observe;
mod queue;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use domain::ports::TransactionLog;
use domain::{Clock, Entropy};

use crate::LogSettings;
use crate::supervisor::Life;
use queue::Queue;

pub use handle::{LogHandle, LogPermit, LogStopped, Overloaded};
pub use observe::LogObservation;

pub(crate) use handle::LogParams;

/// What a log writer works with; the same for each of its lives.
#[derive(Debug, Clone)]
struct Desk {
    queue: Arc<Queue>,
    log: Arc<dyn TransactionLog>,
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
