//! Around every request: its id, its log line, its metrics, and the headers that every answer has.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use domain::{Entropy, QuotaWindow, Timestamp};
use resilience::Remaining;

use super::error::ApiError;
use super::limits::Measured;
use crate::app::{Gateway, Worker};
use crate::limits::{AddressExhausted, AddressLimit, Limits};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_REQUEST_ID_CHARS: usize = 128;
/// Not counted: a balancer that asks whether to send requests must not be told that it asks too often. They look at nothing.
const UNCOUNTED: [&str; 2] = ["/health/live", "/health/ready"];

/// What is known of a request from its first byte on.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// The caller's request id, or a new one.
    pub request_id: Box<str>,
    /// When it came.
    pub at: Timestamp,
    /// When it came, by the monotonic clock.
    pub arrived: Duration,
    /// From which address, as far as trusted proxies tell.
    pub ip: Option<IpAddr>,
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
    /// What is left of the limits that it was measured by.
    pub measured: Measured,
    /// Whether another limit than its address's refused it: then it is charged to none.
    pub is_over_limit: bool,
    /// Whether the answer is an earlier request's.
    pub is_replayed: bool,
}

impl Facts {
    /// Takes down which limit refused, where it is one that only its refusals tell of.
    pub(super) fn take_down(&mut self, error: &ApiError) {
        if let Some(spent) = error.spent() {
            self.measured.spent = Some(spent);
            self.is_over_limit = true;
        }
    }
}

/// Wraps a request.
pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(worker) = request.app_data::<Data<Worker>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let gateway = &worker.gateway;
    let at = gateway.clock.now();
    let arrival = Arrival {
        request_id: request_id(&request, at, &*gateway.entropy),
        at,
        arrived: gateway.clock.monotonic(),
        ip: client(&request, &gateway.limits),
    };
    let counted = count(&request, gateway, &arrival);
    request.extensions_mut().insert(arrival.clone());
    let (mut response, counted) = match counted {
        Ok(counted) => (next.call(request).await?.map_into_left_body(), counted),
        Err(refused) => {
            let response = ApiError::from(refused).response();
            (request.into_response(response).map_into_right_body(), Some(nothing_left(&refused)))
        }
    };
    let mut facts = response.request().extensions_mut().remove::<Facts>().unwrap_or_default();
    facts.measured.ip = counted;
    if facts.is_over_limit {
        give_back(gateway, &arrival, &mut facts.measured.ip);
    }
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
    if facts.is_replayed {
        put(REPLAYED, "true".to_owned());
    }
    facts.measured.write(response.headers_mut());
}

/// Returns who asks.
fn client(request: &ServiceRequest, limits: &Limits) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|address| address.ip());
    limits.client(peer, request.headers().get_all(&FORWARDED_FOR).map(HeaderValue::as_bytes))
}

/// Counts a request for its address, before anything else is done for it.
fn count(
    request: &ServiceRequest,
    gateway: &Gateway,
    arrival: &Arrival,
) -> Result<Option<Remaining>, AddressExhausted> {
    if UNCOUNTED.contains(&request.path()) {
        return Ok(None);
    }
    let counted = gateway.limits.count(AddressLimit::Requests, arrival.ip, arrival.arrived);
    counted.inspect_err(|_refused| gateway.catalog.rate_limited("ip"))
}

const fn nothing_left(refused: &AddressExhausted) -> Remaining {
    let AddressExhausted { limit, retry_after, .. } = *refused;
    Remaining { window: QuotaWindow::Minute, limit, remaining: 0, reset_after: retry_after }
}

/// Another limit refused the request: what it was charged to its address is given back.
fn give_back(gateway: &Gateway, arrival: &Arrival, left: &mut Option<Remaining>) {
    if let Some(left) = left {
        gateway.limits.take_back(AddressLimit::Requests, arrival.ip);
        left.remaining = left.remaining.saturating_add(1).min(left.limit);
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
