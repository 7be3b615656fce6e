//! A transaction log that takes nothing for a while, for a gateway in this process.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::ports::{OrderFilter, Record, StoreError, StoredOrder, StoredTransaction, TransactionLog};
use domain::{Environment, TenantId, TransactionId};

use super::StageOptions;

#[derive(Debug)]
struct LateLog {
    log: Arc<dyn TransactionLog>,
    late: Duration,
    /// From when it takes what it is given.
    from: OnceLock<Instant>,
}

/// Returns these options with a log that takes nothing for so long, from when it is given something first.
pub(crate) fn with_late_log(late: Duration, options: StageOptions) -> StageOptions {
    let wrap = options.wrap;
    let wrap = move |stores: gateway::Stores| {
        let mut stores = wrap(stores);
        let log = Arc::clone(&stores.transactions);
        stores.transactions = Arc::new(LateLog { log, late, from: OnceLock::new() });
        stores
    };
    StageOptions { wrap: Box::new(wrap), ..options }
}

#[async_trait]
impl TransactionLog for LateLog {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        let from = *self.from.get_or_init(|| Instant::now() + self.late);
        if Instant::now() < from {
            let source = std::io::Error::from(std::io::ErrorKind::TimedOut).into();
            return Err(StoreError::Unavailable { doing: "logging", may_be_done: false, source });
        }
        self.log.record(records).await
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        id: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        self.log.find(tenant, environment, id).await
    }

    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        self.log.list_orders(tenant, filter).await
    }
}
