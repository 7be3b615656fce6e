//! Health for people and orchestrators, and the metrics page of the admin port.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Gateway;
use crate::server::{Phase, ServerState};

/// How the gateway is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// `ok`, or `degraded` while tenants in memory are served without the store.
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
    checks: ChecksBody,
}

/// How its parts are: `ok`, `away` or `behind`.
#[derive(Debug, Serialize, ToSchema)]
struct ChecksBody {
    /// Whether the store answers.
    store: &'static str,
    /// Whether tenants are kept in memory.
    cache: &'static str,
    /// Whether the log's queue is written as fast as it fills.
    journal: &'static str,
}

/// How the gateway is.
#[utoipa::path(get, path = "/health", tag = "Health",
    responses((status = 200, description = "It serves.", body = HealthBody),
              (status = 503, description = "It can serve nobody.", body = HealthBody)))]
pub(super) async fn health(state: Data<ServerState>) -> HttpResponse {
    match state.gateway() {
        Some(gateway) => check(gateway).await,
        None => HttpResponse::ServiceUnavailable().json(Ready { status: "starting" }),
    }
}

async fn check(gateway: &Gateway) -> HttpResponse {
    let is_store_up = gateway.stores.engine.check().await.is_ok();
    let log = gateway.log.observe().await;
    let is_log_behind = !log.is_up || log.unwritten > log.free;
    let tenants = gateway.tenants.observe().await;
    let can_serve = is_store_up || tenants.keys > 0;
    let status = if is_store_up && !is_log_behind { "ok" } else { "degraded" };
    let body = HealthBody {
        status: if can_serve { status } else { "down" },
        version: env!("CARGO_PKG_VERSION"),
        checks: ChecksBody {
            store: if is_store_up { "ok" } else { "away" },
            cache: if tenants.is_up { "ok" } else { "away" },
            journal: if is_log_behind { "behind" } else { "ok" },
        },
    };
    HttpResponse::build(if can_serve { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }).json(body)
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health/live", tag = "Health", responses((status = 200, description = "It does.")))]
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Ready { status: "ok" })
}

/// Whether requests should be sent here.
#[utoipa::path(get, path = "/health/ready", tag = "Health",
    responses((status = 200, description = "Yes."), (status = 503, description = "No: it is starting, or stopping.")))]
pub(super) async fn ready(state: Data<ServerState>) -> HttpResponse {
    match state.phase() {
        Phase::Starting => HttpResponse::ServiceUnavailable().json(Ready { status: "starting" }),
        Phase::Serving => HttpResponse::Ok().json(Ready { status: "ok" }),
        Phase::Draining => HttpResponse::ServiceUnavailable().json(Ready { status: "draining" }),
    }
}

#[derive(Debug, Serialize)]
struct Ready {
    status: &'static str,
}

/// Answers with all metrics in Prometheus' text format.
pub(super) async fn metrics(state: Data<ServerState>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(state.telemetry.render())
}
