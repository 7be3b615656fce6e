//! `/v1/proxy/{provider}/{path}`: a provider's own API, with the tenant's credentials and the gateway's limits, breaker and log.

mod headers;
mod message;
mod path;
mod upload;

use actix_web::body::{BodyStream, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use adapters::adapter;
use bytes::Bytes;
use domain::{Operation, ProxyOperation, RetrySafety, Scope};
use http::Method;

pub(super) use self::message::pack_error;
use self::message::{TRANSACTION_ID, Wording, unpack};
use self::upload::{Body, Excess, Limits};
use super::fields::read_provider;
use super::told;
use crate::http::MAX_BODY_BYTES;
use crate::http::error::{ApiError, ErrorBody, whole_seconds};
use crate::http::extract::{Visit, idempotency_key, visit};
use crate::pipeline::{self, Answer, Answered, Call, Passed, PassedBody};

const ROUTE: &str = "/v1/proxy/{provider}/{path}";

/// Read through a provider's own API.
///
/// The request goes to the provider as it is, with your stored credentials; the answer comes back as it is. Headers that belong
/// to a connection, to your sign-in here or to a host stay behind, both ways. The answer may be of any length.
#[utoipa::path(get, path = ROUTE, tag = "Passthrough", security(("platform_key" = [])),
    params(("provider" = String, Path, description = "`razorpay`, `paypal`, `stripe` or `twilio`."),
           ("path" = String, Path, description = "The provider's own path with its query, such as `v1/orders?count=10`. Slashes stand as they are.")),
    responses((status = "default", description = "The provider's own answer. `X-Transaction-Id` names the logged transaction."),
              (status = 400, description = "`invalid_field`: the path could be read as another one.", body = ErrorBody<'_>),
              (status = 422, description = "`no_provider_configured`, `feature_not_enabled`", body = ErrorBody<'_>),
              (status = 502, description = "`provider_unreachable`, `provider_error`", body = ErrorBody<'_>),
              (status = 503, description = "`circuit_open`", body = ErrorBody<'_>),
              (status = 504, description = "`provider_timeout`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest, payload: Payload) -> HttpResponse {
    visit(&request, ROUTE, Scope::ProxyRead, async |visit| carry(visit, &request, payload).await).await
}

/// Write through a provider's own API.
///
/// As with GET, and the body goes along as it comes, up to the installation's `passthrough.body_bytes` (10 MiB where nothing else
/// is set). A write is sent once. With an `Idempotency-Key` (body up to 256 KiB) the same key, path, query and body within 24
/// hours give the same answer and one side effect; a call whose answer was lost is then sent again only where the provider takes
/// that very key (Stripe).
#[utoipa::path(method(post, put, patch, delete), path = ROUTE, tag = "Passthrough", security(("platform_key" = [])),
    params(("provider" = String, Path, description = "`razorpay`, `paypal`, `stripe` or `twilio`."),
           ("path" = String, Path, description = "The provider's own path with its query, such as `v1/orders`. Slashes stand as they are."),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key, path, query and body within 24 hours: the same answer, one side effect.")),
    responses((status = "default", description = "The provider's own answer. `X-Transaction-Id` names the logged transaction."),
              (status = 400, description = "`invalid_field`: the path could be read as another one, or the body broke off.", body = ErrorBody<'_>),
              (status = 409, description = "`idempotency_key_in_use`, `answer_not_kept`", body = ErrorBody<'_>),
              (status = 413, description = "`request_too_large`", body = ErrorBody<'_>),
              (status = 422, description = "`no_provider_configured`, `feature_not_enabled`, `idempotency_key_reused`", body = ErrorBody<'_>),
              (status = 502, description = "`provider_unreachable`, `provider_error`", body = ErrorBody<'_>),
              (status = 503, description = "`circuit_open`", body = ErrorBody<'_>),
              (status = 504, description = "`provider_timeout`: it may have been done; not retryable.", body = ErrorBody<'_>)))]
pub(crate) async fn write(request: HttpRequest, payload: Payload) -> HttpResponse {
    visit(&request, ROUTE, Scope::ProxyWrite, async |visit| carry(visit, &request, payload).await).await
}

async fn carry(visit: &mut Visit, request: &HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    let address = path::read(request)?;
    let provider = read_provider(Some(&address.provider))?.ok_or_else(ApiError::internal)?;
    let (method, endpoint) = method_of(request)?;
    let headers = headers::onward(request.headers())?;
    let is_write = method != Method::GET;
    let idempotency_key = if is_write { idempotency_key(request)? } else { None };
    let implicit = visit.principal.tenant.tenant().implicit_idempotency_seconds;
    let is_guarded = is_write && (idempotency_key.is_some() || implicit.is_some());

    let gateway = std::sync::Arc::clone(&visit.worker.gateway);
    let time = visit.meta.deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
    let times = (gateway.config.listen.body().min(time), time);
    // What a GET asks for stands in its address; one with a body is read differently by different servers.
    let limits = match (is_write, is_guarded) {
        (false, _) => Limits::whole(0, times),
        (true, true) => Limits::whole(MAX_BODY_BYTES, times),
        (true, false) => Limits::coming(gateway.config.passthrough.body_bytes, times),
    };
    let excess = Excess::default();
    let body = upload::read(request, payload, &limits, (&gateway.tasks, &excess)).await.map_err(|error| {
        let is_about_it = !is_write && error.status() < 500;
        if is_about_it { ApiError::field("invalid_field", "body", "A GET has no body.") } else { error }
    })?;
    let (body, upload) = match body {
        Body::Whole(body) => (body, None),
        Body::Coming(upload) => (Bytes::new(), Some(upload)),
    };
    let target = format!("{provider}{}", address.path).into_boxed_str();
    let operation = Operation::Proxy(ProxyOperation {
        method,
        path: address.path,
        query: address.query,
        headers,
        body: body.clone(),
    });
    let retry = adapter(provider.as_str()).map(|adapter| adapters::retry_safety(adapter, &operation));
    let is_repeatable =
        retry.is_some_and(|retry| retry != RetrySafety::LookUpFirst) && (is_guarded || !is_write);
    let wording = Box::new(Wording { most: limits.most, excess, is_repeatable });
    let call = Call {
        principal: visit.principal.clone(),
        operation,
        provider: Some(provider),
        subject: None,
        endpoint,
        target,
        idempotency_key,
        reference: None,
        body,
        meta: visit.meta.clone(),
    };
    if is_guarded {
        let answer = pipeline::execute(&visit.worker, call, wording).await?;
        return Ok(respond(visit, &answer));
    }
    match pipeline::pass(&visit.worker, call, upload, wording).await? {
        Passed::Failed(answer) => Ok(respond(visit, &answer)),
        Passed::Answered(answered) => Ok(hand_back(visit, *answered)),
    }
}

/// Returns a request's method and the log's name for its route.
fn method_of(request: &HttpRequest) -> Result<(Method, &'static str), ApiError> {
    Ok(match request.method().as_str() {
        "GET" => (Method::GET, "GET /v1/proxy/{provider}/{path}"),
        "POST" => (Method::POST, "POST /v1/proxy/{provider}/{path}"),
        "PUT" => (Method::PUT, "PUT /v1/proxy/{provider}/{path}"),
        "PATCH" => (Method::PATCH, "PATCH /v1/proxy/{provider}/{path}"),
        "DELETE" => (Method::DELETE, "DELETE /v1/proxy/{provider}/{path}"),
        // No route leads here.
        _ => return Err(ApiError::internal()),
    })
}

/// Answers with what is whole: a guarded call's answer, fresh or replayed, or the gateway's own words.
fn respond(visit: &mut Visit, answer: &Answer) -> HttpResponse {
    let status = told(visit, answer);
    let (headers, body) = unpack(&answer.body);
    let mut response = HttpResponse::build(status);
    for header in headers {
        response.append_header(header);
    }
    if let Some(wait) = answer.retry_after {
        response.insert_header(("Retry-After", whole_seconds(wait).to_string()));
    }
    response.body(body)
}

/// Answers with what the provider answers, as it comes.
fn hand_back(visit: &mut Visit, answered: Answered) -> HttpResponse {
    visit.facts.provider = Some(answered.provider.as_str());
    visit.facts.outcome = Some(answered.outcome);
    visit.facts.provider_time = Some(answered.provider_time);
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    for (name, value) in headers::back(&answered.headers) {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.append_header((name, value));
        }
    }
    response.insert_header((TRANSACTION_ID, answered.transaction.to_string()));
    match answered.body {
        PassedBody::Whole(body) => response.body(body),
        PassedBody::Coming { length: Some(length), body } => response.body(SizedStream::new(length, body)),
        PassedBody::Coming { length: None, body } => response.body(BodyStream::new(body)),
    }
}
