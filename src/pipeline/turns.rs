//! Turns: operations that change one order go one after the other. On this node they stand in line, in the order in which they
//! came; nodes are kept apart by the ledger, where one row at a time is open for what it changes ([`domain::LedgerEntry::serial`]).
//!
//! What happens if the process dies, line by line: in the line, nothing was begun, and the others' turn comes; after the row was
//! begun, nobody else changes the order before it is known what became of the call; after it was settled, the next one begins.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapters::Adapter;
use dashmap::DashMap;
use domain::{
    Environment, LedgerEntry, LedgerState, Operation, OrderOperation, RefundOperation, RefundedPayment,
    TenantId, TransactionId,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::idempotency::{Guard, POLL, find};
use super::ledger::Stop;
use super::{Call, Refusal};
use crate::app::Worker;

/// Most operations in one line, the one whose turn it is among them.
const LINE: usize = 256;
/// When to come again while somebody else is at work.
const SOON: Duration = Duration::from_secs(1);
/// When to come again where nobody looks up any more what became of the call before.
const WHEN_SOMEBODY_LOOKED: Duration = Duration::from_secs(3600);
/// How long the log is waited for at a time: while the store is away it writes nothing, and the ledger says so.
const FLUSH: Duration = Duration::from_secs(1);
/// The part of a request's time that is left to the call itself: a call that is cut short is one of which nobody knows.
const SHARE_OF_CALL: u32 = 5;

type LineKey = (TenantId, Environment, Box<str>);

/// The lines of this node.
#[derive(Debug, Default)]
pub struct Turns(Arc<DashMap<LineKey, Arc<Line>>>);

#[derive(Debug)]
struct Line {
    /// One place, given to those who wait in the order in which they came.
    turn: Arc<Semaphore>,
    /// Whose turn it is, as far as it is known.
    holder: Mutex<Option<TransactionId>>,
    /// How many are in it. Counted while the map's entry is locked, so that nobody joins a line that is taken away.
    places: AtomicUsize,
}

/// A place in a line. Dropped, it is left.
#[derive(Debug)]
struct Place {
    lines: Arc<DashMap<LineKey, Arc<Line>>>,
    key: LineKey,
    line: Arc<Line>,
}

/// The turn of one operation: nobody else on this node changes the same. Dropped, it is the next one's.
#[derive(Debug)]
pub(super) struct Turn {
    // The first to be dropped: who comes next finds the line as it is.
    _permit: OwnedSemaphorePermit,
    place: Place,
    /// Whether what this node has settled before is in the store.
    has_flushed: bool,
}

/// Returns the name of what an operation changes, where that may be changed by one call at a time. A payment that its provider's
/// id names, and of which nobody here knows the order, has a name of its own: the provider's own check is what holds there.
pub(super) fn serial_of(operation: &Operation, adapter: &dyn Adapter) -> Option<Box<str>> {
    let provider = adapter.descriptor().id.as_str();
    let order = match operation {
        Operation::Order(OrderOperation::Capture(capture)) => &capture.provider_order_id,
        Operation::Order(OrderOperation::Cancel(cancel)) => &cancel.provider_order_id,
        Operation::Refund(RefundOperation::Create(refund)) => match &refund.payment {
            RefundedPayment::OfOrder { provider_order_id } => provider_order_id,
            RefundedPayment::Payment { provider_payment_id } => {
                let order = adapter.order_of_payment(provider_payment_id);
                return Some(match order {
                    Some(order) => format!("{provider}:order:{order}").into(),
                    None => format!("{provider}:payment:{provider_payment_id}").into(),
                });
            }
        },
        _ => return None,
    };
    Some(format!("{provider}:order:{order}").into())
}

/// Waits for the turn of an operation that changes what `serial` names.
///
/// # Errors
/// [`Stop::Exists`] when the idempotency key has a row already: a repeat waits for its own call only.
/// [`Refusal::InProgress`] when the line is full, or the turn does not come in time.
pub(super) async fn take(
    worker: &Worker,
    call: &Call,
    guard: Option<&Guard>,
    serial: &str,
) -> Result<Turn, Stop> {
    let key = (call.principal.tenant.tenant().id, call.principal.environment, serial.into());
    let place = worker.gateway.turns.join(key).map_err(in_progress)?;
    if let Ok(permit) = Arc::clone(&place.line.turn).try_acquire_owned() {
        return Ok(Turn { _permit: permit, place, has_flushed: false });
    }
    if let Some(guard) = guard
        && let Some(row) = find(worker, call, guard).await?
    {
        return Err(Stop::Exists(row));
    }
    let left = time_to_wait(worker, call).ok_or_else(|| in_progress(place.line.holder()))?;
    match tokio::time::timeout(left, Arc::clone(&place.line.turn).acquire_owned()).await {
        Ok(Ok(permit)) => {
            let mut turn = Turn { _permit: permit, place, has_flushed: false };
            turn.flush(worker, call).await;
            Ok(turn)
        }
        Ok(Err(_)) | Err(_) => Err(in_progress(place.line.holder()).into()),
    }
}

impl Turn {
    /// Notes whose turn it is, for those who wait in vain.
    pub(super) fn note(&self, transaction: TransactionId) {
        *self.place.line.holder.lock().unwrap_or_else(PoisonError::into_inner) = Some(transaction);
    }

    /// Waits a moment behind a row that is open: of this node, and on its way to the store; or of another node.
    ///
    /// # Errors
    /// [`Refusal::InProgress`] when no time is left, or nobody knows what became of that row's call.
    pub(super) async fn wait_behind(
        &mut self,
        worker: &Worker,
        call: &Call,
        row: &LedgerEntry,
    ) -> Result<(), Refusal> {
        self.note(row.transaction);
        let now = worker.gateway.clock.now();
        // Past its lease nobody is at work on it, unless its end is on the way from here to the store.
        let is_unknown = match row.state {
            LedgerState::Unknown => true,
            LedgerState::Started => row.lease_until <= now && self.has_flushed,
            LedgerState::Settled { .. } => false,
        };
        if is_unknown {
            let retry_after = match row.look_ups.next {
                Some(next) => next.since(now).max(SOON),
                None if row.state == LedgerState::Unknown => WHEN_SOMEBODY_LOOKED,
                None => SOON,
            };
            return Err(Refusal::Unsettled { transaction: row.transaction, retry_after });
        }
        if self.has_flushed {
            let left = time_to_wait(worker, call).ok_or_else(|| in_progress(Some(row.transaction)))?;
            tokio::time::sleep(POLL.min(left)).await;
        } else {
            self.flush(worker, call).await;
        }
        Ok(())
    }

    /// Sees to it that what this node has settled is in the store, so that it is in nobody's way.
    async fn flush(&mut self, worker: &Worker, call: &Call) {
        let left = time_to_wait(worker, call).unwrap_or_default();
        // Written, stopping, or out of time: the ledger tells what is there.
        tokio::time::timeout(left.min(FLUSH), worker.gateway.log.flush()).await.ok();
        self.has_flushed = true;
    }
}

/// Returns how long a request may still wait, with enough left for its call.
fn time_to_wait(worker: &Worker, call: &Call) -> Option<Duration> {
    let gateway = &worker.gateway;
    let left = call.meta.deadline.remaining(gateway.clock.monotonic())?;
    let of_call = gateway.config.calls.deadline() / SHARE_OF_CALL;
    left.checked_sub(of_call).filter(|left| !left.is_zero())
}

fn in_progress(holder: Option<TransactionId>) -> Refusal {
    Refusal::InProgress { transaction: holder, retry_after: SOON }
}

impl Turns {
    /// Takes a place in a line; where that is full, returns whose turn it is.
    fn join(&self, key: LineKey) -> Result<Place, Option<TransactionId>> {
        let entry = self.0.entry(key.clone()).or_default();
        let line = Arc::clone(&entry);
        if line.places.load(Ordering::Relaxed) >= LINE {
            return Err(line.holder());
        }
        line.places.fetch_add(1, Ordering::Relaxed);
        Ok(Place { lines: Arc::clone(&self.0), key, line })
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), holder: Mutex::default(), places: AtomicUsize::new(0) }
    }
}

impl Line {
    fn holder(&self) -> Option<TransactionId> {
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lines.remove_if(&self.key, |_, line| line.places.fetch_sub(1, Ordering::Relaxed) == 1);
    }
}

#[cfg(test)]
mod tests;
