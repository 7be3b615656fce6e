//! What the log's writer promises, by what it has: memory only, or a journal, too.

mod journal_away;
mod laws;
mod memory;
mod recovery;
mod spool;
mod withdrawn;

use crate::Tree;
use crate::doubles::{Stage, record};

fn write(tree: &Tree, numbers: std::ops::RangeInclusive<u128>) {
    for number in numbers {
        tree.log.reserve().unwrap().record(record(number));
    }
}

fn rows(stage: &Stage) -> Vec<u128> {
    stage.log.rows.lock().unwrap().clone()
}

/// Waits until this many writes have failed.
async fn failed_writes(tree: &Tree, writes: u64) {
    while tree.log.observe().await.failed_writes < writes {
        tokio::task::yield_now().await;
    }
}
