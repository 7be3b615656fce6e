//! Routing rules as the tenant sets them: in which order its providers serve a feature, and whether the next one may serve what
//! the one before certainly did not. Who serves at all is a matter of the services.

use std::collections::BTreeMap;

use adapters::{Adapter, adapter};
use domain::ports::ServiceFeatures;
use domain::{Currency, Environment, Feature, FeatureSetting, OperationKind, SealedService, TenantId};

use super::{ControlError, tell_of_change};
use crate::app::Gateway;

/// How one feature is routed in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The feature.
    pub feature: Feature,
    /// Test or live.
    pub environment: Environment,
    /// The providers that serve it, the first one first.
    pub providers: Vec<Box<str>>,
    /// Whether the next one may serve what the one before certainly did not.
    pub falls_back: bool,
    /// Where calls in a currency begin: the providers that go before the others there, the first one first.
    pub currencies: Vec<(Currency, Vec<Box<str>>)>,
    /// Where it stands in the request: what errors name their field by, `data[1].` for the second one of several.
    pub place: String,
}

/// Returns how a tenant's features are routed, those left out that nobody serves.
///
/// # Errors
/// [`ControlError::Store`].
pub(crate) async fn list_rules(gateway: &Gateway, tenant: TenantId) -> Result<Vec<Rule>, ControlError> {
    Ok(rules_of(&gateway.stores.services.list(tenant).await?))
}

/// Sets rules, all or none, and tells every node. Returns all of the tenant's.
///
/// # Errors
/// [`ControlError::Invalid`] names the rule's field: each names every provider that serves the feature, once.
pub(crate) async fn set_rules(
    gateway: &Gateway,
    tenant: TenantId,
    rules: &[Rule],
) -> Result<Vec<Rule>, ControlError> {
    let mut services = gateway.stores.services.list(tenant).await?;
    for (position, rule) in rules.iter().enumerate() {
        let is_same = |other: &Rule| (other.feature, other.environment) == (rule.feature, rule.environment);
        if rules.iter().take(position).any(is_same) {
            let message = format!("{} in {} is there twice.", rule.feature, rule.environment);
            return Err(rule.invalid("feature", message));
        }
        rule.check(&services)?;
        rule.apply(&mut services);
    }
    let changed = |service: &&SealedService| rules.iter().any(|rule| rule.environment == service.environment);
    let changes = services.iter().filter(changed).map(features_of).collect();
    gateway.stores.services.put_features(tenant, changes, gateway.clock.now()).await?;
    tell_of_change(gateway, tenant).await?;
    Ok(rules_of(&services))
}

/// Returns what is stored of a service's features.
pub(super) fn features_of(service: &SealedService) -> ServiceFeatures {
    ServiceFeatures {
        service: service.service.clone(),
        environment: service.environment,
        features: service.features.clone(),
    }
}

/// Returns whether providers stand in for each other for a feature.
pub(super) fn falls_back(rules: &[Rule], feature: Feature, environment: Environment) -> bool {
    rules.iter().any(|rule| rule.feature == feature && rule.environment == environment && rule.falls_back)
}

/// Keeps the place of services that are configured again, and lets new ones stand in where the others do.
pub(super) fn keep_routing(new: &mut [SealedService], before: &[SealedService]) {
    let rules = rules_of(before);
    for service in new {
        let old = before
            .iter()
            .find(|old| old.service == service.service && old.environment == service.environment);
        let environment = service.environment;
        for setting in &mut service.features {
            let feature = setting.feature;
            let old = old.and_then(|old| old.features.iter().find(|old| old.feature == feature));
            setting.priority = old.map_or(setting.priority, |old| old.priority);
            setting.falls_back =
                old.map_or_else(|| falls_back(&rules, feature, environment), |old| old.falls_back);
            setting.currency_places = old.map(|old| old.currency_places.clone()).unwrap_or_default();
        }
    }
}

/// Returns how features are routed by these settings.
pub(super) fn rules_of(services: &[SealedService]) -> Vec<Rule> {
    let mut found: BTreeMap<(Environment, Feature), Vec<(&SealedService, &FeatureSetting)>> = BTreeMap::new();
    for service in services {
        for setting in
            service.features.iter().filter(|setting| setting.is_enabled && is_routed(setting.feature))
        {
            found.entry((service.environment, setting.feature)).or_default().push((service, setting));
        }
    }
    let rule = |((environment, feature), mut served): ((_, _), Vec<(&SealedService, &FeatureSetting)>)| {
        // Stable: among equals the service configured first, as requests are routed.
        served.sort_by_key(|(_, setting)| setting.priority);
        Rule {
            feature,
            environment,
            falls_back: served.first().is_some_and(|(_, setting)| setting.falls_back),
            currencies: currencies_of(&served),
            providers: served.into_iter().map(|(service, _)| service.service.clone()).collect(),
            place: String::new(),
        }
    };
    found.into_iter().map(rule).collect()
}

