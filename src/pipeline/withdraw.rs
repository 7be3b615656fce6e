//! Taking back a row of which nobody knows whether it was begun. Its caller is told that nothing was done, and nothing was sent:
//! left behind, the row would be taken for a call whose answer was lost, and looked up by making the call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::LogPermit;
use domain::ports::Record;
use domain::{Settlement, TenantId, Timestamp, TransactionId};

use crate::app::Gateway;
use crate::config::StoreEngine;

/// How long before the end of its lease a row is withdrawn for the last time: before that end nobody looks it up.
const IN_TIME: Duration = Duration::from_secs(1);
/// How often it is looked whether that is now.
const EVERY: Duration = Duration::from_millis(250);
/// What a commit may take on top of the statements that it ends.
const COMMIT: Duration = Duration::from_secs(1);

/// Rows that are to be withdrawn once more.
#[derive(Debug, Default)]
pub(crate) struct Withdrawals(Mutex<Vec<Pending>>);

#[derive(Debug, Clone, Copy)]
struct Pending {
    row: (TenantId, TransactionId),
    lease_until: Timestamp,
    /// When its beginning was given up, on the monotonic clock.
    given_up: Duration,
}

/// Withdraws a row: at once, and again when a late commit is in, as late as its lease or the gateway's end allows.
///
/// Dies in between: the row is there only if the store committed after the first, and its lease is what keeps others off. A
/// store that hung past the lease and commits then is left alone by the reconciler until both of these have come through.
pub(super) fn withdraw(
    gateway: &Gateway,
    permit: LogPermit,
    row: (TenantId, TransactionId),
    lease_until: Timestamp,
) {
    permit.record(released(row));
    let pending = Pending { row, lease_until, given_up: gateway.clock.monotonic() };
    gateway.withdrawals.with(|all| all.push(pending));
}

/// Withdraws rows for the last time, shortly before their leases are over, for as long as the gateway lives.
pub(crate) async fn keep_withdrawing(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let now = gateway.clock.now();
        gateway.withdrawals.write(&gateway, |pending| pending.lease_until.since(now) <= IN_TIME);
    }
}

/// Withdraws what is left, for a gateway that stops: whoever comes next would do it.
pub(crate) async fn withdraw_rest(gateway: &Gateway) {
    let last = gateway.withdrawals.with(|all| all.iter().map(|pending| pending.given_up).max());
    if let Some(last) = last {
        let late = last.saturating_add(late_commits(gateway));
        tokio::time::sleep(late.saturating_sub(gateway.clock.monotonic())).await;
        gateway.withdrawals.write(gateway, |_| true);
    }
}

/// Returns how long after it was given up a beginning may still come in: as long as PostgreSQL lets its statements take, of which
/// there are two, a lock's and a row's. The embedded store writes in the order in which it is asked.
fn late_commits(gateway: &Gateway) -> Duration {
    match gateway.config.store.engine {
        StoreEngine::Embedded => COMMIT,
        StoreEngine::Postgres => {
            gateway.config.store.postgres.statement().saturating_mul(2).saturating_add(COMMIT)
        }
    }
}

impl Withdrawals {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<Pending>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Withdraws what is due. What finds no place in the log's queue is tried again, as long as its lease lasts: past that
    /// somebody may be at work on it, and what is found then is not to be taken back.
    fn write(&self, gateway: &Gateway, is_due: impl Fn(&Pending) -> bool) {
        let now = gateway.clock.now();
        self.with(|all| {
            all.retain(|pending| {
                if !is_due(pending) {
                    return true;
                }
                if pending.lease_until <= now {
                    tracing::warn!(transaction = %pending.row.1, "a row was not withdrawn again: the log's queue was full");
                    return false;
                }
                gateway.log.reserve().map(|permit| permit.record(released(pending.row))).is_err()
            });
        });
    }
}

fn released((tenant, transaction): (TenantId, TransactionId)) -> Record {
    Record { transaction: None, settlement: Some((tenant, transaction, Settlement::Released)), event: None }
}
