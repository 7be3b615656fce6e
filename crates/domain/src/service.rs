//! A tenant's services as the store keeps them: sealed, and with their features.

use crate::{ApiKey, Environment, Feature, Tenant, TenantId, Timestamp};

/// One provider's credentials of one tenant and environment, sealed field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedService {
    /// Whose.
    pub tenant: TenantId,
    /// The provider's name. A text, so that a row of a provider that a newer version brought is kept.
    pub service: Box<str>,
    /// Which environment.
    pub environment: Environment,
    /// The credentials.
    pub fields: Box<[SealedField]>,
    /// What it is used for.
    pub features: Box<[FeatureSetting]>,
    /// When the provider last accepted the credentials.
    pub last_verified_at: Option<Timestamp>,
    /// When it was first configured.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One credential, sealed under the tenant's data key and bound to tenant, service, environment and field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    /// The field's name in the descriptor.
    pub name: Box<str>,
    /// Nonce and ciphertext, as the vault wrote them.
    pub sealed: Box<[u8]>,
}

/// Whether and in which order a service is used for a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSetting {
    /// The feature.
    pub feature: Feature,
    /// Whether the tenant wants it.
    pub is_enabled: bool,
    /// Lower goes first; among equals the service configured first.
    pub priority: u16,
    /// Whether the service that is next in the order may serve a call that this one certainly did not.
    pub falls_back: bool,
}

/// All that is needed to serve a tenant, read in one go.
#[derive(Debug, Clone)]
pub struct SealedTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// Its data key, wrapped under a master key.
    pub data_key: Box<[u8]>,
    /// Its keys, revoked ones left out.
    pub keys: Vec<ApiKey>,
    /// Its services.
    pub services: Vec<SealedService>,
}