/// Returns who goes first in each currency that has an order of its own, by the currency's code.
fn currencies_of(served: &[(&SealedService, &FeatureSetting)]) -> Vec<(Currency, Vec<Box<str>>)> {
    let mut currencies: Vec<Currency> = served
        .iter()
        .flat_map(|(_, setting)| &setting.currency_places)
        .map(|(currency, _)| *currency)
        .collect();
    currencies.sort_by_key(|currency| currency.code());
    currencies.dedup();
    let with_first = |currency| {
        let place = |(service, setting): &(&SealedService, &FeatureSetting)| {
            Some((setting.place(currency)?, service.service.clone()))
        };
        let mut first: Vec<_> = served.iter().filter_map(place).collect();
        first.sort_by_key(|(place, _)| *place);
        (currency, first.into_iter().map(|(_, name)| name).collect())
    };
    currencies.into_iter().map(with_first).collect()
}

/// Returns whether a feature has a provider to choose: the passthrough names its own.
fn is_routed(feature: Feature) -> bool {
    feature != Feature::Proxy
}

impl Rule {
    fn invalid(&self, field: &str, message: impl Into<String>) -> ControlError {
        ControlError::invalid(format!("{}{field}", self.place), message)
    }

    /// Checks that the rule names every provider that serves the feature, and each once.
    fn check(&self, services: &[SealedService]) -> Result<(), ControlError> {
        let (feature, environment) = (self.feature, self.environment);
        if !is_routed(feature) {
            return Err(
                self.invalid("feature", "A request through the passthrough names its provider itself.")
            );
        }
        self.check_order("providers", &self.providers, services)?;
        let left_out = services.iter().find(|service| {
            serves(services, &service.service, self) && !self.providers.contains(&service.service)
        });
        match left_out.map(|service| &service.service) {
            Some(name) => Err(self.invalid(
                "providers",
                format!(
                    "{name} serves {feature} in {environment} too: give it a place, or switch that off with PUT /api/services/{name}/features."
                ),
            )),
            None if self.providers.is_empty() => {
                Err(self.invalid("providers", format!("Nobody serves {feature} in {environment}.")))
            }
            None => self.check_currencies(services),
        }
    }

    /// Checks that each currency is there once, with providers that serve the feature in it.
    fn check_currencies(&self, services: &[SealedService]) -> Result<(), ControlError> {
        for (position, (currency, first)) in self.currencies.iter().enumerate() {
            let field = format!("currencies.{currency}");
            if self.currencies.iter().take(position).any(|(other, _)| other == currency) {
                return Err(self.invalid(&field, format!("{currency} is there twice.")));
            }
            if first.is_empty() {
                let message = format!("Name who goes first in {currency}, or leave {currency} out.");
                return Err(self.invalid(&field, message));
            }
            self.check_order(&field, first, services)?;
            for descriptor in first.iter().filter_map(|name| adapter(name)).map(Adapter::descriptor) {
                let mut operations = descriptor.operations.iter().map(|able| able.kind);
                let takes = |kind: OperationKind| {
                    kind.feature() == self.feature && (descriptor.takes_currency)(kind, *currency)
                };
                if !operations.any(takes) {
                    let (name, feature) = (descriptor.name, self.feature);
                    return Err(self.invalid(&field, format!("{name} takes no {currency} for {feature}.")));
                }
            }
        }
        Ok(())
    }

    /// Checks that an order names providers that serve the feature, and each once.
    fn check_order(
        &self,
        field: &str,
        providers: &[Box<str>],
        services: &[SealedService],
    ) -> Result<(), ControlError> {
        let (feature, environment) = (self.feature, self.environment);
        for (position, provider) in providers.iter().enumerate() {
            let known = adapter(provider).map(|adapter| adapter.descriptor().id.as_str());
            let known = known.ok_or_else(|| self.invalid(field, "There is no such provider."))?;
            if providers.iter().take(position).any(|other| other == provider) {
                return Err(self.invalid(field, format!("{known} is there twice.")));
            }
            if !serves(services, provider, self) {
                let message = format!(
                    "{known} does not serve {feature} in {environment}; switch that on with PUT /api/services/{known}/features."
                );
                return Err(self.invalid(field, message));
            }
        }
        Ok(())
    }

    fn apply(&self, services: &mut [SealedService]) {
        for service in services.iter_mut().filter(|service| service.environment == self.environment) {
            let Some(priority) = place_in(&self.providers, &service.service) else { continue };
            let place = |(currency, first): &(Currency, Vec<_>)| {
                Some((*currency, place_in(first, &service.service)?))
            };
            let currency_places: Box<[_]> = self.currencies.iter().filter_map(place).collect();
            for setting in service.features.iter_mut().filter(|setting| setting.feature == self.feature) {
                setting.priority = priority;
                setting.falls_back = self.falls_back;
                setting.currency_places.clone_from(&currency_places);
            }
        }
    }
}

fn place_in(order: &[Box<str>], service: &str) -> Option<u16> {
    order.iter().position(|name| **name == *service).and_then(|place| u16::try_from(place).ok())
}

/// Returns whether a provider serves a rule's feature.
fn serves(services: &[SealedService], provider: &str, rule: &Rule) -> bool {
    services
        .iter()
        .filter(|service| &*service.service == provider && service.environment == rule.environment)
        .flat_map(|service| &service.features)
        .any(|setting| setting.feature == rule.feature && setting.is_enabled)
}
