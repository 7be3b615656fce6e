//! The thread that writes: it commits the jobs that wait together, and answers each after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use domain::ports::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Failure, Task};
use crate::workers::Inbox;

/// A group takes no more jobs once it writes this many rows, so that no caller waits long for its neighbours.
const GROUP_ROWS: usize = 1024;

/// Commits in a row that may leave the disk's cache to the next durable one. Bounds what a power failure takes from the log
/// when nothing else is written.
const DEFERRED_IN_A_ROW: u32 = 8;

/// When a job's changes have to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Before its caller goes on: money may move next.
    BeforeAnswer,
    /// With the next commit that has to be: a crash of the process takes nothing, a power failure takes what was not yet
    /// written, and the ledger's rows, which are on the disk, then say what has to be looked up.
    Soon,
}

/// A job that can be run again: whatever an earlier run did is rolled back by then.
pub(crate) trait Job: Send {
    /// Returns about how many rows it writes.
    fn rows(&self) -> usize;

    /// Returns when its changes have to be on the disk.
    fn durability(&self) -> Durability;

    /// Does the work and keeps the outcome; returns whether its changes are to be kept.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Makes this the outcome, unless the job itself failed.
    fn fail(&mut self, failure: Failure);

    /// Sends the outcome to the caller.
    fn answer(self: Box<Self>);
}

struct Work<T, F> {
    task: Task,
    rows: usize,
    durability: Durability,
    work: F,
    /// Of the latest run.
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// Returns a job that does `work`, which writes about `rows` rows, and where its answer will come.
pub(crate) fn job<T, F>(
    task: Task,
    rows: usize,
    durability: Durability,
    work: F,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: Fn(&Connection) -> Result<T, Failure> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Work { task, rows, durability, work, outcome: None, reply }), answer)
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, Failure> + Send,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let outcome =
            catch_unwind(AssertUnwindSafe(|| (self.work)(connection))).unwrap_or(Err(Failure::Panicked));
        if matches!(outcome, Err(Failure::Panicked)) {
            tracing::error!(doing = self.task.doing, "a job of the store panicked; its changes are undone");
        }
        let is_kept = outcome.is_ok();
        self.outcome = Some(outcome);
        is_kept
    }

    fn fail(&mut self, failure: Failure) {
        if !matches!(self.outcome, Some(Err(_))) {
            self.outcome = Some(Err(failure));
        }
    }

    fn answer(self: Box<Self>) {
        let task = self.task;
        let outcome = self.outcome.unwrap_or(Err(Failure::Closed));
        // The caller may have gone; what was committed stays.
        self.reply.send(outcome.map_err(|failure| failure.into_store_error(task))).ok();
    }
}

/// Commits jobs until the queue is closed and empty, then folds the write-ahead log into the database.
pub(crate) fn run(connection: &Connection, inbox: &Inbox<Box<dyn Job>>) {
    let mut deferred: u32 = 0;
    while let Some(first) = inbox.next() {
        let mut rows = first.rows();
        let mut group = vec![first];
        while rows < GROUP_ROWS {
            let Some(job) = inbox.next_waiting() else { break };
            rows = rows.saturating_add(job.rows());
            group.push(job);
        }
        let may_wait =
            group.iter().all(|job| job.durability() == Durability::Soon) && deferred < DEFERRED_IN_A_ROW;
        deferred = if may_wait { deferred.saturating_add(1) } else { 0 };
        set_durability(connection, if may_wait { Durability::Soon } else { Durability::BeforeAnswer });
        commit(connection, &mut group);
        for job in group {
            job.answer();
        }
    }
    let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    if let Err(error) = checkpoint {
        tracing::warn!(%error, "the write-ahead log stays beside the database until the next start");
    }
}

/// Chooses whether the next commit waits for the disk. Where that cannot be chosen, it goes on as it was: durable at first.
fn set_durability(connection: &Connection, durability: Durability) {
    let setting = match durability {
        Durability::BeforeAnswer => "FULL",
        Durability::Soon => "NORMAL",
    };
    // Never from the statement cache: SQLite does this one while it prepares it.
    if let Err(error) = connection.pragma_update(None, "synchronous", setting) {
        tracing::warn!(%error, "the store cannot choose when to wait for the disk");
    }
}

/// Why a group of jobs was not committed.
enum Undone {
    /// No transaction could be begun: no job was run.
    NotBegun(rusqlite::Error),
    /// The transaction is rolled back, with what all its jobs did.
    RolledBack(rusqlite::Error),
}

/// Commits a group. Where the group is undone as a whole (the disk is full), each job is tried again by itself, so that a
/// small job does not fail for a large neighbour.
fn commit(connection: &Connection, group: &mut [Box<dyn Job>]) {
    match commit_together(connection, group) {
        Ok(()) => {}
        Err(Undone::NotBegun(error)) => fail_all(group, error),
        Err(Undone::RolledBack(error)) if group.len() == 1 => fail_all(group, error),
        Err(Undone::RolledBack(_)) => {
            for job in group {
                commit(connection, std::slice::from_mut(job));
            }
        }
    }
}

fn fail_all(group: &mut [Box<dyn Job>], error: rusqlite::Error) {
    let error = Arc::new(error);
    for job in group {
        job.fail(Failure::Group(Arc::clone(&error)));
    }
}

fn commit_together(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), Undone> {
    execute(connection, "BEGIN IMMEDIATE").map_err(Undone::NotBegun)?;
    run_in_savepoints(connection, group).and_then(|()| execute(connection, "COMMIT")).map_err(|error| {
        // SQLite has rolled back by itself after some errors, and says so by being in no transaction.
        if !connection.is_autocommit()
            && let Err(error) = execute(connection, "ROLLBACK")
        {
            tracing::error!(%error, "the store cannot roll back");
        }
        Undone::RolledBack(error)
    })
}

/// A savepoint a job: what a failed one did is undone, and its neighbours' work stays.
fn run_in_savepoints(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    for job in group {
        execute(connection, "SAVEPOINT job")?;
        if !job.run(connection) {
            // Fails when SQLite has rolled back the whole transaction: then the group is undone.
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    Ok(())
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(()).map(|_| ())
}

#[cfg(test)]
mod tests;
