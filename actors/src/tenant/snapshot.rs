//! What requests read of a tenant: immutable but for its atomics, shared without a lock.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use domain::{ApiKey, Credentials, Environment, FeatureSetting, KeyId, ProviderId, Tenant};

use super::admission::Gate;
use super::places::Places;
use super::quotas::Quotas;
use super::slot::CarriedQuotas;
use super::{Admission, Charge, ServiceObservation};
use crate::NotAdmitted;

/// A tenant as its actor published it.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    tenant: Tenant,
    /// By id.
    keys: Box<[KeyEntry]>,
    services: Box<[ServiceEntry]>,
    /// The tenant's calls under way; outlives the snapshot.
    places: Arc<Places>,
}

/// What a snapshot is made of.
pub(super) struct SnapshotParts {
    pub(super) generation: u64,
    pub(super) tenant: Tenant,
    pub(super) keys: Vec<KeyEntry>,
    pub(super) services: Box<[ServiceEntry]>,
    pub(super) places: Arc<Places>,
}

/// A key that is not revoked, with what is left of its limits.
#[derive(Debug)]
pub struct KeyEntry {
    /// The key. It may have expired: that is for the reader to see.
    pub key: ApiKey,
    /// What is left; outlives the snapshot.
    pub(super) quotas: Quotas,
}

/// A service with open credentials.
#[derive(Debug)]
pub struct ServiceEntry {
    /// Whose API it is.
    pub provider: ProviderId,
    /// Test or live.
    pub environment: Environment,
    /// The credentials, opened.
    pub credentials: Arc<Credentials>,
    /// What it is used for.
    pub features: Box<[FeatureSetting]>,
    /// Calls under way, and whether the credentials are taken; outlives the snapshot.
    pub(super) gate: Arc<Gate>,
}

/// A resident tenant. Cheap to clone; keeps what it saw for as long as it is held.
#[derive(Debug, Clone)]
pub struct TenantHandle {
    snapshot: Arc<Snapshot>,
}

impl Snapshot {
    pub(super) fn new(mut parts: SnapshotParts) -> Self {
        parts.keys.sort_unstable_by_key(|entry| entry.key.id);
        Self {
            generation: parts.generation,
            tenant: parts.tenant,
            keys: parts.keys.into_boxed_slice(),
            services: parts.services,
            places: parts.places,
        }
    }

    /// Returns the tenant.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Returns a key of the tenant, `None` when it is revoked.
    pub fn key(&self, id: KeyId) -> Option<&KeyEntry> {
        let index = self.keys.binary_search_by_key(&id, |entry| entry.key.id).ok()?;
        self.keys.get(index)
    }

    /// Returns the services of an environment, the one configured first before the others.
    pub fn services(&self, environment: Environment) -> impl Iterator<Item = &ServiceEntry> {
        self.services.iter().filter(move |service| service.environment == environment)
    }

    /// Asks to make a call: counts it among those under way, and asks whether the provider takes the credentials.
    ///
    /// # Errors
    /// [`NotAdmitted`]: the call must not be made.
    pub fn admit(&self, service: &ServiceEntry, now: Duration) -> Result<Admission, NotAdmitted> {
        Gate::admit(&service.gate, now)
    }

    /// Returns the change up to which the snapshot covers everything.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|entry| entry.key.id)
    }

    pub(super) fn quotas(&self) -> CarriedQuotas {
        self.keys.iter().map(|entry| (entry.key.id, entry.quotas.clone())).collect()
    }

    /// Returns the services of all environments.
    pub(super) fn all_services(&self) -> &[ServiceEntry] {
        &self.services
    }

    /// Returns the tenant's places at all providers.
    pub(super) const fn places(&self) -> &Arc<Places> {
        &self.places
    }
}

impl ServiceEntry {
    /// Returns how it stands.
    pub fn observe(&self, now: Duration) -> ServiceObservation {
        self.gate.observe(now)
    }
}

impl KeyEntry {
    /// Charges one request to the key's limits, or to none of them. Decided at once where this node is alone, and where nodes
    /// share the limits as long as it has leased enough.
    pub fn charge(&self, now: Duration) -> Charge {
        self.quotas.charge(self.key.limits, now)
    }
}

impl TenantHandle {
    pub(crate) const fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot }
    }
}

impl Deref for TenantHandle {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}
