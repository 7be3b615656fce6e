//! The entries that wait for a commit, with whom to answer.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use domain::ports::Begun;
use domain::{LedgerEntry, TransactionId};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

use super::{Fallback, LedgerUnavailable};
use crate::lock::lock;

/// An entry and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: LedgerEntry,
    pub(super) fallback: Fallback,
    pub(super) answer: oneshot::Sender<Result<Begun, LedgerUnavailable>>,
    pub(super) _place: OwnedSemaphorePermit,
}

impl Waiting {
    /// Returns whether its caller is still there.
    pub(super) fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    /// Answers. Returns the entry of a caller that has gone, who is not told what became of it.
    pub(super) fn answer(self, begun: Result<Begun, LedgerUnavailable>) -> Option<LedgerEntry> {
        let Self { entry, answer, .. } = self;
        answer.send(begun).err().map(|_begun| entry)
    }
}

/// The queue between callers and writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    pub(super) under_way: AtomicUsize,
    pub(super) committed: AtomicU64,
    pub(super) journaled: AtomicU64,
    pub(super) failed: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    is_closed: bool,
}

impl Queue {
    /// Adds an entry, unless the queue is closed.
    pub(super) fn push(&self, waiting: Waiting) -> Result<(), LedgerUnavailable> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(LedgerUnavailable::Stopped);
        }
        state.waiting.push_back(waiting);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for entries and takes up to `most` of them. Entries whose callers have gone are left out: no row is begun that
    /// nobody would work on.
    pub(super) async fn take(&self, most: usize) -> Vec<Waiting> {
        loop {
            let batch: Vec<Waiting> = {
                let mut state = lock(&self.state);
                state.waiting.retain(Waiting::is_awaited);
                let count = most.min(state.waiting.len());
                state.waiting.drain(..count).collect()
            };
            self.under_way.store(batch.len(), Ordering::Relaxed);
            if !batch.is_empty() {
                return batch;
            }
            self.arrived.notified().await;
        }
    }

    /// Takes an entry back; returns false when it does not wait any more.
    pub(super) fn leave(&self, transaction: TransactionId) -> bool {
        let mut state = lock(&self.state);
        let place = state.waiting.iter().position(|waiting| waiting.entry.transaction == transaction);
        place.and_then(|place| state.waiting.remove(place)).is_some()
    }

    /// Refuses entries from now on; what waits is still written.
    pub(super) fn close(&self) {
        lock(&self.state).is_closed = true;
    }

    /// Returns how many entries wait.
    pub(super) fn depth(&self) -> usize {
        lock(&self.state).waiting.len()
    }
}
