//! Records between those who make them and the writer, and who waits for them to be written.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::Record;
use tokio::sync::{Notify, Semaphore, watch};

use super::LogStopped;
use super::backlog::{Backlog, Failure, Numbered};
use crate::lock::lock;

/// The queue between callers and writer. Two locks, taken in this order: callers never wait while the writer copies.
#[derive(Debug)]
pub(super) struct Queue {
    arrivals: Mutex<Arrivals>,
    backlog: Mutex<Backlog<Box<Record>>>,
    /// Wakes the writer: something came, or someone is in a hurry.
    stirred: Notify,
    /// A place for each record from its reservation until the store has it.
    pub(super) places: std::sync::Arc<Semaphore>,
    pub(super) capacity: u32,
    batch: usize,
    progress: watch::Sender<Progress>,
    failed_writes: AtomicU64,
}

#[derive(Debug, Default)]
struct Arrivals {
    waiting: VecDeque<Numbered<Box<Record>>>,
    last_number: u64,
    /// Records up to this number do not linger.
    hurry_up_to: u64,
    is_closed: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// All records up to this number are written.
    written_up_to: u64,
    written: u64,
    is_abandoned: bool,
}

/// How the arrivals stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing waits.
    Empty,
    /// Fewer than a batch wait, and nobody is in a hurry.
    Gathering,
    /// A batch waits, or someone is in a hurry.
    Due,
}

impl Queue {
    /// Returns an empty queue.
    pub(super) fn new(capacity: u32, batch: usize) -> Self {
        let permits = usize::try_from(capacity).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            arrivals: Mutex::default(),
            backlog: Mutex::default(),
            stirred: Notify::new(),
            places: std::sync::Arc::new(Semaphore::new(permits)),
            capacity,
            batch,
            progress: watch::Sender::new(Progress::default()),
            failed_writes: AtomicU64::new(0),
        }
    }

    /// Adds a record whose place was reserved. Wakes the writer for a first one and for a full batch only.
    pub(super) fn push(&self, record: Record) {
        let record = Box::new(record);
        let mut arrivals = lock(&self.arrivals);
        arrivals.last_number = arrivals.last_number.saturating_add(1);
        let number = arrivals.last_number;
        arrivals.waiting.push_back(Numbered { number, item: record });
        let count = arrivals.waiting.len();
        drop(arrivals);
        if count == 1 || count == self.batch {
            self.stirred.notify_one();
        }
    }

    /// Returns how the arrivals stand.
    pub(super) fn standing(&self) -> Standing {
        let arrivals = lock(&self.arrivals);
        let Some(first) = arrivals.waiting.front() else {
            return Standing::Empty;
        };
        let is_hurried = arrivals.is_closed || first.number <= arrivals.hurry_up_to;
        if is_hurried || arrivals.waiting.len() >= self.batch { Standing::Due } else { Standing::Gathering }
    }

    /// Waits until something came or someone is in a hurry.
    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// Hands up to a batch of arrivals to the backlog. Both locks are held, so that a record is in one of them at any time.
    pub(super) fn take_over(&self) {
        let mut arrivals = lock(&self.arrivals);
        let count = self.batch.min(arrivals.waiting.len());
        lock(&self.backlog).extend(arrivals.waiting.drain(..count));
    }

    /// Works on what was taken over.
    pub(super) fn with_backlog<R>(&self, work: impl FnOnce(&mut Backlog<Box<Record>>) -> R) -> R {
        work(&mut lock(&self.backlog))
    }

    /// Begins a try and returns copies of its records.
    pub(super) fn begin(&self) -> Vec<Record> {
        self.with_backlog(|backlog| backlog.begin(|record| Record::clone(record)))
    }

    /// The store has what was tried: frees the places, and tells those who wait for it.
    pub(super) fn succeeded(&self) {
        let count = self.with_backlog(Backlog::succeeded);
        self.places.add_permits(count);
        let written_up_to = self.written_up_to();
        self.progress.send_modify(|progress| {
            progress.written_up_to = written_up_to;
            progress.written = progress.written.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        });
    }

    /// The store has not what was tried.
    pub(super) fn failed(&self, failure: Failure) {
        self.failed_writes.fetch_add(1, Ordering::Relaxed);
        self.with_backlog(|backlog| backlog.failed(failure));
    }

    /// Waits until all that was recorded before is written.
    pub(super) async fn flush(&self) -> Result<(), LogStopped> {
        let target = {
            let mut arrivals = lock(&self.arrivals);
            arrivals.hurry_up_to = arrivals.last_number;
            arrivals.last_number
        };
        self.stirred.notify_one();
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|now| now.written_up_to >= target || now.is_abandoned).await;
        match reached {
            Ok(now) if now.written_up_to >= target => Ok(()),
            Ok(_) | Err(_) => Err(LogStopped { unwritten: self.depth() }),
        }
    }

    /// Refuses reservations from now on; what is recorded, and what has a place, is still written.
    pub(super) fn close(&self) {
        lock(&self.arrivals).is_closed = true;
        self.stirred.notify_one();
    }

    /// Tells those who wait that nobody writes any more.
    pub(super) fn abandon(&self) {
        self.progress.send_modify(|progress| progress.is_abandoned = true);
    }

    /// Returns whether reservations are refused.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.arrivals).is_closed
    }

    /// Returns how many records are not written.
    pub(super) fn depth(&self) -> usize {
        let arrivals = lock(&self.arrivals);
        arrivals.waiting.len().saturating_add(lock(&self.backlog).len())
    }

    /// Returns how many records were written.
    pub(super) fn written(&self) -> u64 {
        self.progress.borrow().written
    }

    /// Returns how many writes failed.
    pub(super) fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }

    fn written_up_to(&self) -> u64 {
        let arrivals = lock(&self.arrivals);
        let first_waiting = arrivals.waiting.front().map(|first| first.number);
        let first_open = lock(&self.backlog).first_open().into_iter().chain(first_waiting).min();
        first_open.map_or(arrivals.last_number, |number| number.saturating_sub(1))
    }
}
