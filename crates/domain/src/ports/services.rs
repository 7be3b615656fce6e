//! A tenant's services in the store.

use async_trait::async_trait;

use super::StoreError;
use crate::{Environment, FeatureSetting, SealedService, TenantId, Timestamp};

/// What one service is to be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFeatures {
    /// The provider's name.
    pub service: Box<str>,
    /// Which environment.
    pub environment: Environment,
    /// All its settings.
    pub features: Box<[FeatureSetting]>,
}

/// Keeps sealed credentials and feature settings.
#[async_trait]
pub trait Services: Send + Sync + std::fmt::Debug {
    /// Stores services, all in one commit, each over what its tenant, service and environment had before (the time of
    /// creation stays).
    async fn put(&self, services: Vec<SealedService>) -> Result<(), StoreError>;

    /// Stores what services are used for, all in one commit, and leaves their credentials alone. A service that is not there is
    /// passed over.
    async fn put_features(
        &self,
        tenant: TenantId,
        services: Vec<ServiceFeatures>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

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
