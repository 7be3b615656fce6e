//! What requests read of a tenant: immutable but for its atomics, shared without a lock.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use domain::{ApiKey, Credentials, Environment, FeatureSetting, KeyId, OperationKind, ProviderId, Tenant};

use super::admission::Gate;
use super::quotas::Quotas;
use super::slot::CarriedQuotas;
use super::{Admission, Charge, CircuitOpen};

/// A tenant as its actor published it.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    tenant: Tenant,
    /// By id.
    keys: Box<[KeyEntry]>,
    services: Box<[ServiceEntry]>,
}

/// What a snapshot is made of.
pub(super) struct SnapshotParts {
    pub(super) generation: u64,
    pub(super) tenant: Tenant,
    pub(super) keys: Vec<KeyEntry>,
    pub(super) services: Box<[ServiceEntry]>,
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
    /// Breakers and calls under way; outlives the snapshot.
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

    /// Asks to make a call: counts it among those under way, and asks the breaker of the service and feature.
    ///
    /// # Errors
    /// [`CircuitOpen`]: the call must not be made.
    pub fn admit(
        &self,
        service: &ServiceEntry,
        kind: OperationKind,
        now: Duration,
    ) -> Result<Admission, CircuitOpen> {
        Gate::admit(&service.gate, kind.feature(), now)
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

    pub(super) fn gate_of(&self, provider: ProviderId, environment: Environment) -> Option<Arc<Gate>> {
        let mut services = self.services(environment);
        services.find(|service| service.provider == provider).map(|service| Arc::clone(&service.gate))
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
