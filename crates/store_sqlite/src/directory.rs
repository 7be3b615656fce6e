//! The `TenantDirectory` port: all that serves a tenant, read in one go.

use async_trait::async_trait;
use domain::ports::{StoreError, TenantDirectory};
use domain::{KeyHash, SealedTenant, TenantId};
use rusqlite::{Connection, OptionalExtension};

use crate::columns::read;
use crate::error::{Failure, Task};
use crate::{SqliteStore, keys, services, tenants};

const OWNER: Task = Task { doing: "looking up whose key it is", row: "a platform key" };
const LOAD: Task = Task { doing: "loading a tenant", row: "a tenant" };

#[async_trait]
impl TenantDirectory for SqliteStore {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        self.read(OWNER, move |connection| Ok(owner_of_key(connection, hash)?)).await
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        self.read(LOAD, move |connection| load(connection, tenant)).await
    }
}

fn owner_of_key(connection: &Connection, hash: KeyHash) -> rusqlite::Result<Option<TenantId>> {
    connection
        .prepare_cached("SELECT user_id FROM api_keys WHERE key_hash = ?1 OR retired_hash = ?1")?
        .query_row([hash.0], |row| read(row, "user_id"))
        .optional()
}

fn load(connection: &Connection, tenant: TenantId) -> Result<Option<SealedTenant>, Failure> {
    // One transaction, so that keys and services are of the same moment.
    let snapshot = connection.unchecked_transaction()?;
    let Some(found) = tenants::find(&snapshot, tenant)? else { return Ok(None) };
    let Some(data_key) = tenants::data_key(&snapshot, tenant)? else { return Ok(None) };
    let mut keys = keys::list(&snapshot, tenant)?;
    keys.retain(|key| key.revoked_at.is_none());
    let services = services::list(&snapshot, tenant)?;
    Ok(Some(SealedTenant { tenant: found, data_key, keys, services }))
}
