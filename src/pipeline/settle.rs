//! What an outcome makes of the ledger's row, of the log, and of what the tenant is told beside its answer.

use bytes::Bytes;
use domain::{LookUps, Outcome, Resource, Settlement, StatusMeaning, TransactionId, TransactionStatus};

use super::exchange::{Job, Ran};
use super::guard::Unsettled;
use super::idempotency::Guard;
use super::news::{Subject, event};
use super::{Answer, Completion, Present, answers, record};
use crate::app::Worker;

/// Puts an outcome into words and hands it to the log, which settles the ledger's row and tells the tenant in the same commit. An
/// answer that repeats are promised is kept in the cache, too.
pub(super) fn conclude(
    worker: &Worker,
    job: &Job<'_>,
    ran: Ran,
    (unsettled, promise): (Unsettled, Option<(&Guard, [u8; 32])>),
    present: &dyn Present,
) -> Answer {
    let next = unsettled.next();
    conclude_with(worker, job, ran, (unsettled, next, promise), present)
}

/// As [`conclude`], for those who know when an outcome that stays unknown is to be looked up.
pub(super) fn conclude_with(
    worker: &Worker,
    job: &Job<'_>,
    ran: Ran,
    (unsettled, next, promise): (Unsettled, LookUps, Option<(&Guard, [u8; 32])>),
    present: &dyn Present,
) -> Answer {
    let completion = completion(job, &ran);
    let (status, body) = present.present(&completion);
    let (kept_status, kept) = present.kept(&completion, &body).unwrap_or_else(|| (status, body.clone()));
    let next = LookUps { attempt_lines: ran.attempt_lines(), ..next };
    let settlement = settlement(&ran.outcome, (kept_status, kept), next);
    if let (Some(promise), Settlement::Settled { status, body }) = (promise, &settlement) {
        answers::keep(worker, job.call, promise, (*status, body.clone()));
    }
    // The log's rows never change: what is not known yet is told from the ledger, and logged when it is.
    let logged = match settlement {
        Settlement::Unknown(_) => None,
        Settlement::Settled { .. } | Settlement::Released => {
            Some(record::transaction(&worker.gateway, job, &ran, status, &present.logged(&body)))
        }
    };
    let event = unsettled.news(&settlement).map(|kind| {
        let now = logged.as_ref().map_or((TransactionStatus::Unknown, None), |logged| {
            (logged.status, Some((status, &logged.response_payload)))
        });
        event(&worker.gateway, kind, Subject::of_job(job), now, |news| present.tell(news))
    });
    unsettled.record(logged, settlement, event);
    ran.into_answer(status, body, job.service.provider)
}

/// Returns what a job led to, for whoever puts it into words.
pub(super) fn completion<'a>(job: &Job<'_>, ran: &'a Ran) -> Completion<'a> {
    Completion {
        transaction: job.transaction,
        subject: job.call.subject.unwrap_or(job.transaction),
        provider: job.service.provider,
        environment: job.call.principal.environment,
        created_at: job.call.subject.map_or(job.started_at, TransactionId::created_at),
        is_repeatable: job.call.idempotency_key.is_some(),
        outcome: &ran.outcome,
        failover: ran.failover,
    }
}

/// Returns whether nothing was done, and the same may be done the next time: no answer is kept.
pub(super) fn is_undone(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Executed(Resource::Proxy(reply)) => reply.meaning() == StatusMeaning::RefusedForNow,
        Outcome::Executed(_) | Outcome::Unknown(_) => false,
        Outcome::Rejected(rejection) => rejection.class.is_for_now(),
        Outcome::NotSent(_) => true,
    }
}

/// Returns what an outcome makes of the ledger's row: only an answer that would be the same again is kept.
fn settlement(outcome: &Outcome, (status, body): (u16, Bytes), next: LookUps) -> Settlement {
    match outcome {
        _ if is_undone(outcome) => Settlement::Released,
        Outcome::Executed(Resource::Proxy(reply)) if reply.meaning() == StatusMeaning::Unclear => {
            Settlement::Unknown(next)
        }
        Outcome::Unknown(_) => Settlement::Unknown(next),
        Outcome::Executed(_) | Outcome::Rejected(_) | Outcome::NotSent(_) => {
            Settlement::Settled { status, body }
        }
    }
}
