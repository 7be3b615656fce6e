//! `/api/services`: what a tenant has configured. Credentials are write-only.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::control::{self, ServiceView};
use crate::http::extract::person;
use crate::http::time;

const SERVICES: &str = "/api/services";

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
        Ok(HttpResponse::Ok().json(ServicesBody { data: services.iter().map(body_of).collect() }))
    })
    .await
}

/// Returns a service as it is shown.
pub(super) fn body_of(service: &ServiceView) -> ServiceBody {
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
        last_verified_at: service.last_verified_at.map(time::write),
        created_at: time::write(service.created_at),
        updated_at: time::write(service.updated_at),
    }
}
