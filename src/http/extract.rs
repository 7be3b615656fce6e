//! Who a request is from: a platform key on `/v1`, a person's token on `/api`. Neither opens the other. And until when it is
//! answered, whatever hangs.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, USER_AGENT};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use actors::TenantUnavailable;
use domain::{Scope, TenantId};
use resilience::Deadline;

use super::error::ApiError;
use super::observe::{Arrival, Facts};
use crate::app::Worker;
use crate::auth::{Comer, KeyRefusal, Principal, TokenRefusal, authenticate};
use crate::pipeline::{IdempotencyKey, Meta};

const PLATFORM_KEY: HeaderName = HeaderName::from_static("x-platform-key");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PLATFORM_KEY_START: &str = "unf_";
/// How long past its deadline a request waits for an answer that is being put into words.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);
const MAX_USER_AGENT_BYTES: usize = 256;

/// A request to `/v1` whose key opens what it asks for, and whose limits are charged.
#[derive(Debug)]
pub(super) struct Visit {
    /// This thread's way to everything.
    pub worker: Data<Worker>,
    /// Who asks.
    pub principal: Principal,
    /// About the request.
    pub meta: Meta,
    /// What to tell about it.
    pub facts: Facts,
}

/// Answers a request to `/v1`: checks key, scope and limits, then lets `handle` answer.
pub(super) async fn visit(
    request: &HttpRequest,
    route: &'static str,
    scope: Scope,
    handle: impl AsyncFnOnce(&mut Visit) -> Result<HttpResponse, ApiError>,
) -> HttpResponse {
    let mut facts = Facts { route: Some(route), ..Facts::default() };
    let result = match enter(request, scope, &mut facts).await {
        Ok(mut visit) => {
            let worker = visit.worker.clone();
            let result = in_time(request, &worker, ApiError::no_answer, handle(&mut visit)).await;
            facts = visit.facts;
            result
        }
        Err(error) => {
            facts.take_down(&error);
            Err(error)
        }
    };
    request.extensions_mut().insert(facts);
    result.unwrap_or_else(|error| error.response())
}

/// Lets an answer come, until a moment after the request's deadline. All that it waits for has an end of its own; this is for what
/// hangs all the same. What has a side effect at a provider goes on by itself, and is recorded.
///
/// # Errors
/// The answer's own; when there is none in time, that the store is away, or for what may have changed something `unsure`.
async fn in_time(
    request: &HttpRequest,
    worker: &Worker,
    unsure: fn() -> ApiError,
    answer: impl Future<Output = Result<HttpResponse, ApiError>>,
) -> Result<HttpResponse, ApiError> {
    let gateway = &worker.gateway;
    let arrived = request.extensions().get::<Arrival>().map(|arrival| arrival.arrived);
    let deadline = Deadline::after(arrived.ok_or_else(ApiError::internal)?, gateway.config.calls.deadline());
    let left = deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
    let answer = tokio::time::timeout(left.saturating_add(ANSWER_MARGIN), answer).await;
    answer.unwrap_or_else(|_elapsed| {
        let request_id = request.extensions().get::<Arrival>().map(|arrival| arrival.request_id.clone());
        tracing::error!(request_id = request_id.as_deref(), "nothing answered by the deadline");
        Err(if request.method().is_safe() { ApiError::store_away() } else { unsure() })
    })
}

async fn enter(request: &HttpRequest, scope: Scope, facts: &mut Facts) -> Result<Visit, ApiError> {
    let worker = worker_of(request)?;
    let arrival = request.extensions().get::<Arrival>().cloned().ok_or_else(ApiError::internal)?;
    let gateway = &worker.gateway;
    let text = presented_key(request.headers())?;
    let comer = Comer { ip: arrival.ip, at: arrival.at, arrived: arrival.arrived };
    let deadline = Deadline::after(arrival.arrived, gateway.config.calls.deadline());
    let left = deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
    // A body may have taken most of the time.
    let known = tokio::time::timeout(left, authenticate(gateway, text, comer)).await;
    let principal = known.unwrap_or(Err(KeyRefusal::Unavailable(TenantUnavailable::Store)))?;
    facts.tenant = Some(principal.tenant.tenant().id);
    let entry = principal.key_entry().ok_or(KeyRefusal::Revoked)?;
    if !entry.key.allows(scope) {
        return Err(KeyRefusal::ScopeMissing(scope).into());
    }
    let endpoint = facts.route.and_then(|route| gateway.limits.endpoint(request.method().as_str(), route));
    let charged = entry.charge_at(endpoint, arrival.arrived).await;
    let left = charged.as_ref().unwrap_or_else(|exhausted| &exhausted.left);
    (facts.measured.key, facts.measured.endpoint) = (Some(left.key), left.endpoint);
    if let Err(exhausted) = charged {
        facts.is_over_limit = true;
        gateway.catalog.rate_limited(exhausted.which.map_or("endpoint", domain::QuotaWindow::as_str));
        return Err(exhausted.into());
    }
    gateway.key_uses.note(principal.tenant.tenant().id, principal.key, arrival.at);
    let meta = Meta {
        request_id: arrival.request_id,
        ip: arrival.ip,
        user_agent: user_agent(request.headers()),
        at: arrival.at,
        arrived: arrival.arrived,
        deadline,
    };
    Ok(Visit { worker, principal, meta, facts: std::mem::take(facts) })
}

