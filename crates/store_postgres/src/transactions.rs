//! The `TransactionLog` port.

use async_trait::async_trait;
use domain::ports::{OrderFilter, Record, StoreError, StoredOrder, StoredTransaction, TransactionLog};
use domain::{Environment, TenantId, TransactionId};

use crate::error::Task;
use crate::{PostgresStore, orders, record};

const ROW: &str = "a logged transaction";
const RECORD: Task = Task { doing: "writing the transaction log", row: ROW };
const FIND: Task = Task { doing: "looking a transaction up", row: ROW };
const LIST: Task = Task { doing: "listing orders", row: ROW };

#[async_trait]
impl TransactionLog for PostgresStore {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        record::record(self, &records).await.map_err(|failure| failure.into_store_error(RECORD))
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        transaction: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        orders::find(self, tenant, environment, transaction)
            .await
            .map_err(|failure| failure.into_store_error(FIND))
    }

    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        orders::list(self, tenant, &filter).await.map_err(|failure| failure.into_store_error(LIST))
    }
}
