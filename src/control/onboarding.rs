//! Onboarding: a `.env` goes in; services come out detected, verified with their providers and stored sealed.

use adapters::{ADAPTERS, Adapter, adapter};
use domain::ports::Transport;
use domain::{
    Credentials, Environment, Feature, FeatureSetting, RejectionClass, SealedField, SealedService, TenantId,
    Timestamp,
};
use envfile::{Detected, DetectedService, FileError};
use futures_util::future::join_all;
use vault::Binding;

use super::keys::{IssuedKey, NewKey, create_key};
use super::routing::keep_routing;
use super::{ControlError, services::ServiceView, tell_of_change};
use crate::app::Gateway;
use crate::pipeline::verify_credentials;

/// What to take from a file.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// The file's text.
    pub env_text: &'a str,
    /// Which of the detected services; all that are complete when absent.
    pub services: Option<Vec<Selection>>,
    /// Whether to make a key for each environment; absent: where there is none yet.
    pub create_keys: Option<bool>,
}

/// A service to take.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// The provider's name.
    pub service: String,
    /// Which environment the credentials are for; as detected when absent.
    pub environment: Option<Environment>,
    /// What to use it for; all it can do when absent.
    pub features: Option<Vec<Feature>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Configured {
    /// The services that are stored now.
    pub services: Vec<ServiceView>,
    /// Detected, and left out because something is missing: service, environment, missing fields.
    pub skipped: Vec<(&'static str, Environment, Vec<&'static str>)>,
    /// New keys.
    pub keys: Vec<IssuedKey>,
}

/// A service that is going to be stored.
struct Chosen {
    adapter: &'static dyn Adapter,
    environment: Environment,
    credentials: Credentials,
    features: Vec<Feature>,
}

/// Says what a file holds. Stores nothing.
///
/// # Errors
/// [`ControlError::Invalid`] when the file is too large, too long or no text.
pub(crate) fn parse(env_text: &[u8]) -> Result<Detected, ControlError> {
    let file = envfile::lex(env_text).map_err(|error| ControlError::Invalid {
        param: "env_text".into(),
        code: match error {
            FileError::TooLarge { .. } => "file_too_large",
            FileError::TooManyVariables => "too_many_variables",
            FileError::NotText { .. } => "not_text",
        },
        message: error.to_string(),
    })?;
    let descriptors: Vec<_> = ADAPTERS.into_iter().map(Adapter::descriptor).collect();
    Ok(envfile::detect(&file, &descriptors))
}

/// Stores the services of a file, after their providers have accepted the credentials.
///
/// # Errors
/// [`ControlError::Invalid`] when a service is incomplete, mixed up or not there, [`ControlError::CredentialsRejected`]
/// when a provider refuses. Either way nothing is stored.
pub(crate) async fn configure(
    gateway: &Gateway,
    transport: &dyn Transport,
    tenant: TenantId,
    setup: Setup<'_>,
) -> Result<Configured, ControlError> {
    let detected = parse(setup.env_text.as_bytes())?;
    let chosen = match &setup.services {
        Some(selections) => choose(&detected, selections)?,
        None => choose_all(&detected)?,
    };
    let now = gateway.clock.now();
    // All at once: providers that hang cost the time of one. The first one's refusal is told.
    let asked = join_all(chosen.iter().map(|service| verify(gateway, transport, service))).await;
    let verified: Vec<_> =
        asked.into_iter().map(|asked| Ok(asked?.then_some(now))).collect::<Result<_, ControlError>>()?;
    let wrapped = gateway.stores.services.data_key(tenant).await?.ok_or(ControlError::WrongPassword)?;
    let data_key = gateway.vault.open_data_key(tenant, &wrapped).map_err(|error| {
        tracing::error!(%tenant, error = &error as &dyn std::error::Error, "a data key cannot be opened");
        ControlError::Internal("opening the data key")
    })?;
    let mut sealed: Vec<SealedService> = chosen
        .iter()
        .zip(verified)
        .enumerate()
        .map(|(position, (service, verified_at))| {
            seal(gateway, &data_key, tenant, (position, service, verified_at, now))
        })
        .collect::<Result<_, _>>()?;
    keep_routing(&mut sealed, &gateway.stores.services.list(tenant).await?);
    gateway.stores.services.put(sealed.clone()).await?;
    tell_of_change(gateway, tenant).await?;
    let keys = create_keys(gateway, tenant, &sealed, setup.create_keys).await?;
    let skipped = match setup.services {
        Some(_) => Vec::new(),
        None => incomplete(&detected),
    };
    Ok(Configured { services: sealed.iter().map(ServiceView::of).collect(), skipped, keys })
}

