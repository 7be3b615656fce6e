//! The threads that read: each has a connection and answers one look-up at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Failure, Task};
use crate::workers::Inbox;

/// A look-up that sends its answer itself.
pub(crate) type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

/// Returns a job that does `work` and where its answer will come.
pub(crate) fn job<T, F>(task: Task, work: F) -> (ReadJob, oneshot::Receiver<Result<T, Failure>>)
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Box::new(move |connection: &Connection| {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or(Err(Failure::Panicked));
        if matches!(outcome, Err(Failure::Panicked)) {
            tracing::error!(doing = task.doing, "a look-up in the store panicked");
        }
        reply.send(outcome).ok(); // the caller may have gone
    });
    (job, answer)
}

/// Answers look-ups until the queue is closed.
pub(crate) fn run(connection: &Connection, inbox: &Inbox<ReadJob>) {
    while let Some(job) = inbox.next() {
        job(connection);
    }
}
