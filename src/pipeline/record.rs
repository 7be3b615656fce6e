//! What the log keeps of a transaction: everything that is needed to explain it, nothing that must not be kept.

use bytes::Bytes;
use domain::ports::Record;
use domain::{Outcome, Transaction, TransactionStatus};

use super::amount_of;
use super::exchange::{Job, Ran};
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
        provider_ref: resource.map(|resource| resource.provider_id().into()),
        endpoint: call.endpoint,
        status: match &ran.outcome {
            Outcome::Executed(_) => TransactionStatus::Success,
            Outcome::Rejected(_) | Outcome::NotSent(_) => TransactionStatus::Failed,
            Outcome::Unknown(_) => TransactionStatus::Unknown,
        },
        object_status: resource.map(domain::Resource::status),
        provider_status: resource.and_then(domain::Resource::provider_status).map(cut),
        response_status: status,
        error_code: match &ran.outcome {
            Outcome::Rejected(rejection) => Some(rejection.code.into()),
            _ => None,
        },
        amount_minor: amount.map(domain::Money::minor),
        currency: amount.map(|amount| amount.currency().code()),
        reference: call.reference.clone(),
        request_payload: telemetry::redact_payload(&call.body, &[]),
        response_payload: telemetry::redact_payload(body, &[]),
        duration: gateway.clock.monotonic().saturating_sub(call.meta.arrived),
        provider_duration: ran.provider_time,
        attempts: ran.attempts,
        request_id: call.meta.request_id.clone(),
        ip: call.meta.ip,
        user_agent: call.meta.user_agent.clone(),
        created_at: job.started_at,
    }
}

/// Returns a provider's word as the log keeps it. A word is short; what is longer is no word.
fn cut(word: &str) -> Box<str> {
    word.chars().take(MAX_WORD_CHARS).collect()
}

/// Returns the record of a read: a log row of its own.
pub(super) fn read(gateway: &Gateway, job: &Job<'_>, ran: &Ran, status: u16, body: &Bytes) -> Record {
    Record { transaction: Some(transaction(gateway, job, ran, status, body)), settlement: None }
}
