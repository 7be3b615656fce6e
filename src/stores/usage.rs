//! The transaction log, counting calls by service, tenant and day behind each commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{
    OrderFilter, Record, ServiceUse, StoreError, StoredOrder, StoredTransaction, TransactionLog,
    UsageCounters,
};
use domain::{Environment, TenantId, TransactionId};

const DAY_MS: u64 = 86_400_000;

/// A log whose rows are counted once they are committed. The counters are for a quick look: the rollups, which are part of the
/// commit, are what is exact.
#[derive(Debug)]
pub(super) struct CountedLog {
    pub(super) log: Arc<dyn TransactionLog>,
    pub(super) usage: Arc<dyn UsageCounters>,
}

#[async_trait]
impl TransactionLog for CountedLog {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        let uses = uses_of(&records);
        self.log.record(records).await?;
        if let Err(error) = self.usage.count(uses).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "calls were not counted");
        }
        Ok(())
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        transaction: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        self.log.find(tenant, environment, transaction).await
    }

    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        self.log.list_orders(tenant, filter).await
    }
}

/// Returns the calls of a batch, added up by service, tenant and day.
fn uses_of(records: &[Record]) -> Vec<ServiceUse> {
    let mut uses: BTreeMap<(&str, TenantId, u64), ServiceUse> = BTreeMap::new();
    for transaction in records.iter().filter_map(|record| record.transaction.as_ref()) {
        let Some(service) = &transaction.provider else { continue };
        let day = transaction.created_at.unix_ms() / DAY_MS;
        let one = uses.entry((service, transaction.tenant, day)).or_insert_with(|| ServiceUse {
            service: service.clone(),
            tenant: transaction.tenant,
            at: transaction.created_at,
            calls: 0,
        });
        one.calls = one.calls.saturating_add(1);
    }
    uses.into_values().collect()
}
