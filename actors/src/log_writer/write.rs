//! One write after another. A failed one is kept and paced; nothing is ever dropped.

use domain::ports::StoreError;

use super::Desk;
use super::backlog::{Backlog, Failure};
use super::queue::Standing;
use crate::jitter::wait_after;

const QUEUE: &str = "log";

/// Writes for as long as the actor lives.
pub(super) async fn keep_writing(desk: Desk) {
    // What an earlier life had begun is tried again, and counts as a failure: a batch that kills its writer is paced.
    desk.queue.with_backlog(Backlog::recover);
    loop {
        let failures = desk.queue.with_backlog(|backlog| backlog.failures());
        if failures > 0 {
            tokio::time::sleep(wait_after(failures, desk.settings.backoff, desk.entropy.as_ref())).await;
        }
        gather(&desk).await;
        write_once(&desk).await;
        desk.catalog.queue_depth(QUEUE, desk.queue.depth());
    }
}

/// Waits until there is something to try.
async fn gather(desk: &Desk) {
    loop {
        let (has_head, has_aside) =
            desk.queue.with_backlog(|backlog| (backlog.has_head(), backlog.has_aside()));
        if has_head {
            return;
        }
        match desk.queue.standing() {
            Standing::Due => desk.queue.take_over(),
            Standing::Gathering => {
                // Either is fine: a full batch, or as many as came in time.
                tokio::time::timeout(desk.settings.linger, desk.queue.stirred()).await.ok();
                desk.queue.take_over();
            }
            Standing::Empty if has_aside => {
                let failures = desk.queue.with_backlog(|backlog| backlog.aside_failures());
                let quiet =
                    wait_after(failures.saturating_add(1), desk.settings.backoff, desk.entropy.as_ref());
                if tokio::time::timeout(quiet, desk.queue.stirred()).await.is_err() {
                    return;
                }
            }
            Standing::Empty => desk.queue.stirred().await,
        }
    }
}

/// Tries what is due.
async fn write_once(desk: &Desk) {
    let records = desk.queue.begin();
    let rows = records.len();
    let began = desk.clock.monotonic();
    let result = tokio::time::timeout(desk.settings.timeout, desk.log.record(records)).await;
    match result {
        Ok(Ok(())) => {
            desk.queue.succeeded();
            desk.catalog.log_batch(rows, desk.clock.monotonic().saturating_sub(began));
        }
        Ok(Err(error)) => {
            desk.catalog.log_store_failed();
            let failure = match error {
                StoreError::Unavailable { .. } => Failure::Away,
                StoreError::Conflict(_) | StoreError::Corrupt(_) => Failure::Refused,
            };
            desk.queue.failed(failure);
            tracing::error!(
                rows,
                error = &error as &dyn std::error::Error,
                "log store did not take a batch; it is kept"
            );
        }
        Err(_elapsed) => {
            desk.catalog.log_store_failed();
            desk.queue.failed(Failure::Away);
            let timeout_ms = desk.settings.timeout.as_millis();
            tracing::error!(rows, timeout_ms, "log store did not answer in time; the batch is kept");
        }
    }
}
