//! How the circuits of a tenant's service stand on this node, for those who wonder why nothing is sent.

use actors::CircuitObservation;
use adapters::adapter;
use domain::{Environment, TenantId};
use resilience::BreakerObservation;

use crate::app::Gateway;

/// The circuits between a tenant and a provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct CircuitsView {
    /// The provider's, shared by all tenants: those that are not closed, and those that have seen failures lately.
    pub operations: Vec<CircuitObservation>,
    /// Whether the tenant's credentials are taken; nothing where nobody has asked for long.
    pub credentials: Option<BreakerObservation>,
}

/// Looks at a service's circuits: memory only.
pub(crate) fn circuits_of(
    gateway: &Gateway,
    tenant: TenantId,
    (service, environment): (&str, Environment),
) -> CircuitsView {
    let Some(provider) = adapter(service).map(|adapter| adapter.descriptor().id) else {
        return CircuitsView::default();
    };
    let now = gateway.clock.monotonic();
    let operations =
        gateway.providers.get(provider).map_or_else(Vec::new, |handle| handle.troubled_circuits(environment));
    let credentials = gateway.tenants.in_memory(tenant).and_then(|resident| {
        let mut services = resident.services(environment);
        services.find(|service| service.provider == provider).map(|service| service.observe(now).credentials)
    });
    CircuitsView { operations, credentials }
}
