//! A tenant's services as the store keeps them: sealed, and with their features.

use crate::{ApiKey, Currency, Environment, Feature, Tenant, TenantId, Timestamp};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureSetting {
    /// The feature.
    pub feature: Feature,
    /// Whether the tenant wants it.
    pub is_enabled: bool,
    /// Lower goes first; among equals the service configured first.
    pub priority: u16,
    /// Whether the service that is next in the order may serve a call that this one certainly did not.
    pub falls_back: bool,
    /// Its place in the order of some currencies: lower goes first. Whoever has a place there goes before all that have none.
    pub currency_places: Box<[(Currency, u16)]>,
}

impl FeatureSetting {
    /// Returns a setting that is the same for all currencies, and whose service answers for itself.
    pub fn new(feature: Feature, is_enabled: bool, priority: u16) -> Self {
        Self { feature, is_enabled, priority, falls_back: false, currency_places: Box::default() }
    }

    /// Returns what decides who goes first for a call in this currency: the lower one does.
    pub fn rank(&self, currency: Option<Currency>) -> (bool, u16) {
        match currency.and_then(|currency| self.place(currency)) {
            Some(place) => (false, place),
            None => (true, self.priority),
        }
    }

    /// Returns its place in a currency's own order, if it has one.
    pub fn place(&self, currency: Currency) -> Option<u16> {
        self.currency_places.iter().find(|(own, _)| *own == currency).map(|(_, place)| *place)
    }
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
