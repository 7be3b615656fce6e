//! Taking back an operation that was not done, before anybody is told so: whoever finds its row past its lease takes it for a call
//! whose answer was lost, and may make that call to find out.
//!
//! What becomes of it is decided where all meet, in the ledger: it is withdrawn, and the transaction tells that nothing was done; or
//! it was looked up before, and that tells. Until it is known which, the caller is told that the outcome is unknown.

use actors::LogPermit;
use domain::ports::{Record, Withdrawal};
use domain::{Event, EventKind, LedgerEntry, LedgerState, NotSent, Outcome, Transaction};

use super::exchange::{Job, Ran};
use super::guard::Unsettled;
use super::news::{Subject, event};
use super::settle::{completion, conclude};
use super::{Answer, Call, Present, Refusal, Route, record};
use crate::app::{Gateway, Worker};

/// Takes back an operation of which nobody knows whether it was begun: the ledger was asked, and did not say. Nothing was sent. When
/// this returns, the end of the process does not stop it, where there is a journal; a process that dies before leaves a row that is
/// looked up, and a caller that has no answer.
pub(super) fn take_back_unconfirmed(
    gateway: &Gateway,
    (call, route): (&Call, &Route),
    present: &dyn Present,
    (permit, row): (LogPermit, LedgerEntry),
) -> Refusal {
    let job = Job {
        call,
        adapter: route.adapter,
        service: &route.service,
        transaction: row.transaction,
        provider_key: &row.provider_key.clone(),
        started_at: row.started_at,
    };
    let ran = Ran::first(Outcome::NotSent(NotSent::NotBegun), Vec::new());
    let undone = Undone::new(gateway, &job, &ran, row, present);
    permit.withdraw(undone.withdrawal(gateway, &job, present));
    not_confirmed(&job)
}

/// Takes back an operation that was begun, and ended with nothing done; returns the answer that says so.
///
/// # Errors
/// [`Refusal::NotConfirmed`]: the ledger did not say whether it is taken back, or somebody has looked it up by then.
pub(super) async fn take_back(
    worker: &Worker,
    job: &Job<'_>,
    ran: Ran,
    (unsettled, row): (Unsettled, LedgerEntry),
    present: &dyn Present,
) -> Result<Answer, Refusal> {
    let gateway = &worker.gateway;
    if gateway.ledger.is_only_here(row.transaction) {
        // The journal has the row, and the store has not: it is never begun there.
        let answer = conclude(worker, job, ran, (unsettled, None), present);
        return if gateway.ledger.is_journal_synced().await { Ok(answer) } else { Err(not_confirmed(job)) };
    }
    let undone = Undone::new(gateway, job, &ran, row, present);
    // Dies here: the row is `started` and is looked up, or is withdrawn and told as unknown; its caller has no answer.
    match gateway.ledger.withdraw(undone.row.clone()).await {
        Ok(true) => {
            unsettled.log(undone.logged);
            Ok(ran.into_answer(undone.status, undone.body, job.service.provider))
        }
        Ok(false) => {
            unsettled.leave();
            Err(not_confirmed(job))
        }
        Err(_told) => {
            unsettled.withdraw(undone.withdrawal(gateway, job, present));
            Err(not_confirmed(job))
        }
    }
}

fn not_confirmed(job: &Job<'_>) -> Refusal {
    let is_repeatable = job.call.idempotency_key.is_some();
    Refusal::NotConfirmed { transaction: job.transaction, is_repeatable }
}

/// An operation with which nothing was done, in words.
struct Undone {
    /// Its row, settled.
    row: LedgerEntry,
    logged: Transaction,
    status: u16,
    body: bytes::Bytes,
}

impl Undone {
    fn new(gateway: &Gateway, job: &Job<'_>, ran: &Ran, row: LedgerEntry, present: &dyn Present) -> Self {
        let (status, body) = present.present(&completion(job, ran));
        let logged = record::transaction(gateway, job, ran, status, &present.logged(&body));
        // What comes in late must find it, however briefly its answer would have been replayed.
        let replay_until = row.replay_until.max(row.started_at.after(gateway.config.calls.replay()));
        let state = LedgerState::Settled { status, body: body.clone() };
        Self { row: LedgerEntry { replay_until, state, ..row }, logged, status, body }
    }

    /// Returns what takes it back later, when its caller is told that nobody knows.
    fn withdrawal(self, gateway: &Gateway, job: &Job<'_>, present: &dyn Present) -> Withdrawal {
        let Self { row, logged, status, .. } = self;
        let now = (logged.status, Some((status, &logged.response_payload)));
        let kind = EventKind::TransactionSettled;
        let event: Event = event(gateway, kind, Subject::of_job(job), now, |news| present.tell(news));
        Withdrawal { row, record: Record { transaction: Some(logged), settlement: None, event: Some(event) } }
    }
}
