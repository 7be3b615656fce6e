//! The unified API: a file a noun. A handler reads the request, hands the operation to the pipeline and words the answer.

mod metadata;
pub(super) mod orders;
mod present;
pub(super) mod sms;
pub(super) mod transactions;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use adapters::adapter;
use bytes::Bytes;
use domain::ports::StoredTransaction;
use domain::{MAX_REFERENCE_CHARS, Operation, ProviderId, TransactionId, TransactionStatus};
use serde::Deserialize;

use self::present::Wording;
use super::error::{ApiError, whole_seconds};
use super::extract::Visit;
use crate::pipeline::{self, Answer, Call, IdempotencyKey, Origin};

/// An operation as a handler read it.
pub(super) struct Asked {
    pub operation: Operation,
    pub provider: Option<ProviderId>,
    pub subject: Option<TransactionId>,
    pub endpoint: &'static str,
    pub target: Box<str>,
    pub idempotency_key: Option<IdempotencyKey>,
    pub reference: Option<Box<str>>,
    pub body: Bytes,
}

/// Runs an operation and answers with what came of it.
async fn run(visit: &mut Visit, asked: Asked, wording: Wording) -> Result<HttpResponse, ApiError> {
    let call = Call {
        principal: visit.principal.clone(),
        operation: asked.operation,
        provider: asked.provider,
        subject: asked.subject,
        endpoint: asked.endpoint,
        target: asked.target,
        idempotency_key: asked.idempotency_key,
        reference: asked.reference,
        body: asked.body,
        meta: visit.meta.clone(),
    };
    let answer = pipeline::execute(&visit.worker, call, Box::new(wording)).await?;
    Ok(respond(visit, answer))
}

fn respond(visit: &mut Visit, answer: Answer) -> HttpResponse {
    visit.facts.provider = answer.provider.map(ProviderId::as_str);
    visit.facts.outcome = Some(answer.outcome);
    visit.facts.provider_time = Some(answer.provider_time);
    visit.facts.is_replayed = answer.origin == Origin::Replayed;
    if visit.facts.is_replayed {
        visit.worker.gateway.catalog.replayed();
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if let Some(wait) = answer.retry_after {
        response.insert_header(("Retry-After", whole_seconds(wait).to_string()));
    }
    response.body(answer.body)
}

/// Reads the name of a provider.
fn read_provider(name: Option<&str>) -> Result<Option<ProviderId>, ApiError> {
    match name {
        None => Ok(None),
        Some(name) => match adapter(name) {
            Some(adapter) => Ok(Some(adapter.descriptor().id)),
            None => {
                let names: Vec<_> =
                    adapters::ADAPTERS.iter().map(|adapter| adapter.descriptor().id.as_str()).collect();
                Err(ApiError::field(
                    "invalid_field",
                    "provider",
                    format!("A provider is one of {}.", names.join(", ")),
                ))
            }
        },
    }
}

/// Reads the caller's own id.
fn read_reference(reference: Option<&str>) -> Result<Option<Box<str>>, ApiError> {
    let Some(reference) = reference else { return Ok(None) };
    let chars = reference.chars().count();
    if chars == 0 || chars > MAX_REFERENCE_CHARS || reference.chars().any(char::is_control) {
        let message =
            format!("A reference has 1 to {MAX_REFERENCE_CHARS} characters, and no control characters.");
        return Err(ApiError::field("invalid_field", "reference", message));
    }
    Ok(Some(reference.into()))
}

/// Reads a text of bounded length.
fn read_text(param: &'static str, text: Option<&str>, most: usize) -> Result<Option<Box<str>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let chars = text.chars().count();
    if chars == 0 || chars > most {
        return Err(ApiError::field(
            "invalid_field",
            param,
            format!("`{param}` has 1 to {most} characters."),
        ));
    }
    Ok(Some(text.into()))
}

/// Finds a transaction in the log; what was answered a moment ago may still be on its way there.
async fn find_logged(visit: &Visit, id: TransactionId) -> Result<Option<StoredTransaction>, ApiError> {
    let gateway = &visit.worker.gateway;
    let tenant = visit.principal.tenant.tenant().id;
    let environment = visit.principal.environment;
    let mut found = gateway.stores.transactions.find(tenant, environment, id).await;
    let is_final = |logged: &StoredTransaction| &*logged.status != TransactionStatus::Unknown.as_str();
    if found.as_ref().is_ok_and(|found| !found.as_ref().is_some_and(is_final)) {
        // A log that is stopping has written what it can.
        gateway.log.flush().await.ok();
        found = gateway.stores.transactions.find(tenant, environment, id).await;
    }
    found.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the transaction log cannot be read");
        ApiError::store_away()
    })
}

/// Returns the route's own id.
fn path_id(request: &HttpRequest) -> Box<str> {
    request.match_info().get("id").unwrap_or_default().into()
}

/// Which provider's id a path holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfProvider {
    provider: Option<String>,
}

/// An object that a path names: by our transaction, or by the provider's own id.
struct Target {
    /// The id as the path has it.
    id: Box<str>,
    subject: Option<TransactionId>,
    provider: Option<ProviderId>,
    provider_ref: Box<str>,
    created: Option<StoredTransaction>,
}

/// What kind of object a path names.
struct Noun {
    /// The operation that creates it.
    created_by: domain::OperationKind,
    /// The error's code when there is none.
    not_found: &'static str,
}

/// What a path names, as it came.
struct Named {
    id: Box<str>,
    provider: Option<String>,
}

/// Reads the id of a path, and whose it is.
fn read_named(request: &HttpRequest) -> Result<Named, ApiError> {
    let query: OfProvider = read_query(request)?;
    Ok(Named { id: path_id(request), provider: query.provider })
}

/// Finds the object that a path names.
async fn find_target(visit: &Visit, named: Named, noun: &Noun) -> Result<Target, ApiError> {
    let Named { id, provider } = named;
    let missing =
        || ApiError::not_found(noun.not_found, format!("There is no such {}.", noun.created_by.object()));
    let provider = read_provider(provider.as_deref())?;
    if let Ok(transaction) = id.parse::<TransactionId>() {
        let created =
            find_logged(visit, transaction).await?.filter(|logged| logged.operation == noun.created_by);
        let created = created.ok_or_else(missing)?;
        let provider_ref = created.provider_ref.clone().ok_or_else(missing)?;
        let served_by = read_provider(created.provider.as_deref())?;
        if provider.is_some() && provider != served_by {
            return Err(missing());
        }
        return Ok(Target {
            id,
            subject: Some(transaction),
            provider: served_by,
            provider_ref,
            created: Some(created),
        });
    }
    if provider.is_none() {
        let message = "Give a transaction id (txn_…), or a provider's own id with `?provider=`.";
        return Err(ApiError::field("invalid_field", "id", message));
    }
    let is_plausible = !id.is_empty()
        && id.len() <= 128
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !is_plausible {
        return Err(missing());
    }
    Ok(Target { subject: None, provider, provider_ref: id.clone(), created: None, id })
}

/// Reads a query string strictly.
fn read_query<T: serde::de::DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    actix_web::web::Query::<T>::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| {
            let words = error.to_string();
            let field = words.split('`').nth(1).unwrap_or("query").to_owned();
            let code = if words.contains("unknown field") { "unknown_field" } else { "invalid_field" };
            ApiError::field(code, field.clone(), format!("The query parameter `{field}` is not valid here."))
        })
}
