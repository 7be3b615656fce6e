//! What a tenant is told of beside the answers to its requests: that an outcome became known, or needs a person.

use bytes::Bytes;
use domain::{
    Environment, Event, EventId, EventKind, LedgerEntry, OperationKind, TenantId, Timestamp, TransactionId,
    TransactionStatus,
};

use super::exchange::Job;
use crate::app::Gateway;

/// The transaction that there is news of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub transaction: TransactionId,
    /// What was asked for.
    pub operation: OperationKind,
    /// Of which provider.
    pub provider: &'a str,
    /// Test or live.
    pub environment: Environment,
}

/// News, before it is put into words.
#[derive(Debug)]
pub(crate) struct News<'a> {
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What it tells.
    pub kind: EventKind,
    /// Of which transaction.
    pub subject: Subject<'a>,
    /// How that stands now.
    pub status: TransactionStatus,
    /// Status and body of the answer that its caller would get now, secrets masked; absent while the outcome is not known.
    pub response: Option<(u16, &'a Bytes)>,
}

impl<'a> Subject<'a> {
    /// Returns what a ledger row is about.
    pub(super) fn of_row(row: &'a LedgerEntry) -> Self {
        Self {
            tenant: row.tenant,
            transaction: row.transaction,
            operation: row.operation,
            provider: &row.provider,
            environment: row.environment,
        }
    }

    /// Returns what a job is about.
    pub(super) fn of_job(job: &'a Job<'_>) -> Self {
        Self {
            tenant: job.call.principal.tenant.tenant().id,
            transaction: job.transaction,
            operation: job.call.operation.kind(),
            provider: job.service.provider.as_str(),
            environment: job.call.principal.environment,
        }
    }
}

/// Returns the event that tells of a transaction, in the words of `write`.
pub(super) fn event(
    gateway: &Gateway,
    kind: EventKind,
    subject: Subject<'_>,
    (status, response): (TransactionStatus, Option<(u16, &Bytes)>),
    write: impl FnOnce(&News<'_>) -> Bytes,
) -> Event {
    let at = gateway.clock.now();
    let id = EventId::generate(at, &*gateway.entropy);
    let payload = write(&News { id, at, kind, subject, status, response });
    Event {
        id,
        tenant: subject.tenant,
        environment: subject.environment,
        kind,
        transaction: subject.transaction,
        payload,
        created_at: at,
    }
}
