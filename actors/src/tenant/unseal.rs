//! From what the store has of a tenant to what serves it: opens credentials, and carries limits and breakers over.

use std::sync::Arc;

use domain::{Credentials, Descriptor, SealedService, SealedTenant, Secret};
use vault::{Binding, DataKey, OpenError};

use super::admission::Gate;
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
    let mut services = Vec::with_capacity(sealed.services.len());
    if !sealed.services.is_empty() {
        let data_key = open_data_key(world, &sealed)?;
        let previous = slot.latest();
        for service in &sealed.services {
            let Some((descriptor, credentials)) = open_service(world, &data_key, service) else {
                continue;
            };
            let carried =
                previous.as_ref().and_then(|snapshot| snapshot.gate_of(descriptor.id, service.environment));
            let gate = carried.unwrap_or_else(|| Arc::new(Gate::new(world, descriptor)));
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
    let keys = keys.map(|key| {
        let quotas = slot.quotas_of(key.id).unwrap_or_else(|| Quotas::new(placement.lessor(), &key));
        KeyEntry { key, quotas }
    });
    Ok(Snapshot::new(SnapshotParts {
        generation,
        tenant: sealed.tenant,
        keys: keys.collect(),
        services: services.into_boxed_slice(),
    }))
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