fn presented_key(headers: &HeaderMap) -> Result<&str, KeyRefusal> {
    if let Some(value) = headers.get(PLATFORM_KEY) {
        return value.to_str().map(str::trim).map_err(|_refused| KeyRefusal::Malformed);
    }
    match headers.get(AUTHORIZATION) {
        Some(value) => bearer(value.to_str().unwrap_or_default()).ok_or(KeyRefusal::Malformed),
        None => Err(KeyRefusal::Missing),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn user_agent(headers: &HeaderMap) -> Option<Box<str>> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.get(..MAX_USER_AGENT_BYTES).unwrap_or(text).into())
}

/// Returns the caller's idempotency key, where there is one.
///
/// # Errors
/// `invalid_field` when it is none.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || {
        ApiError::field(
            "invalid_field",
            "Idempotency-Key",
            "An idempotency key is 1 to 255 printable ASCII characters, given once.",
        )
    };
    if values.next().is_some() {
        return Err(wrong());
    }
    let text = value.to_str().map_err(|_refused| wrong())?;
    IdempotencyKey::try_new(text).map(Some).map_err(|_refused| wrong())
}

/// A request to `/api` of somebody who is signed in.
#[derive(Debug)]
pub(super) struct Person {
    /// This thread's way to everything.
    pub worker: Data<Worker>,
    /// Whose account.
    pub tenant: TenantId,
}

/// Answers a request to `/api` of somebody who is signed in.
pub(super) async fn person(
    request: &HttpRequest,
    route: &'static str,
    handle: impl AsyncFnOnce(&Person) -> Result<HttpResponse, ApiError>,
) -> HttpResponse {
    let mut facts = Facts { route: Some(route), ..Facts::default() };
    let result = match identify(request) {
        Ok(person) => {
            facts.tenant = Some(person.tenant);
            let answer = in_time(request, &person.worker, ApiError::store_unsure, handle(&person)).await;
            answer.map_err(|error| if request.method().is_safe() { error } else { error.of_change() })
        }
        Err(error) => Err(error),
    };
    request.extensions_mut().insert(facts);
    result.unwrap_or_else(|error| error.response())
}

/// Answers a request to `/api` of somebody who is not signed in yet.
pub(super) async fn anybody(
    request: &HttpRequest,
    route: &'static str,
    handle: impl AsyncFnOnce(&Worker, Option<IpAddr>) -> Result<HttpResponse, ApiError>,
) -> HttpResponse {
    let result = match worker_of(request) {
        Ok(worker) => {
            let from = request.extensions().get::<Arrival>().and_then(|arrival| arrival.ip);
            in_time(request, &worker, ApiError::store_unsure, handle(&worker, from)).await
        }
        Err(error) => Err(error),
    };
    let mut facts = Facts { route: Some(route), ..Facts::default() };
    if let Err(error) = &result {
        facts.take_down(error);
    }
    request.extensions_mut().insert(facts);
    result.unwrap_or_else(|error| error.response())
}

fn worker_of(request: &HttpRequest) -> Result<Data<Worker>, ApiError> {
    request.app_data::<Data<Worker>>().cloned().ok_or_else(ApiError::internal)
}

fn identify(request: &HttpRequest) -> Result<Person, ApiError> {
    let worker = worker_of(request)?;
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let token = token.filter(|token| !token.starts_with(PLATFORM_KEY_START)).ok_or(TokenRefusal::Invalid)?;
    let tenant = worker.gateway.issuer.check(token, &*worker.gateway.clock)?;
    Ok(Person { worker, tenant })
}
