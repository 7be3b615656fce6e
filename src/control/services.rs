//! Services as their tenant may see them: what is configured, never a credential.

use adapters::adapter;
use domain::{Environment, FeatureSetting, SealedService, TenantId, Timestamp};

use super::ControlError;
use crate::app::Gateway;

/// A configured service without its secrets.
#[derive(Debug, Clone)]
pub(crate) struct ServiceView {
    /// The provider's name in the API.
    pub service: Box<str>,
    /// Its name for people.
    pub name: Box<str>,
    /// Test or live.
    pub environment: Environment,
    /// Names of the credentials that are stored.
    pub credentials: Vec<Box<str>>,
    /// What it is used for.
    pub features: Vec<FeatureSetting>,
    /// When the provider last accepted the credentials.
    pub last_verified_at: Option<Timestamp>,
    /// When it was first configured.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl ServiceView {
    /// Returns what may be shown of a service.
    pub(crate) fn of(service: &SealedService) -> Self {
        let name = adapter(&service.service).map_or(&*service.service, |adapter| adapter.descriptor().name);
        Self {
            service: service.service.clone(),
            name: name.into(),
            environment: service.environment,
            credentials: service.fields.iter().map(|field| field.name.clone()).collect(),
            features: service.features.to_vec(),
            last_verified_at: service.last_verified_at,
            created_at: service.created_at,
            updated_at: service.updated_at,
        }
    }
}

/// Returns a tenant's services, oldest first.
///
/// # Errors
/// [`ControlError::Store`].
pub(crate) async fn list_services(
    gateway: &Gateway,
    tenant: TenantId,
) -> Result<Vec<ServiceView>, ControlError> {
    Ok(gateway.stores.services.list(tenant).await?.iter().map(ServiceView::of).collect())
}
