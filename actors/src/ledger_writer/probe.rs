//! Finding out that the store is back, without making a request wait for it.

use domain::{Id, TenantId, TransactionId};

use super::Desk;

/// Nobody's row: no id is made of zeros.
const NOBODY: (TenantId, TransactionId) = (Id::from_u128(0), Id::from_u128(0));

/// Probes while the store is away, for as long as the actor lives.
pub(super) async fn keep_probing(desk: Desk) {
    loop {
        desk.breaker.opened().await;
        desk.breaker.tell(desk.clock.monotonic());
        tokio::time::sleep(desk.settings.probe_every).await;
        if desk.breaker.is_open() && answers(&desk).await {
            desk.breaker.close();
        }
    }
}

/// Returns whether the store takes a write, one that changes nothing: a store that can only be read is away.
async fn answers(desk: &Desk) -> bool {
    let (tenant, transaction) = NOBODY;
    let now = desk.clock.now();
    let probe = desk.ledger.take_over(tenant, transaction, now, now);
    matches!(tokio::time::timeout(desk.settings.timeout, probe).await, Ok(Ok(_)))
}
