//! Health for people and orchestrators, and the metrics page of the admin port.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actors::LogObservation;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::app::Gateway;
use crate::server::{Phase, ServerState};

/// How long a part may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a look at the parts is good for.
const FRESH: Duration = Duration::from_secs(1);
/// It can serve nobody.
const DOWN: &str = "down";

/// The last look at the parts, for whoever asks within a second: anybody may, and a crowd must not crowd them.
#[derive(Debug, Default)]
pub(crate) struct LastLook(Mutex<Option<(Duration, HealthBody)>>);

impl LastLook {
    /// Returns how the gateway is, or was at most a second ago. Whoever comes during a look waits for it.
    async fn at(&self, gateway: &Gateway) -> HealthBody {
        let mut last = self.0.lock().await;
        let now = gateway.clock.monotonic();
        if let Some((seen, body)) = *last
            && now.saturating_sub(seen) < FRESH
        {
            return body;
        }
        let body = look(gateway).await;
        *last = Some((gateway.clock.monotonic(), body));
        body
    }
}

/// How the gateway is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// `ok`; `degraded` while one of the checks is not `ok` and tenants are served all the same; `down` while the store is away
    /// and no key is in memory.
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
    checks: ChecksBody,
}

/// How its parts are: `ok`, or what is wrong.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct ChecksBody {
    /// Whether the store answers within a second: `ok` or `away`.
    #[schema(example = "ok")]
    store: &'static str,
    /// Whether what nodes share answers within a second, and those who evict idle tenants and listen for changes: `ok` or `away`.
    #[schema(example = "ok")]
    cache: &'static str,
    /// Whether the log is written as fast as it fills: `ok`, or `behind` when its writer is down, more than half of its queue is
    /// taken, or entries wait in the journal for which memory has no place. `failing`: the journal's disk does not take them.
    #[schema(example = "ok")]
    journal: &'static str,
}

/// How the gateway is.
#[utoipa::path(get, path = "/health", tag = "Health",
    responses((status = 200, description = "It serves: `ok` or `degraded`.", body = HealthBody),
              (status = 503, description = "It can serve nobody: `down`. While it is `starting`, the status is all there is.", body = HealthBody)))]
pub(super) async fn health(state: Data<ServerState>) -> HttpResponse {
    let Some(gateway) = state.gateway() else {
        return HttpResponse::ServiceUnavailable().json(Ready { status: "starting" });
    };
    let body = state.last_look.at(gateway).await;
    let status = if body.status == DOWN { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    HttpResponse::build(status).json(body)
}

async fn look(gateway: &Gateway) -> HealthBody {
    let (store, cache, log, tenants) = futures_util::join!(
        tokio::time::timeout(PATIENCE, gateway.stores.engine.check()),
        tokio::time::timeout(PATIENCE, gateway.caches.engine.check()),
        gateway.log.observe(),
        gateway.tenants.observe(),
    );
    let is_store_up = matches!(store, Ok(Ok(())));
    let is_cache_up = matches!(cache, Ok(Ok(()))) && tenants.is_up;
    let journal = journal(&log);
    let can_serve = is_store_up || tenants.keys > 0;
    let status = if is_store_up && is_cache_up && journal == "ok" { "ok" } else { "degraded" };
    HealthBody {
        status: if can_serve { status } else { DOWN },
        version: env!("CARGO_PKG_VERSION"),
        checks: ChecksBody {
            store: if is_store_up { "ok" } else { "away" },
            cache: if is_cache_up { "ok" } else { "away" },
            journal,
        },
    }
}

fn journal(log: &LogObservation) -> &'static str {
    match log {
        log if log.is_journal_failing => "failing",
        log if !log.is_up || log.spooled > 0 || log.unwritten > log.free => "behind",
        _ => "ok",
    }
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
