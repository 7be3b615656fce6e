//! Routing: which of the tenant's providers serves an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::ServiceEntry;
use adapters::{ADAPTERS, Adapter, adapter};
use domain::{Credentials, Currency, Endpoint, Environment, Money, Operation, ProviderId, Rejection};

use super::{Call, Refusal, Route};
use crate::config::ProviderUrls;

/// The code of a plan that another provider may be able to follow.
const NOT_SUPPORTED: &str = "operation_not_supported";

/// The service that was chosen.
#[derive(Debug, Clone)]
pub(super) struct Service {
    /// The provider.
    pub provider: ProviderId,
    /// The tenant's credentials for it.
    pub credentials: Arc<Credentials>,
}

/// Where each provider's API listens, for each environment.
#[derive(Debug)]
pub struct Endpoints(BTreeMap<(ProviderId, Environment), Endpoint>);

/// An address of a provider cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the address of {provider} in {environment} cannot be used")]
pub struct EndpointsError {
    provider: ProviderId,
    environment: Environment,
    #[source]
    source: transport::EndpointError,
}

impl Endpoints {
    /// Takes each provider's own addresses, and the configured ones over them.
    ///
    /// # Errors
    /// [`EndpointsError`] names the provider whose address is no address.
    pub fn try_new(configured: &BTreeMap<String, ProviderUrls>) -> Result<Self, EndpointsError> {
        let mut endpoints = BTreeMap::new();
        for adapter in ADAPTERS {
            let descriptor = adapter.descriptor();
            let urls = configured.get(descriptor.id.as_str());
            for environment in Environment::ALL {
                let configured = urls.map(|urls| match environment {
                    Environment::Test => urls.test_url.as_str(),
                    Environment::Live => urls.live_url.as_str(),
                });
                let url = configured
                    .filter(|url| !url.is_empty())
                    .unwrap_or_else(|| descriptor.base_urls.of(environment));
                let endpoint = transport::endpoint(descriptor.id, url).map_err(|source| EndpointsError {
                    provider: descriptor.id,
                    environment,
                    source,
                })?;
                endpoints.insert((descriptor.id, environment), endpoint);
            }
        }
        Ok(Self(endpoints))
    }

    /// Returns where a provider listens.
    pub fn of(&self, provider: ProviderId, environment: Environment) -> Option<&Endpoint> {
        self.0.get(&(provider, environment))
    }
}

/// A service that is switched on for an operation's feature, at a provider that can do the operation.
struct Candidate<'a> {
    service: &'a ServiceEntry,
    adapter: &'static dyn Adapter,
    rank: (bool, u16),
}

/// Chooses the provider: the one asked for, else the tenant's first for the currency that can do it as asked.
pub(super) fn choose(call: &Call) -> Result<Route, Refusal> {
    let (candidates, mut refused) = candidates(call);
    for candidate in &candidates {
        if let Some(currency) = currency_not_taken(call, candidate) {
            refused = Some(Refusal::CurrencyNotTaken(currency));
            continue;
        }
        let rejection = match adapters::plan(candidate.adapter, &call.operation) {
            Ok(exchange) => return Ok(candidate.route(exchange)),
            Err(rejection) => rejection,
        };
        let may_ask_another = call.provider.is_none() && rejection.code == NOT_SUPPORTED;
        refused = Some(planned(candidate.service.provider, rejection, &call.operation));
        if !may_ask_another {
            break;
        }
    }
    Err(refused.unwrap_or_else(|| nobody(call)))
}

/// Returns the way to the next provider in the tenant's order that can do it as asked, those that were tried left out.
pub(super) fn choose_after(call: &Call, tried: &[ProviderId]) -> Option<Route> {
    let (candidates, _) = candidates(call);
    candidates
        .iter()
        .filter(|candidate| !tried.contains(&candidate.service.provider))
        .filter(|candidate| currency_not_taken(call, candidate).is_none())
        .find_map(|candidate| {
            adapters::plan(candidate.adapter, &call.operation).ok().map(|exchange| candidate.route(exchange))
        })
}

