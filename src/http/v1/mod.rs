//! The unified API: a file a noun. A handler reads the request, hands the operation to the pipeline and words the answer.

pub(super) mod calls;
mod customer;
pub(super) mod events;
pub(super) mod fields;
mod metadata;
pub(super) mod orders;
pub(super) mod payment_links;
pub(super) mod payouts;
mod present;
pub(super) mod proxy;
mod rebuild;
pub(super) mod refunds;
pub(super) mod sms;
pub(super) mod subscriptions;
mod target;
pub(super) mod transactions;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use domain::{Operation, ProviderId};

pub(crate) use self::rebuild::Rebuilder;

use self::present::{Attached, Wording, WriteBody};
use self::target::{Noun, Target, find_target, read_named};
use super::error::{ApiError, whole_seconds};
use super::extract::{Visit, idempotency_key};
use super::json::{RawBody, expect_json};
use crate::pipeline::{self, Answer, Call, IdempotencyKey, Origin};

/// The body of a POST, and what keeps it from being done twice.
struct Posted {
    bytes: Bytes,
    idempotency_key: Option<IdempotencyKey>,
}

/// Reads a POST whose body is JSON.
fn read_posted(request: &HttpRequest, raw: RawBody) -> Result<Posted, ApiError> {
    expect_json(request)?;
    Ok(Posted { idempotency_key: idempotency_key(request)?, bytes: raw.take()? })
}

/// Reads a POST whose body may be left out.
fn read_optional_posted(request: &HttpRequest, raw: RawBody) -> Result<Posted, ApiError> {
    let posted = Posted { idempotency_key: idempotency_key(request)?, bytes: raw.take()? };
    if !posted.bytes.is_empty() {
        expect_json(request)?;
    }
    Ok(posted)
}

impl Posted {
    /// Returns the call for what was posted; provider, subject and reference are the handler's to add.
    fn call(&self, visit: &Visit, endpoint: &'static str, operation: Operation) -> Call {
        Call {
            idempotency_key: self.idempotency_key.clone(),
            body: self.bytes.clone(),
            ..ask(visit, endpoint, operation)
        }
    }
}

/// Returns the call for an operation of which nothing else is known yet.
fn ask(visit: &Visit, endpoint: &'static str, operation: Operation) -> Call {
    Call {
        principal: visit.principal.clone(),
        operation,
        provider: None,
        subject: None,
        endpoint,
        target: "".into(),
        idempotency_key: None,
        reference: None,
        body: Bytes::new(),
        meta: visit.meta.clone(),
    }
}

/// A noun's routes: what they are called in the log and the ledger, and what they do.
struct NounRoutes {
    noun: Noun,
    /// Where one is made.
    create: &'static str,
    /// Where one is read.
    read: &'static str,
    get: fn(&Target) -> Operation,
    write: WriteBody,
}

/// What a body asks to be made.
struct Asked {
    operation: Operation,
    provider: Option<ProviderId>,
    attached: Attached,
}

/// Returns the call that makes what a body asks for, and the words for its outcome.
fn creating(visit: &Visit, posted: &Posted, asked: Asked, routes: &NounRoutes) -> (Call, Wording) {
    let Asked { operation, provider, attached } = asked;
    let reference = attached.reference().map(Into::into);
    let call = Call { provider, reference, ..posted.call(visit, routes.create, operation) };
    (call, Wording { status: 201, attached, write: routes.write })
}

/// Returns the call that changes an object, and the words for its outcome.
fn changing(
    visit: &Visit,
    posted: &Posted,
    (endpoint, operation): (&'static str, Operation),
    target: Target,
    write: WriteBody,
) -> (Call, Wording) {
    let call = Call {
        provider: target.provider,
        subject: target.subject,
        target: target.id,
        ..posted.call(visit, endpoint, operation)
    };
    (call, Wording { status: 200, attached: Attached::then(target.created), write })
}

/// Reads the object that the path names, live from its provider.
async fn read_live(
    visit: &mut Visit,
    request: &HttpRequest,
    routes: &NounRoutes,
) -> Result<HttpResponse, ApiError> {
    let target = find_target(visit, read_named(request)?, &routes.noun).await?;
    let operation = (routes.get)(&target);
    let call = Call {
        provider: target.provider,
        subject: target.subject,
        target: target.id,
        ..ask(visit, routes.read, operation)
    };
    let attached = Attached::then(target.created);
    run(visit, (call, Wording { status: 200, attached, write: routes.write })).await
}

/// Runs an operation and answers with what came of it.
async fn run(visit: &mut Visit, (call, wording): (Call, Wording)) -> Result<HttpResponse, ApiError> {
    let answer = pipeline::execute(&visit.worker, call, Box::new(wording)).await?;
    Ok(respond(visit, answer))
}

/// Tells the log line, the metrics and the headers of an answer; returns its status.
fn told(visit: &mut Visit, answer: &Answer) -> StatusCode {
    visit.facts.provider = answer.provider.map(ProviderId::as_str);
    visit.facts.outcome = Some(answer.outcome);
    visit.facts.provider_time = Some(answer.provider_time);
    visit.facts.is_replayed = answer.origin == Origin::Replayed;
    if visit.facts.is_replayed {
        visit.worker.gateway.catalog.replayed();
    }
    StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn respond(visit: &mut Visit, answer: Answer) -> HttpResponse {
    let status = told(visit, &answer);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if let Some(wait) = answer.retry_after {
        response.insert_header(("Retry-After", whole_seconds(wait).to_string()));
    }
    response.body(answer.body)
}
