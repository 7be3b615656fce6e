//! One write after another. A failed one is kept and paced; nothing is ever dropped.

use std::time::Duration;

use domain::Settlement;
use domain::ports::{Begun, Owed, Record, StoreError, Withdrawal};

use super::Desk;
use super::backlog::{Failure, Verdict};
use super::drain::{Run, runs};
use super::queue::Standing;
use crate::jitter::wait_after;
use crate::lock::lock;

const QUEUE: &str = "log";
/// How far the clocks of nodes may be apart.
const CLOCKS: Duration = Duration::from_secs(1);

/// Writes for as long as the actor lives.
pub(super) async fn keep_writing(desk: Desk) {
    // What an earlier life had begun is tried again, and counts as a failure: a batch that kills its writer is paced.
    let verdict = desk.queue.with_backlog(super::backlog::Backlog::recover);
    give_up_if_hopeless(&desk, verdict);
    loop {
        let failures = desk.queue.with_backlog(|backlog| backlog.failures());
        if failures > 0 {
            settle_on_disk(&desk).await;
            tokio::time::sleep(wait_after(failures, desk.settings.backoff, desk.entropy.as_ref())).await;
        }
        gather(&desk).await;
        write_once(&desk).await;
        tell(&desk);
    }
}

/// Waits until there is something to try.
async fn gather(desk: &Desk) {
    let mut unread = 0_u32;
    loop {
        let (has_head, has_aside) =
            desk.queue.with_backlog(|backlog| (backlog.has_head(), backlog.has_aside()));
        if has_head {
            return;
        }
        if unread > 0 {
            // Nothing else to do than to wait for the journal's disk.
            let wait = wait_after(unread, desk.settings.backoff, desk.entropy.as_ref());
            tokio::time::timeout(wait, desk.queue.stirred()).await.ok();
        }
        let is_read = match desk.queue.standing() {
            Standing::Due => take_over(desk),
            Standing::Gathering => {
                // Either is fine: a full batch, or as many as came in time.
                tokio::time::timeout(desk.settings.linger, desk.queue.stirred()).await.ok();
                take_over(desk)
            }
            Standing::Empty if has_aside => {
                let failures = desk.queue.with_backlog(|backlog| backlog.aside_failures());
                let quiet =
                    wait_after(failures.saturating_add(1), desk.settings.backoff, desk.entropy.as_ref());
                if tokio::time::timeout(quiet, desk.queue.stirred()).await.is_err() {
                    return;
                }
                true
            }
            Standing::Empty => {
                desk.queue.stirred().await;
                true
            }
        };
        unread = if is_read { 0 } else { unread.saturating_add(1) };
    }
}

/// Takes over what is due. Returns whether it could be read; otherwise what only memory has goes on without it.
fn take_over(desk: &Desk) -> bool {
    match desk.queue.take_over() {
        Ok(()) => true,
        Err(error) => {
            desk.queue.heard(Err(error));
            desk.queue.take_over_unread();
            false
        }
    }
}

/// Tries what is due.
async fn write_once(desk: &Desk) {
    let entries = desk.queue.begin();
    let rows = entries.len();
    match write(desk, entries).await {
        Ok(()) => desk.queue.succeeded(),
        Err(failure) => {
            desk.catalog.log_store_failed();
            tracing::error!(rows, failure = ?failure, "what the store did not take is kept");
            let verdict = desk.queue.failed(failure);
            give_up_if_hopeless(desk, verdict);
        }
    }
}

async fn write(desk: &Desk, mut entries: Vec<Owed>) -> Result<(), Failure> {
    let runs = {
        let mut arrivals = lock(&desk.queue.arrivals);
        // What has been taken back by now is not begun for a moment: somebody could look it up in that.
        entries.retain(|owed| match owed {
            Owed::Begun(entry) => arrivals.begun.ask(entry.transaction),
            Owed::Recorded(_) | Owed::Withdrawn(_) => true,
        });
        runs(entries, |transaction| arrivals.begun.key_of(transaction))
    };
    for run in runs {
        write_run(desk, run).await?;
    }
    Ok(())
}

