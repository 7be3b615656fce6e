//! One commit after another, each with all that waited when the one before it ended. No artificial delay.

use std::sync::atomic::Ordering;

use domain::LedgerEntry;
use domain::ports::{Begun, StoreError};

use super::queue::Waiting;
use super::{Desk, LedgerUnavailable, fallback};

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
    let batch = answer_twins(desk, batch);
    if batch.is_empty() {
        return;
    }
    if desk.breaker.is_open() {
        fallback::begin(desk, batch, LedgerUnavailable::Store).await;
        return;
    }
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
            fail(desk, batch, LedgerUnavailable::Unsure);
        }
        Ok(Err(error)) => {
            tracing::error!(rows, error = &error as &dyn std::error::Error, "ledger could not commit");
            match error {
                StoreError::Unavailable { may_be_done, .. } => {
                    let why = if may_be_done { LedgerUnavailable::Unsure } else { LedgerUnavailable::Store };
                    store_is_away(desk, batch, why).await;
                }
                StoreError::Conflict(_) | StoreError::Corrupt(_) => {
                    fail(desk, batch, LedgerUnavailable::Unsure);
                }
            }
        }
        Err(_elapsed) => {
            let timeout_ms = desk.settings.timeout.as_millis();
            tracing::error!(rows, timeout_ms, "ledger did not commit in time");
            store_is_away(desk, batch, LedgerUnavailable::Unsure).await;
        }
    }
}

/// Answers those whose key was begun in the journal on this node, and returns the others.
fn answer_twins(desk: &Desk, batch: Vec<Waiting>) -> Vec<Waiting> {
    let mut others = Vec::with_capacity(batch.len());
    for waiting in batch {
        match desk.log.met_by(&waiting.entry) {
            Some(row) => {
                waiting.answer(Ok(Begun::Existing(Box::new(row))));
            }
            None => others.push(waiting),
        }
    }
    others
}

/// Has the journal take the store's place from now on, for this batch, too.
async fn store_is_away(desk: &Desk, batch: Vec<Waiting>, why: LedgerUnavailable) {
    if desk.log.has_journal() {
        desk.breaker.open(desk.clock.monotonic());
        fallback::begin(desk, batch, why).await;
    } else {
        fail(desk, batch, why);
    }
}

fn answer(batch: Vec<Waiting>, begun: Vec<Begun>) {
    for (waiting, begun) in batch.into_iter().zip(begun) {
        waiting.answer(Ok(begun));
    }
}

/// Tells everyone of a batch why nothing may be sent.
pub(super) fn fail(desk: &Desk, batch: Vec<Waiting>, why: LedgerUnavailable) {
    count(&desk.queue.failed, batch.len());
    for waiting in batch {
        waiting.answer(Err(why));
    }
}

pub(super) fn count(counter: &std::sync::atomic::AtomicU64, rows: usize) {
    counter.fetch_add(u64::try_from(rows).unwrap_or(u64::MAX), Ordering::Relaxed);
}
