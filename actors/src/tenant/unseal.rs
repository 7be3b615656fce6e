//! From what the store has of a tenant to what serves it: opens credentials, and carries limits and breakers over.

use std::sync::Arc;

use domain::{Credentials, Descriptor, ProviderId, SealedService, SealedTenant, Secret};
use vault::{Binding, DataKey, OpenError};

use super::admission::{Gate, Whose};
use super::places::Places;
use super::quotas::Quotas;
use super::snapshot::{KeyEntry, ServiceEntry, Snapshot, SnapshotParts};
use super::{Slot, TenantUnavailable};
use crate::placement::{Placement, World};

/// Builds the snapshot. A service that cannot be used is left out and logged, so that the others still serve.
pub(super) fn unseal(
    placement: &Placement,
    slot: &Slot,
    sealed: SealedTenant,
    generation: u64,
) -> Result<Snapshot, TenantUnavailable> {
    let world = placement.world();
    let mut services: Vec<ServiceEntry> = Vec::with_capacity(sealed.services.len());
    let previous = slot.latest();
    let places = previous
        .as_ref()
        .map_or_else(|| Arc::new(Places::new(world.settings.calls_per_tenant)), |p| Arc::clone(p.places()));
    if !sealed.services.is_empty() {
        let data_key = open_data_key(world, &sealed)?;
        let known = previous.as_ref().map_or(&[][..], |snapshot| snapshot.all_services());
        for service in &sealed.services {
            let Some((descriptor, credentials)) = open_service(world, &data_key, service) else {
                continue;
            };
            let whose =
                Whose { tenant: sealed.tenant.id, provider: descriptor.id, environment: service.environment };
            let gate = carried(known, &credentials).unwrap_or_else(|| {
                let at_provider = places_at(descriptor.id, &services, known)
                    .unwrap_or_else(|| Arc::new(Places::new(world.settings.calls_per_service)));
                Arc::new(Gate::new(world, whose, (at_provider, Arc::clone(&places))))
            });
            services.push(ServiceEntry {
                provider: descriptor.id,
                environment: service.environment,
                credentials: Arc::new(credentials),
                features: service.features.clone(),
                gate,
            });
        }
    }
    let keys = sealed.keys.into_iter().filter(|key| key.revoked_at.is_none());
    let endpoints = &world.settings.endpoints;
    let keys = keys.map(|key| {
        let quotas =
            slot.quotas_of(key.id).unwrap_or_else(|| Quotas::new(placement.lessor(), &key, endpoints));
        KeyEntry { key, quotas }
    });
    Ok(Snapshot::new(SnapshotParts {
        generation,
        tenant: sealed.tenant,
        keys: keys.collect(),
        services: services.into_boxed_slice(),
        places,
    }))
}

/// Returns the gate of before, where the credentials are those of before: what the provider said of others counts no more.
fn carried(known: &[ServiceEntry], credentials: &Credentials) -> Option<Arc<Gate>> {
    let is_same = |service: &&ServiceEntry| {
        service.provider == credentials.provider
            && service.environment == credentials.environment
            && service.credentials.fields == credentials.fields
    };
    known.iter().find(is_same).map(|service| Arc::clone(&service.gate))
}

/// Returns the tenant's places at a provider, where there are any yet.
fn places_at(provider: ProviderId, new: &[ServiceEntry], known: &[ServiceEntry]) -> Option<Arc<Places>> {
    let mut services = new.iter().chain(known);
    services
        .find(|service| service.provider == provider)
        .map(|service| Arc::clone(service.gate.service_places()))
}

fn open_data_key(world: &World, sealed: &SealedTenant) -> Result<DataKey, TenantUnavailable> {
    world.vault.open_data_key(sealed.tenant.id, &sealed.data_key).map_err(|error| {
        tracing::error!(
            tenant.id = %sealed.tenant.id,
            error = &error as &dyn std::error::Error,
            "tenant data key does not open"
        );
        TenantUnavailable::Sealed
    })
}

fn open_service(
    world: &World,
    data_key: &DataKey,
    service: &SealedService,
) -> Option<(&'static Descriptor, Credentials)> {
    let known = world.descriptors.iter().find(|descriptor| descriptor.id.as_str() == &*service.service);
    let Some(descriptor) = known else {
        tracing::error!(
            tenant.id = %service.tenant,
            service = %service.service,
            "service is left out: this version knows no such provider"
        );
        return None;
    };
    match open_fields(data_key, descriptor, service) {
        Ok(credentials) => Some((descriptor, credentials)),
        Err(error) => {
            tracing::error!(
                tenant.id = %service.tenant,
                service = %service.service,
                environment = %service.environment,
                error = &error as &dyn std::error::Error,
                "service is left out: its credentials do not open"
            );
            None
        }
    }
}

/// Opens the fields that the descriptor names; others are of an older or newer version, and nobody would read them.
fn open_fields(
    data_key: &DataKey,
    descriptor: &'static Descriptor,
    service: &SealedService,
) -> Result<Credentials, OpenError> {
    let mut fields: Vec<(&'static str, Secret)> = Vec::with_capacity(service.fields.len());
    for field in &service.fields {
        let Some(known) = descriptor.credential(&field.name) else {
            continue;
        };
        let binding = Binding {
            tenant: service.tenant,
            service: descriptor.id.as_str(),
            environment: service.environment,
            field: known.name,
        };
        fields.push((known.name, data_key.open(&binding, &field.sealed)?));
    }
    Ok(Credentials {
        provider: descriptor.id,
        environment: service.environment,
        fields: fields.into_boxed_slice(),
    })
}
