//! Around every request: its id, its log line, its metrics, and the headers that every answer has.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use domain::QuotaWindow;
use domain::{Entropy, Timestamp};
use resilience::{Allowance, Remaining};

use super::error::whole_seconds;
use crate::app::Worker;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_REQUEST_ID_CHARS: usize = 128;

/// What is known of a request from its first byte on.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// The caller's request id, or a new one.
    pub request_id: Box<str>,
    /// When it came.
    pub at: Timestamp,
    /// When it came, by the monotonic clock.
    pub arrived: Duration,
}

/// What a handler found out, for the log line, the metrics and the headers.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The route, where it is one that is measured by name.
    pub route: Option<&'static str>,
    /// Whose request.
    pub tenant: Option<domain::TenantId>,
    /// Which provider served.
    pub provider: Option<&'static str>,
    /// What came of it.
    pub outcome: Option<&'static str>,
    /// The provider's share of the time.
    pub provider_time: Option<Duration>,
    /// What is left of the key's limits.
    pub allowance: Option<Allowance>,
    /// Whether the answer is an earlier request's.
    pub is_replayed: bool,
}

/// Wraps a request.
pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(worker) = request.app_data::<Data<Worker>>().cloned() else { return next.call(request).await };
    let gateway = &worker.gateway;
    let at = gateway.clock.now();
    let arrival = Arrival {
        request_id: request_id(&request, at, &*gateway.entropy),
        at,
        arrived: gateway.clock.monotonic(),
    };
    request.extensions_mut().insert(arrival.clone());
    let mut response = next.call(request).await?;
    let facts = response.request().extensions_mut().remove::<Facts>().unwrap_or_default();
    let took = gateway.clock.monotonic().saturating_sub(arrival.arrived);
    let provider_time = facts.provider_time.unwrap_or_default();
    let own = took.saturating_sub(provider_time);
    write_headers(&mut response, &arrival, &facts, own);
    let status = response.status().as_u16();
    let route = facts.route.unwrap_or("other");
    gateway.catalog.request_finished(route, method(response.request().method()), status, own, provider_time);
    tracing::info!(
        request_id = &*arrival.request_id,
        route,
        status,
        tenant.id = facts.tenant.map(tracing::field::display),
        provider = facts.provider,
        outcome = facts.outcome,
        duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        provider_us = u64::try_from(provider_time.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    Ok(response)
}

/// Returns the caller's request id where it is one, else a new one.
fn request_id(request: &ServiceRequest, now: Timestamp, entropy: &dyn Entropy) -> Box<str> {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| {
        let is_clean =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        is_clean && !text.is_empty() && text.len() <= MAX_REQUEST_ID_CHARS
    });
    match given {
        Some(text) => text.into(),
        None => domain::RequestId::generate(now, entropy).to_string().into_boxed_str(),
    }
}

fn write_headers<B>(response: &mut ServiceResponse<B>, arrival: &Arrival, facts: &Facts, own: Duration) {
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, text: String| {
        // Every text here is digits, letters and punctuation of our own.
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    };
    put(REQUEST_ID, arrival.request_id.to_string());
    if let Some(provider) = facts.provider_time {
        put(SERVER_TIMING, format!("gateway;dur={}, provider;dur={}", millis(own), millis(provider)));
    }
    if let Some(allowance) = &facts.allowance {
        let (minute, day) = (&allowance.minute, &allowance.day);
        let tightest = allowance.tightest();
        put(
            RATE_LIMIT_POLICY,
            format!("\"key-min\";q={};w=60, \"key-day\";q={};w=86400", minute.limit, day.limit),
        );
        let reset = reset_seconds(tightest);
        put(RATE_LIMIT, format!("\"{}\";r={};t={reset}", name_of(tightest.window), tightest.remaining));
        put(X_LIMIT, tightest.limit.to_string());
        put(X_REMAINING, tightest.remaining.to_string());
        put(X_RESET, reset.to_string());
    }
    if facts.is_replayed {
        put(REPLAYED, "true".to_owned());
    }
}

fn reset_seconds(remaining: &Remaining) -> u64 {
    if remaining.reset_after.is_zero() { 0 } else { whole_seconds(remaining.reset_after) }
}

const fn name_of(window: QuotaWindow) -> &'static str {
    match window {
        QuotaWindow::Minute => "key-min",
        QuotaWindow::Day => "key-day",
    }
}

/// Writes milliseconds with three decimals.
pub(super) fn millis(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

fn method(method: &actix_web::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}
