//! Chores that no request waits for: metrics that leave their window, how circuits stand, how much is unsettled, when keys were
//! last used, answers no longer replayed.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use domain::{KeyId, TenantId, Timestamp};

use crate::app::Gateway;

/// How often the chores are done.
const EVERY: Duration = Duration::from_secs(5);
/// Every so many rounds keys' last uses are written.
const ROUNDS_PER_TOUCH: u64 = 6;
/// Every so many rounds the ledger forgets what is no longer replayed.
const ROUNDS_PER_PRUNE: u64 = 12;
/// Every so many rounds, and soon after the start, the store's engine is tended: partitions for the days to come.
const ROUNDS_PER_TENDING: u64 = 720;
/// Rows that the ledger forgets at most in one go, so that no writer waits long for it.
const PRUNED_AT_ONCE: u32 = 2_000;

/// When keys were last used, until it is written.
#[derive(Debug, Default)]
pub(crate) struct KeyUses(DashMap<KeyId, (TenantId, Timestamp)>);

impl KeyUses {
    /// Notes that a key is used.
    pub(crate) fn note(&self, tenant: TenantId, key: KeyId, at: Timestamp) {
        self.0.insert(key, (tenant, at));
    }

    fn take(&self) -> Vec<(TenantId, KeyId, Timestamp)> {
        let keys: Vec<KeyId> = self.0.iter().map(|entry| *entry.key()).collect();
        keys.into_iter()
            .filter_map(|key| self.0.remove(&key).map(|(key, (tenant, at))| (tenant, key, at)))
            .collect()
    }
}

/// Does the chores, until the process ends.
pub(crate) async fn run(gateway: Arc<Gateway>, telemetry: telemetry::Telemetry) {
    let mut round: u64 = 0;
    loop {
        tokio::time::sleep(EVERY).await;
        round = round.wrapping_add(1);
        telemetry.run_upkeep();
        gateway.providers.show_circuits();
        tell_unsettled(&gateway).await;
        gateway.catalog.addresses(gateway.limits.addresses(gateway.clock.monotonic()));
        if round.is_multiple_of(ROUNDS_PER_TOUCH) {
            write_key_uses(&gateway).await;
        }
        if round.is_multiple_of(ROUNDS_PER_PRUNE) {
            prune_ledger(&gateway).await;
        }
        if round % ROUNDS_PER_TENDING == 1 {
            tend_store(&gateway).await;
        }
    }
}

/// Writes when keys were last used.
pub(crate) async fn write_key_uses(gateway: &Gateway) {
    let used = gateway.key_uses.take();
    if used.is_empty() {
        return;
    }
    if let Err(error) = gateway.stores.keys.touch(used).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "when keys were last used cannot be written"
        );
    }
}

/// Tells the metrics how many outcomes are unknown. While the store is away they stand as they were.
async fn tell_unsettled(gateway: &Gateway) {
    // Told where it failed.
    let Ok(unsettled) = gateway.ledger.unsettled().await else { return };
    let now = gateway.clock.now();
    let oldest = unsettled.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest));
    gateway.catalog.unsettled(unsettled.waiting, unsettled.needs_attention, oldest);
}

async fn tend_store(gateway: &Gateway) {
    if let Err(error) = gateway.stores.engine.tend(gateway.clock.now()).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the store cannot be tended");
    }
}

async fn prune_ledger(gateway: &Gateway) {
    match gateway.stores.ledger.prune(gateway.clock.now(), PRUNED_AT_ONCE).await {
        Ok(0) => {}
        Ok(rows) => tracing::debug!(rows, "the ledger forgot answers that are no longer replayed"),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the ledger cannot be pruned");
        }
    }
}