async fn write_run(desk: &Desk, mut run: Run) -> Result<(), Failure> {
    for withdrawal in run.withdrawn {
        if let Some(record) = take_back(desk, withdrawal).await? {
            run.records.push(record);
        }
    }
    if !run.begun.is_empty() {
        let transactions: Vec<_> = run.begun.iter().map(|entry| entry.transaction).collect();
        let began = tokio::time::timeout(desk.settings.timeout, desk.ledger.begin(run.begun)).await;
        let answers = began.map_err(|_elapsed| late(desk))?.map_err(|error| refused(&error))?;
        desk.breaker.close();
        for (transaction, answer) in transactions.into_iter().zip(answers) {
            // The same transaction is ourselves, in an earlier try.
            if let Begun::Existing(row) | Begun::Occupied(row) = answer
                && row.transaction != transaction
            {
                desk.catalog.ledger_twin();
                tracing::warn!(%transaction, twin = %row.transaction, "another node has used the idempotency key meanwhile; the provider saw one key");
            }
        }
    }
    if !run.records.is_empty() {
        let rows = run.records.len();
        let began = desk.clock.monotonic();
        let written = tokio::time::timeout(desk.settings.timeout, desk.log.record(run.records)).await;
        written.map_err(|_elapsed| late(desk))?.map_err(|error| refused(&error))?;
        desk.catalog.log_batch(rows, desk.clock.monotonic().saturating_sub(began));
    }
    Ok(())
}

/// Takes a row back; returns what is to be told of it.
async fn take_back(desk: &Desk, withdrawal: Withdrawal) -> Result<Option<Record>, Failure> {
    let Withdrawal { row, is_begun, record } = withdrawal;
    let key = (row.tenant, row.transaction);
    if lock(&desk.queue.arrivals).begun.is_only_here(row.transaction) {
        return Ok(Some(record));
    }
    // However long this write takes, nobody finds the row before: it goes with the others.
    if is_begun && desk.clock.now().after(desk.settings.timeout).after(CLOCKS) < row.lease_until {
        let settlement = Some((key.0, key.1, Settlement::Released));
        return Ok(Some(Record { settlement, ..record }));
    }
    let withdrawn = tokio::time::timeout(desk.settings.timeout, desk.ledger.withdraw(row)).await;
    // Dies here: it is withdrawn again, with the same result, and then told.
    let is_withdrawn = withdrawn.map_err(|_elapsed| late(desk))?.map_err(|error| refused(&error))?;
    if !is_withdrawn {
        // Whoever has it tells what became of it.
        tracing::warn!(transaction = %key.1, "an operation was looked up before it could be taken back");
    }
    Ok(is_withdrawn.then_some(record))
}

fn late(desk: &Desk) -> Failure {
    let timeout_ms = desk.settings.timeout.as_millis();
    tracing::error!(timeout_ms, "log store did not answer in time");
    Failure::Away
}

fn refused(error: &StoreError) -> Failure {
    tracing::error!(error = error as &dyn std::error::Error, "log store did not take a batch");
    match error {
        StoreError::Unavailable { .. } => Failure::Away,
        StoreError::Conflict(_) | StoreError::Corrupt(_) => Failure::Refused,
    }
}

fn give_up_if_hopeless(desk: &Desk, verdict: Verdict) {
    if verdict == Verdict::Hopeless {
        desk.queue.give_up();
    }
}

/// While the store is away, what waits for it should survive a power failure, too. That also tells when a disk that had failed
/// may be well again.
async fn settle_on_disk(desk: &Desk) {
    if !desk.queue.has_journal() {
        return;
    }
    let synced = tokio::time::timeout(desk.settings.timeout, desk.queue.sync()).await;
    match synced {
        Ok(Ok(())) => desk.queue.let_journal_try(),
        Ok(Err(error)) => desk.queue.heard(Err(error)),
        // It was sent for, and is paced with the next try.
        Err(_elapsed) => {}
    }
}

fn tell(desk: &Desk) {
    desk.catalog.queue_depth(QUEUE, desk.queue.depth());
    if let Some(journal) = &desk.queue.journal {
        let standing = journal.standing();
        desk.catalog.journal_standing(standing.open(), standing.bytes, standing.capacity);
        desk.catalog.log_spooled(desk.queue.spooled());
    }
}
