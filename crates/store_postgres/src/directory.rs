//! The `TenantDirectory` port: all that serves a tenant, read in one go.

use async_trait::async_trait;
use domain::ports::{StoreError, TenantDirectory};
use domain::{KeyHash, SealedTenant, TenantId};
use tokio_postgres::types::Type;

use crate::columns::{Column, plain, read_optional};
use crate::error::{Failure, Task};
use crate::store::{Scope, Statement};
use crate::{PostgresStore, keys, services, tenants};

const OWNER: Task = Task { doing: "looking up whose key it is", row: "a platform key" };
const LOAD: Task = Task { doing: "loading a tenant", row: "a tenant" };

const OWNER_SQL: &str = "SELECT owner_of_key($1) AS id";

#[async_trait]
impl TenantDirectory for PostgresStore {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        let owner = async {
            let rows = self.query(Scope::App, OWNER_SQL, [(&hash.0.as_slice(), Type::BYTEA)]).await?;
            rows.first().map_or(Ok(None), |row| read_optional(row, "id"))
        };
        owner.await.map_err(|failure| failure.into_store_error(OWNER))
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        load(self, tenant).await.map_err(|failure| failure.into_store_error(LOAD))
    }
}

async fn load(store: &PostgresStore, tenant: TenantId) -> Result<Option<SealedTenant>, Failure> {
    let of = Column(tenant);
    let answers = store
        .transact(
            // One snapshot, so that keys and services are of the same moment.
            Scope::Snapshot(tenant),
            &[
                Statement::new(tenants::FIND_SQL, [(&of, Type::UUID)]),
                Statement::new(keys::LIST_SQL, [(&of, Type::UUID)]),
                Statement::new(services::LIST_SQL, [(&of, Type::UUID)]),
            ],
        )
        .await?;
    let [found, keys, services] = answers.as_slice() else { return Ok(None) };
    let Some(row) = found.first() else { return Ok(None) };
    let mut keys: Vec<_> = keys.iter().map(keys::read_key).collect::<Result<_, _>>()?;
    keys.retain(|key| key.revoked_at.is_none());
    Ok(Some(SealedTenant {
        tenant: tenants::read_tenant(row)?,
        data_key: plain::<&[u8]>(row, "data_key")?.into(),
        keys,
        services: services.iter().map(services::read_service).collect::<Result<_, _>>()?,
    }))
}
