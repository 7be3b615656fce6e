//! A tenant's services in the store.

use async_trait::async_trait;

use super::StoreError;
use crate::{Environment, SealedService, TenantId, Timestamp};

/// Keeps sealed credentials and feature settings.
#[async_trait]
pub trait Services: Send + Sync + std::fmt::Debug {
    /// Stores services, all in one commit, each over what its tenant, service and environment had before (the time of
    /// creation stays).
    async fn put(&self, services: Vec<SealedService>) -> Result<(), StoreError>;

    /// Returns a tenant's services, oldest first.
    async fn list(&self, tenant: TenantId) -> Result<Vec<SealedService>, StoreError>;

    /// Notes that the provider accepted the credentials.
    async fn mark_verified(
        &self,
        tenant: TenantId,
        service: &str,
        environment: Environment,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns a tenant's data key, wrapped under a master key.
    async fn data_key(&self, tenant: TenantId) -> Result<Option<Box<[u8]>>, StoreError>;
}
