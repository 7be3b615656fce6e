//! `/api/routing`: in which order a tenant's providers serve a feature, and whether one may serve for another.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use domain::{Currency, Environment, Feature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read_body;
use crate::control::{self, Rule};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::person;
use crate::http::json::RawBody;

const ROUTING: &str = "/api/routing";

/// How one feature is routed in one environment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleBody<'a> {
    #[schema(example = "payments")]
    feature: &'static str,
    #[schema(example = "test")]
    environment: &'static str,
    /// The providers that serve it, the first one first.
    #[schema(example = json!(["stripe", "razorpay"]))]
    providers: Vec<&'a str>,
    /// Whether the next one serves what the one before certainly did not do.
    fallback: bool,
    /// Who goes first for calls in a currency; the others follow in the order of `providers`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"INR": ["razorpay"]}))]
    currencies: BTreeMap<&'static str, Vec<&'a str>>,
}

/// All rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulesBody<'a> {
    data: Vec<RuleBody<'a>>,
}

/// A rule to set. It names every provider that serves the feature.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRuleBody {
    #[schema(example = "payments")]
    feature: String,
    /// `test` or `live`.
    #[schema(example = "test")]
    environment: String,
    /// Every provider that serves it, the first one first.
    #[schema(example = json!(["stripe", "razorpay"]))]
    providers: Vec<String>,
    /// Whether the next one serves what the one before certainly did not do; false when absent.
    fallback: Option<bool>,
    /// Who goes first for calls in a currency; the others follow in the order of `providers`.
    #[schema(example = json!({"INR": ["razorpay"]}))]
    currencies: Option<BTreeMap<String, Vec<String>>>,
}

/// One rule by its fields, or several in `data`, as they are read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRulesBody {
    /// Several rules, instead of the other fields.
    data: Option<Vec<SetRuleBody>>,
    #[schema(example = "payments")]
    feature: Option<String>,
    /// `test` or `live`.
    #[schema(example = "test")]
    environment: Option<String>,
    /// Every provider that serves it, the first one first.
    #[schema(example = json!(["stripe", "razorpay"]))]
    providers: Option<Vec<String>>,
    /// Whether the next one serves what the one before certainly did not do; false when absent.
    fallback: Option<bool>,
    /// Who goes first for calls in a currency; the others follow in the order of `providers`.
    #[schema(example = json!({"INR": ["razorpay"]}))]
    currencies: Option<BTreeMap<String, Vec<String>>>,
}

/// Read how features are routed.
#[utoipa::path(get, path = ROUTING, tag = "Services", security(("token" = [])),
    responses((status = 200, description = "A rule for each feature that somebody serves.", body = RulesBody<'_>)))]
pub(crate) async fn list(request: HttpRequest) -> HttpResponse {
    person(&request, ROUTING, async |person| {
        let rules = control::list_rules(&person.worker.gateway, person.tenant).await?;
        Ok(HttpResponse::Ok().json(body_of(&rules)))
    })
    .await
}

/// Set how features are routed: one rule, or several at once, all or none. Other rules stay.
#[utoipa::path(put, path = ROUTING, tag = "Services", security(("token" = [])),
    request_body(content = SetRulesBody, example = json!({"feature": "payments", "environment": "test", "providers": ["stripe", "razorpay"], "fallback": true})),
    responses((status = 200, description = "All rules, as they are now on every node.", body = RulesBody<'_>),
              (status = 400, description = "A field is wrong.", body = ErrorBody<'_>)))]
pub(crate) async fn set(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, ROUTING, async |person| {
        let body: SetRulesBody = read_body(&request, raw)?;
        let rules = control::set_rules(&person.worker.gateway, person.tenant, &body.read()?).await?;
        Ok(HttpResponse::Ok().json(body_of(&rules)))
    })
    .await
}

impl SetRulesBody {
    fn read(self) -> Result<Vec<Rule>, ApiError> {
        let Self { data, feature, environment, providers, fallback, currencies } = self;
        let Some(data) = data else {
            let missing = |param| ApiError::field("missing_field", param, format!("`{param}` is missing."));
            let rule = SetRuleBody {
                feature: feature.ok_or_else(|| missing("feature"))?,
                environment: environment.ok_or_else(|| missing("environment"))?,
                providers: providers.ok_or_else(|| missing("providers"))?,
                fallback,
                currencies,
            };
            return Ok(vec![rule.read(String::new())?]);
        };
        let is_one_too = feature.is_some()
            || environment.is_some()
            || providers.is_some()
            || fallback.is_some()
            || currencies.is_some();
        if is_one_too {
            let message = "Give one rule by its fields, or several in `data`, not both.";
            return Err(ApiError::field("invalid_field", "data", message));
        }
        let rules = data.into_iter().enumerate();
        rules.map(|(position, rule)| rule.read(format!("data[{position}]."))).collect()
    }
}

impl SetRuleBody {
    fn read(self, place: String) -> Result<Rule, ApiError> {
        let wrong = |field: &str, message: String| {
            ApiError::field("invalid_field", format!("{place}{field}"), message)
        };
        let feature: Feature = self.feature.parse().map_err(|_refused| {
            let known: Vec<_> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
            wrong("feature", format!("A feature is one of {}.", known.join(", ")))
        })?;
        let environment: Environment = self
            .environment
            .parse()
            .map_err(|_refused| wrong("environment", "An environment is `test` or `live`.".to_owned()))?;
        let boxed = |names: Vec<String>| names.into_iter().map(String::into_boxed_str).collect();
        let currency = |(code, first): (String, Vec<String>)| {
            let currency = Currency::parse(&code).map_err(|_unknown| {
                wrong("currencies", "A currency is a three-letter ISO 4217 code, such as INR.".to_owned())
            })?;
            Ok((currency, boxed(first)))
        };
        let currencies = self.currencies.unwrap_or_default().into_iter().map(currency);
        Ok(Rule {
            feature,
            environment,
            currencies: currencies.collect::<Result<_, ApiError>>()?,
            providers: boxed(self.providers),
            falls_back: self.fallback.unwrap_or(false),
            place,
        })
    }
}

fn body_of(rules: &[Rule]) -> RulesBody<'_> {
    RulesBody { data: rules.iter().map(rule_body).collect() }
}

fn rule_body(rule: &Rule) -> RuleBody<'_> {
    RuleBody {
        feature: rule.feature.as_str(),
        environment: rule.environment.as_str(),
        providers: names(&rule.providers),
        fallback: rule.falls_back,
        currencies: rule.currencies.iter().map(|(currency, first)| (currency.code(), names(first))).collect(),
    }
}

fn names(providers: &[Box<str>]) -> Vec<&str> {
    providers.iter().map(|provider| &**provider).collect()
}