/// Returns whether the tenant lets the next provider serve what this one certainly did not.
pub(super) fn falls_back(call: &Call, provider: ProviderId) -> bool {
    let feature = call.operation.kind().feature();
    service_entry(call, provider).is_ok_and(|service| {
        service.features.iter().any(|setting| setting.feature == feature && setting.falls_back)
    })
}

impl Candidate<'_> {
    fn route(&self, exchange: Box<dyn adapters::Exchange>) -> Route {
        let credentials = Arc::clone(&self.service.credentials);
        let service = Service { provider: self.service.provider, credentials };
        Route { service, adapter: self.adapter, exchange }
    }
}

/// Returns who can serve a call, in the tenant's order; and why somebody else cannot, if anybody.
fn candidates(call: &Call) -> (Vec<Candidate<'_>>, Option<Refusal>) {
    let kind = call.operation.kind();
    let feature = kind.feature();
    let currency = currency(call);
    let mut candidates = Vec::with_capacity(4);
    let mut refused = None;
    for service in call.principal.tenant.services(call.principal.environment) {
        let Some(adapter) = adapter(service.provider.as_str()) else { continue };
        if call.provider.is_some_and(|wanted| wanted != service.provider)
            || adapter.descriptor().operation(kind).is_none()
        {
            continue;
        }
        let setting =
            service.features.iter().find(|setting| setting.feature == feature && setting.is_enabled);
        match setting {
            Some(setting) => candidates.push(Candidate { service, adapter, rank: setting.rank(currency) }),
            None => refused = Some(Refusal::FeatureNotEnabled { feature, provider: service.provider }),
        }
    }
    // Stable: among equals the service configured first.
    candidates.sort_by_key(|candidate| candidate.rank);
    (candidates, refused)
}

fn currency(call: &Call) -> Option<Currency> {
    call.operation.amount().map(Money::currency)
}

/// Returns the call's currency, if routing passes the provider over for it. Who is asked for by name answers for itself.
fn currency_not_taken(call: &Call, candidate: &Candidate<'_>) -> Option<Currency> {
    let currency = currency(call).filter(|_| call.provider.is_none())?;
    let takes = candidate.adapter.descriptor().takes_currency;
    (!takes(call.operation.kind(), currency)).then_some(currency)
}

/// Returns the tenant's service of this provider.
pub(super) fn service_entry(call: &Call, provider: ProviderId) -> Result<&ServiceEntry, Refusal> {
    call.principal
        .tenant
        .services(call.principal.environment)
        .find(|service| service.provider == provider)
        .ok_or_else(|| nobody(call))
}

fn nobody(call: &Call) -> Refusal {
    match call.provider {
        Some(wanted)
            if adapter(wanted.as_str())
                .is_some_and(|a| a.descriptor().operation(call.operation.kind()).is_none()) =>
        {
            not_supported(wanted, &call.operation)
        }
        _ => Refusal::NoProvider {
            feature: call.operation.kind().feature(),
            environment: call.principal.environment,
        },
    }
}

fn not_supported(provider: ProviderId, operation: &Operation) -> Refusal {
    let kind = operation.kind();
    let able = ADAPTERS
        .into_iter()
        .map(Adapter::descriptor)
        .filter(|descriptor| descriptor.operation(kind).is_some())
        .map(|descriptor| descriptor.id.as_str())
        .collect();
    Refusal::NotSupported { provider, operation: kind.as_str(), able }
}

/// Returns the refusal of a plan. Where the provider cannot do it in this way, it names those that can.
fn planned(provider: ProviderId, mut rejection: Rejection, operation: &Operation) -> Refusal {
    if rejection.code == NOT_SUPPORTED {
        let able: Vec<_> = ADAPTERS
            .into_iter()
            .filter(|adapter| adapters::plan(*adapter, operation).is_ok())
            .map(|adapter| adapter.descriptor().name)
            .collect();
        if !able.is_empty() {
            rejection.message = format!("{} {} can.", rejection.message, able.join(", "));
        }
    }
    Refusal::Planned { provider, rejection: Box::new(rejection) }
}
