//! What the log keeps of a transaction: everything that is needed to explain it, nothing that must not be kept.

use bytes::Bytes;
use domain::ports::Record;
use domain::{Operation, Outcome, Resource, StatusMeaning, Transaction, TransactionStatus};

use super::exchange::{Job, Ran};
use super::passthrough::is_kept_in_log;
use super::{Call, amount_of};
use crate::app::Gateway;

/// Longest word of a provider that is kept, in characters.
const MAX_WORD_CHARS: usize = 64;

/// Returns the log row of an operation with a side effect.
pub(super) fn transaction(
    gateway: &Gateway,
    job: &Job<'_>,
    ran: &Ran,
    status: u16,
    body: &Bytes,
) -> Transaction {
    let call = job.call;
    let amount = amount_of(&call.operation, &ran.outcome);
    let resource = match &ran.outcome {
        Outcome::Executed(resource) => Some(resource),
        _ => None,
    };
    Transaction {
        id: job.transaction,
        tenant: call.principal.tenant.tenant().id,
        key: call.principal.key,
        environment: call.principal.environment,
        operation: call.operation.kind(),
        subject: call.subject,
        provider: Some(job.service.provider.as_str().into()),
        provider_ref: match (&call.operation, resource) {
            // Its one name, whatever came of it.
            (Operation::Proxy(request), _) => Some(request.path.clone()),
            (_, resource) => resource.map(|resource| resource.provider_id().into()),
        },
        endpoint: call.endpoint,
        status: match &ran.outcome {
            Outcome::Executed(Resource::Proxy(reply)) => proxied(reply.meaning(), call),
            Outcome::Executed(_) => TransactionStatus::Success,
            Outcome::Rejected(_) | Outcome::NotSent(_) => TransactionStatus::Failed,
            Outcome::Unknown(_) => TransactionStatus::Unknown,
        },
        object_status: resource.map(Resource::status),
        provider_status: resource.and_then(Resource::provider_status).map(cut),
        response_status: status,
        error_code: match &ran.outcome {
            Outcome::Rejected(rejection) => Some(rejection.code.into()),
            _ => None,
        },
        amount_minor: amount.map(domain::Money::minor),
        currency: amount.map(|amount| amount.currency().code()),
        reference: call.reference.clone(),
        request_payload: telemetry::redact_payload(&request_of(call), &[]),
        response_payload: telemetry::redact_payload(body, &[]),
        duration: gateway.clock.monotonic().saturating_sub(call.meta.arrived),
        provider_duration: ran.provider_time(),
        attempts: ran.attempt_count(),
        attempt_lines: ran.attempt_lines(),
        request_id: call.meta.request_id.clone(),
        ip: call.meta.ip,
        user_agent: call.meta.user_agent.clone(),
        created_at: job.started_at,
    }
}

/// Returns how a passthrough ended whose answer has this meaning.
const fn proxied(meaning: StatusMeaning, call: &Call) -> TransactionStatus {
    match meaning {
        StatusMeaning::Done => TransactionStatus::Success,
        StatusMeaning::Unclear if call.operation.kind().has_side_effect() => TransactionStatus::Unknown,
        StatusMeaning::Refused | StatusMeaning::RefusedForNow | StatusMeaning::Unclear => {
            TransactionStatus::Failed
        }
    }
}

/// Returns what is kept of a request's body: of a provider's own format only what can be masked.
fn request_of(call: &Call) -> Bytes {
    match &call.operation {
        Operation::Proxy(request) => {
            let content_type = request.headers.iter().find(|(name, _)| name.as_str() == "content-type");
            let content_type = content_type.map_or("", |(_, value)| value.as_str());
            if is_kept_in_log(content_type, call.body.len()) { call.body.clone() } else { Bytes::new() }
        }
        _ => call.body.clone(),
    }
}

/// Returns a provider's word as the log keeps it. A word is short; what is longer is no word.
fn cut(word: &str) -> Box<str> {
    word.chars().take(MAX_WORD_CHARS).collect()
}

/// Returns the record of a read: a log row of its own.
pub(super) fn read(gateway: &Gateway, job: &Job<'_>, ran: &Ran, status: u16, body: &Bytes) -> Record {
    Record { transaction: Some(transaction(gateway, job, ran, status, body)), settlement: None, event: None }
}
