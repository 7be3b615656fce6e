//! Taking back a row of which nobody knows whether it was begun. Its caller is told that nothing was done, and nothing was sent:
//! left behind, the row would be taken for a call whose answer was lost, and looked up by making the call.

use std::sync::Arc;
use std::time::Duration;

use actors::LogPermit;
use domain::ports::Record;
use domain::{Settlement, TenantId, Timestamp, TransactionId};

use crate::app::Gateway;

/// How long before the end of its lease a row is withdrawn for the last time: before that end nobody looks it up.
const IN_TIME: Duration = Duration::from_secs(1);

/// Withdraws a row: at once, and again when a late commit is in, as late as its lease allows.
///
/// Dies in between: the row is there only if the store committed after the first, and its lease is what keeps others off. A
/// store that hung past the lease and commits then is left alone by the reconciler until both of these have come through.
pub(super) fn withdraw(
    gateway: &Arc<Gateway>,
    permit: LogPermit,
    row: (TenantId, TransactionId),
    lease_until: Timestamp,
) {
    permit.record(released(row));
    let gateway = Arc::clone(gateway);
    // By itself: a gateway that stops does not wait for it.
    actix_rt::spawn(async move {
        tokio::time::sleep(lease_until.since(gateway.clock.now()).saturating_sub(IN_TIME)).await;
        if let Ok(permit) = gateway.log.reserve() {
            permit.record(released(row));
        }
    });
}

fn released((tenant, transaction): (TenantId, TransactionId)) -> Record {
    Record { transaction: None, settlement: Some((tenant, transaction, Settlement::Released)), event: None }
}
