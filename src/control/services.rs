//! Services as their tenant may see them: what is configured, never a credential.

use adapters::adapter;
use domain::{Environment, Feature, FeatureSetting, SealedService, TenantId, Timestamp};

use super::routing::{falls_back, features_of, rules_of};
use super::{ControlError, tell_of_change};
use crate::app::Gateway;

/// A feature to switch on or off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureChange {
    /// The feature.
    pub feature: Feature,
    /// Whether the service is used for it.
    pub is_enabled: bool,
    /// Its place in the order, lower first; as it was when absent.
    pub priority: Option<u16>,
}

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

/// Switches features of a service on or off, all or none, and tells every node. What is not named stays as it is. Returns the
/// service.
///
/// # Errors
/// [`ControlError::NotFound`] when the service is not configured; [`ControlError::Invalid`] names the feature that its provider
/// does not have.
pub(crate) async fn set_features(
    gateway: &Gateway,
    tenant: TenantId,
    (service, environment): (&str, Environment),
    changes: &[FeatureChange],
) -> Result<ServiceView, ControlError> {
    let services = gateway.stores.services.list(tenant).await?;
    let rules = rules_of(&services);
    let found = services.into_iter().find(|row| &*row.service == service && row.environment == environment);
    let (Some(mut found), Some(adapter)) = (found, adapter(service)) else {
        let message = format!("There is no such service in {environment}.");
        return Err(ControlError::NotFound { code: "service_not_found", message });
    };
    let mut features = found.features.to_vec();
    for change in changes {
        let feature = change.feature;
        if !adapter.descriptor().features().any(|able| able == feature) {
            let message = format!("{} cannot do {feature}.", adapter.descriptor().name);
            return Err(ControlError::invalid(format!("features.{feature}"), message));
        }
        let position = features.iter().position(|setting| setting.feature == feature);
        let mut setting = position
            .map_or_else(|| FeatureSetting::new(feature, false, 0), |position| features.remove(position));
        if !setting.is_enabled {
            setting.falls_back = falls_back(&rules, feature, environment);
        }
        setting.is_enabled = change.is_enabled;
        setting.priority = change.priority.unwrap_or(setting.priority);
        features.insert(position.unwrap_or(features.len()), setting);
    }
    found.features = features.into_boxed_slice();
    found.updated_at = gateway.clock.now();
    let changes = vec![features_of(&found)];
    gateway.stores.services.put_features(tenant, changes, found.updated_at).await?;
    tell_of_change(gateway, tenant).await?;
    Ok(ServiceView::of(&found))
}
