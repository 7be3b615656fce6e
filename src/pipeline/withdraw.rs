//! Taking back a row of which nobody knows whether it was begun. Its caller is told that nothing was done, and nothing was sent:
//! left behind, the row would be taken for a call whose answer was lost, and looked up by making the call.

use std::sync::Arc;
use std::time::Duration;

use actors::LogPermit;
use domain::ports::Record;
use domain::{Settlement, TenantId, TransactionId};

use crate::app::Gateway;

/// When a store that was asked to commit has surely done so or given up: longer than its own limit of a statement, and well
/// within the row's lease, before whose end nobody looks it up.
const SETTLED_BY: Duration = Duration::from_secs(15);

/// Withdraws a row: at once, and again when a late commit is in.
///
/// Dies in between: the row is there only if the store committed after the first, and its lease is what keeps others off.
pub(super) fn withdraw(gateway: &Arc<Gateway>, permit: LogPermit, row: (TenantId, TransactionId)) {
    permit.record(released(row));
    let gateway = Arc::clone(gateway);
    // By itself: a gateway that stops does not wait for it.
    actix_rt::spawn(async move {
        tokio::time::sleep(SETTLED_BY).await;
        if let Ok(permit) = gateway.log.reserve() {
            permit.record(released(row));
        }
    });
}

fn released((tenant, transaction): (TenantId, TransactionId)) -> Record {
    Record { transaction: None, settlement: Some((tenant, transaction, Settlement::Released)), event: None }
}
