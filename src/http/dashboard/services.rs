//! `/api/services`: what a tenant has configured, and what it is used for. Credentials are write-only.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use domain::{Environment, Feature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::circuits::{self, CircuitBody, StandingBody};
use super::read_body;
use crate::control::{self, CircuitsView, FeatureChange, ServiceView};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Person, person};
use crate::http::json::RawBody;
use crate::http::time;

const SERVICES: &str = "/api/services";
const FEATURES: &str = "/api/services/{service}/features";

/// A configured service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceBody {
    #[schema(example = "razorpay")]
    service: String,
    #[schema(example = "Razorpay")]
    name: String,
    #[schema(example = "test")]
    environment: &'static str,
    /// Names of the credentials that are stored; never their values.
    credentials: Vec<String>,
    features: Vec<FeatureBody>,
    /// Circuits of the provider's operations that are not closed, or have seen failures lately. All tenants share them; while
    /// one is open, calls of that operation are refused with `circuit_open`.
    circuits: Vec<CircuitBody>,
    /// Whether the provider takes the credentials. After several refusals in a row no call is made for a while; other
    /// credentials close it.
    credentials_circuit: StandingBody,
    /// When the provider last accepted the credentials.
    last_verified_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// A feature of a service.
#[derive(Debug, Serialize, ToSchema)]
struct FeatureBody {
    #[schema(example = "payments")]
    feature: &'static str,
    enabled: bool,
    /// Lower goes first.
    priority: u16,
}

/// All services.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServicesBody {
    data: Vec<ServiceBody>,
}

/// List services.
#[utoipa::path(get, path = SERVICES, tag = "Services", security(("token" = [])),
    responses((status = 200, description = "Services, without their credentials.", body = ServicesBody)))]
pub(crate) async fn list(request: HttpRequest) -> HttpResponse {
    person(&request, SERVICES, async |person| {
        let services = control::list_services(&person.worker.gateway, person.tenant).await?;
        let bodies = services.iter().map(|service| shown(person, service));
        Ok(HttpResponse::Ok().json(ServicesBody { data: bodies.collect() }))
    })
    .await
}

/// What a service is to be used for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetFeaturesBody {
    /// `test` or `live`.
    #[schema(example = "test")]
    environment: String,
    /// By the features' names; what is not named stays as it is.
    #[schema(example = json!({"payments": {"enabled": true, "priority": 0}}))]
    features: BTreeMap<String, SetFeatureBody>,
}

/// A feature to switch on or off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetFeatureBody {
    enabled: bool,
    /// Lower goes first; as it was when absent.
    priority: Option<u16>,
}

/// Switch features of a service on or off.
#[utoipa::path(put, path = FEATURES, tag = "Services", security(("token" = [])), request_body = SetFeaturesBody,
    params(("service" = String, Path, description = "A provider's name: `razorpay`.")),
    responses((status = 200, description = "The service, as it is now on every node.", body = ServiceBody),
              (status = 400, description = "A field is wrong.", body = ErrorBody<'_>),
              (status = 404, description = "`service_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn set_features(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, FEATURES, async |person| {
        let body: SetFeaturesBody = read_body(&request, raw)?;
        let (environment, changes) = body.read()?;
        let service = request.match_info().get("service").unwrap_or_default();
        let named = (service, environment);
        let service = control::set_features(&person.worker.gateway, person.tenant, named, &changes).await?;
        Ok(HttpResponse::Ok().json(shown(person, &service)))
    })
    .await
}

impl SetFeaturesBody {
    fn read(self) -> Result<(Environment, Vec<FeatureChange>), ApiError> {
        let environment = self.environment.parse().map_err(|_refused| {
            ApiError::field("invalid_field", "environment", "An environment is `test` or `live`.")
        })?;
        let change = |(name, set): (&String, &SetFeatureBody)| {
            let feature: Feature = name.parse().map_err(|_refused| {
                let known: Vec<_> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
                ApiError::field(
                    "invalid_field",
                    "features",
                    format!("A feature is one of {}.", known.join(", ")),
                )
            })?;
            Ok(FeatureChange { feature, is_enabled: set.enabled, priority: set.priority })
        };
        let changes = self.features.iter().map(change).collect::<Result<_, ApiError>>()?;
        Ok((environment, changes))
    }
}

/// Returns a service as it is shown, with how its circuits stand on this node.
fn shown(person: &Person, service: &ServiceView) -> ServiceBody {
    let which = (&*service.service, service.environment);
    with_circuits(service, &control::circuits_of(&person.worker.gateway, person.tenant, which))
}

/// Returns a service as it is shown when its credentials are new: nobody has used them.
pub(super) fn body_of(service: &ServiceView) -> ServiceBody {
    with_circuits(service, &CircuitsView::default())
}

fn with_circuits(service: &ServiceView, view: &CircuitsView) -> ServiceBody {
    ServiceBody {
        service: service.service.to_string(),
        name: service.name.to_string(),
        environment: service.environment.as_str(),
        credentials: service.credentials.iter().map(ToString::to_string).collect(),
        features: service
            .features
            .iter()
            .map(|setting| FeatureBody {
                feature: setting.feature.as_str(),
                enabled: setting.is_enabled,
                priority: setting.priority,
            })
            .collect(),
        circuits: circuits::operations(view),
        credentials_circuit: circuits::credentials(view),
        last_verified_at: service.last_verified_at.map(time::write),
        created_at: time::write(service.created_at),
        updated_at: time::write(service.updated_at),
    }
}
