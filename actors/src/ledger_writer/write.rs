//! One commit after another, each with all that waited when the one before it ended. No artificial delay.

use std::sync::atomic::Ordering;

use domain::LedgerEntry;
use domain::ports::{Begun, StoreError};

use super::queue::Waiting;
use super::{Desk, LedgerUnavailable};

const QUEUE: &str = "ledger";

/// Commits for as long as the actor lives.
pub(super) async fn keep_writing(desk: Desk) {
    loop {
        let batch = desk.queue.take(desk.settings.batch).await;
        commit(&desk, batch).await;
        desk.catalog.queue_depth(QUEUE, desk.queue.depth());
    }
}

/// Commits a batch and answers everyone in it.
async fn commit(desk: &Desk, batch: Vec<Waiting>) {
    let rows = batch.len();
    let entries: Vec<LedgerEntry> = batch.iter().map(|waiting| waiting.entry.clone()).collect();
    let began = desk.clock.monotonic();
    let result = tokio::time::timeout(desk.settings.timeout, desk.ledger.begin(entries)).await;
    desk.catalog.ledger_batch(rows, desk.clock.monotonic().saturating_sub(began));
    match result {
        Ok(Ok(begun)) if begun.len() == rows => {
            count(&desk.queue.committed, rows);
            answer(batch, begun);
        }
        Ok(Ok(begun)) => {
            tracing::error!(rows, answers = begun.len(), "ledger answered for another number of rows");
            fail(desk, batch);
        }
        Ok(Err(error)) => {
            log_failure(rows, &error);
            fail(desk, batch);
        }
        Err(_elapsed) => {
            let timeout_ms = desk.settings.timeout.as_millis();
            tracing::error!(rows, timeout_ms, "ledger did not commit in time");
            fail(desk, batch);
        }
    }
}

fn answer(batch: Vec<Waiting>, begun: Vec<Begun>) {
    for (waiting, begun) in batch.into_iter().zip(begun) {
        // A caller that went away meanwhile leaves a started row; its lease ends it.
        waiting.answer.send(Ok(begun)).ok();
    }
}

fn fail(desk: &Desk, batch: Vec<Waiting>) {
    count(&desk.queue.failed, batch.len());
    for waiting in batch {
        // A caller that went away wants no answer.
        waiting.answer.send(Err(LedgerUnavailable::Store)).ok();
    }
}

fn log_failure(rows: usize, error: &StoreError) {
    tracing::error!(rows, error = error as &dyn std::error::Error, "ledger could not commit");
}

fn count(counter: &std::sync::atomic::AtomicU64, rows: usize) {
    counter.fetch_add(u64::try_from(rows).unwrap_or(u64::MAX), Ordering::Relaxed);
}
