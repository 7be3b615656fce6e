//! Platform keys in the store.

use async_trait::async_trait;

use super::StoreError;
use crate::{ApiKey, KeyHash, KeyId, RetiredSecret, TenantId, Timestamp};

/// Keeps platform keys. Every call names the tenant, and touches no other's rows.
#[async_trait]
pub trait Keys: Send + Sync + std::fmt::Debug {
    /// Adds a key.
    async fn insert(&self, key: ApiKey) -> Result<(), StoreError>;

    /// Returns a tenant's keys, revoked ones included, newest first.
    async fn list(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError>;

    /// Gives a key that is not revoked a new secret; returns the key as it is now, `None` when the tenant has no such key.
    async fn rotate(
        &self,
        tenant: TenantId,
        key: KeyId,
        hash: KeyHash,
        retired: Option<RetiredSecret>,
    ) -> Result<Option<ApiKey>, StoreError>;

    /// Revokes a key; returns whether the tenant has it (revoked before or now).
    async fn revoke(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Result<bool, StoreError>;

    /// Notes when keys were last used.
    async fn touch(&self, used: Vec<(TenantId, KeyId, Timestamp)>) -> Result<(), StoreError>;
}