fn choose_all(detected: &Detected) -> Result<Vec<Chosen>, ControlError> {
    if let Some(service) = detected.services.iter().find(|service| !service.conflicts.is_empty()) {
        return Err(conflict(service));
    }
    let complete: Vec<_> = detected.services.iter().filter(|service| service.missing.is_empty()).collect();
    if complete.is_empty() {
        return Err(ControlError::Invalid {
            param: "env_text".into(),
            code: "no_service_detected",
            message: "The file holds no complete credentials of any supported service.".to_owned(),
        });
    }
    complete.into_iter().map(|service| chosen(service, service.environment, None)).collect()
}

fn choose(detected: &Detected, selections: &[Selection]) -> Result<Vec<Chosen>, ControlError> {
    selections
        .iter()
        .map(|selection| {
            let (service, environment) = find(detected, selection)?;
            if !service.conflicts.is_empty() {
                return Err(conflict(service));
            }
            if !service.missing.is_empty() {
                return Err(ControlError::Invalid {
                    param: "services".into(),
                    code: "missing_credentials",
                    message: format!("{} lacks {}.", service.descriptor.name, service.missing.join(", ")),
                });
            }
            chosen(service, environment, selection.features.clone())
        })
        .collect()
}

/// Finds the service that a selection means. Where values do not tell test from live, the selection does.
fn find<'a>(
    detected: &'a Detected,
    selection: &Selection,
) -> Result<(&'a DetectedService, Environment), ControlError> {
    let mut of_name =
        detected.services.iter().filter(|service| service.descriptor.id.as_str() == selection.service);
    let wanted = of_name
        .clone()
        .find(|service| selection.environment.is_none_or(|wanted| wanted == service.environment));
    if let Some(service) = wanted {
        return Ok((service, service.environment));
    }
    match (of_name.next(), selection.environment) {
        (Some(service), Some(wanted)) if !values_tell_environment(service) => Ok((service, wanted)),
        (Some(service), Some(wanted)) => Err(ControlError::Invalid {
            param: "services".into(),
            code: "wrong_environment",
            message: format!(
                "The {} credentials in this file are for {}, not for {wanted}.",
                service.descriptor.name, service.environment
            ),
        }),
        _ => Err(ControlError::Invalid {
            param: "services".into(),
            code: "service_not_detected",
            message: format!("The file holds no credentials of {}.", known_name(&selection.service)),
        }),
    }
}

/// Returns a provider's name, and never what a caller made up.
fn known_name(name: &str) -> &'static str {
    adapter(name).map_or("this service", |adapter| adapter.descriptor().name)
}

fn values_tell_environment(service: &DetectedService) -> bool {
    service.descriptor.detection.values.iter().any(|value| value.environment.is_some())
}

fn conflict(service: &DetectedService) -> ControlError {
    ControlError::Invalid {
        param: "env_text".into(),
        code: "credentials_mixed_up",
        message: service.conflicts.join(" "),
    }
}

