//! Tenants in the store: signing up and in, and loading all that serves one.

use async_trait::async_trait;

use super::StoreError;
use crate::{KeyHash, SealedTenant, Tenant, TenantId};

/// A tenant that signs up.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// The password's argon2id hash, in its standard text form.
    pub password_hash: Box<str>,
    /// Its data key, wrapped under a master key.
    pub data_key: Box<[u8]>,
}

/// Keeps tenants and how they sign in.
#[async_trait]
pub trait Tenants: Send + Sync + std::fmt::Debug {
    /// Adds a tenant.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the e-mail address is taken.
    async fn insert(&self, tenant: NewTenant) -> Result<(), StoreError>;

    /// Returns a tenant.
    async fn find(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError>;

    /// Returns the tenant with this e-mail address (in lower case) and its password hash.
    async fn find_by_email(&self, email: &str) -> Result<Option<(Tenant, Box<str>)>, StoreError>;
}

/// Loads what serves a tenant; what the tenant's actor reads.
#[async_trait]
pub trait TenantDirectory: Send + Sync + std::fmt::Debug {
    /// Returns whose key has this hash, as its present secret or the one before, revoked or not.
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError>;

    /// Returns all that serves a tenant.
    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError>;
}