fn chosen(
    service: &DetectedService,
    environment: Environment,
    features: Option<Vec<Feature>>,
) -> Result<Chosen, ControlError> {
    let descriptor = service.descriptor;
    let adapter = adapter(descriptor.id.as_str()).ok_or(ControlError::Internal("finding an adapter"))?;
    if let Some(feature) =
        features.iter().flatten().find(|feature| !descriptor.features().any(|able| able == **feature))
    {
        return Err(ControlError::invalid("services", format!("{} cannot do {feature}.", descriptor.name)));
    }
    let credentials = Credentials {
        provider: descriptor.id,
        environment,
        fields: service.credentials.clone().into_boxed_slice(),
    };
    let features = features.unwrap_or_else(|| descriptor.features().collect());
    Ok(Chosen { adapter, environment, credentials, features })
}

/// Returns whether the provider accepted the credentials; false when it could not be asked.
async fn verify(
    gateway: &Gateway,
    transport: &dyn Transport,
    service: &Chosen,
) -> Result<bool, ControlError> {
    // What is left is the store's.
    let within = gateway.config.calls.deadline() / 2;
    let (adapter, credentials) = (service.adapter, &service.credentials);
    match verify_credentials(transport, &gateway.endpoints, adapter, credentials, within).await {
        Ok(()) => Ok(true),
        Err(rejection) if rejection.class == RejectionClass::Unavailable => Ok(false),
        Err(rejection) => Err(ControlError::CredentialsRejected {
            provider: service.credentials.provider,
            rejection: Box::new(rejection),
        }),
    }
}

fn seal(
    gateway: &Gateway,
    data_key: &vault::DataKey,
    tenant: TenantId,
    (position, service, verified_at, now): (usize, &Chosen, Option<Timestamp>, Timestamp),
) -> Result<SealedService, ControlError> {
    let provider = service.credentials.provider.as_str();
    let environment = service.environment;
    let seal_field = |(name, value): &(&'static str, domain::Secret)| {
        let binding = Binding { tenant, service: provider, environment, field: name };
        data_key
            .seal(&binding, value.expose(), &*gateway.entropy)
            .map(|sealed| SealedField { name: (*name).into(), sealed })
            .map_err(|_refused| ControlError::Internal("sealing a credential"))
    };
    let fields = service.credentials.fields.iter().map(seal_field).collect::<Result<_, _>>()?;
    let priority = u16::try_from(position).unwrap_or(u16::MAX);
    let setting =
        |feature: Feature| FeatureSetting::new(feature, service.features.contains(&feature), priority);
    Ok(SealedService {
        tenant,
        service: provider.into(),
        environment,
        fields,
        features: service.adapter.descriptor().features().map(setting).collect(),
        last_verified_at: verified_at,
        created_at: now,
        updated_at: now,
    })
}

fn incomplete(detected: &Detected) -> Vec<(&'static str, Environment, Vec<&'static str>)> {
    detected
        .services
        .iter()
        .filter(|service| !service.missing.is_empty())
        .map(|service| (service.descriptor.id.as_str(), service.environment, service.missing.clone()))
        .collect()
}

/// Makes one key for each environment of the services.
async fn create_keys(
    gateway: &Gateway,
    tenant: TenantId,
    services: &[SealedService],
    wanted: Option<bool>,
) -> Result<Vec<IssuedKey>, ControlError> {
    if wanted == Some(false) {
        return Ok(Vec::new());
    }
    let existing = gateway.stores.keys.list(tenant).await?;
    let mut keys = Vec::new();
    for environment in Environment::ALL {
        let is_used = services.iter().any(|service| service.environment == environment);
        let has_key = existing.iter().any(|key| key.environment == environment && key.revoked_at.is_none());
        if is_used && (wanted == Some(true) || !has_key) {
            let name = format!("{environment} key");
            let request = NewKey {
                name,
                environment,
                scopes: Vec::new(),
                per_minute: None,
                per_day: None,
                expires_at: None,
                allowed_ips: Vec::new(),
            };
            keys.push(create_key(gateway, tenant, request).await?);
        }
    }
    Ok(keys)
}
