//! Taking back an operation that was not done, before anybody is told so: whoever finds its row past its lease takes it for a call
//! whose answer was lost, and may make that call to find out.
//!
//! What becomes of it is decided where all meet, in the ledger: it is withdrawn, and the transaction tells that nothing was done; or
//! it was looked up before, and that tells. Until it is known which, the caller is told that the outcome is unknown.

use std::time::Duration;

use actors::LogPermit;
use bytes::Bytes;
use domain::ports::{Record, Withdrawal};
use domain::{EventKind, LedgerEntry, LedgerState, NotSent, Outcome, TransactionStatus};

use super::exchange::{Job, Ran};
use super::guard::Unsettled;
use super::news::{Subject, event};
use super::settle::completion;
use super::{Answer, Call, Present, Refusal, Route, record};
use crate::app::Gateway;

/// How far past its deadline an operation that came to nothing waits to be written off. Its caller is cut off after twice as long,
/// and its lease is over after ten times.
const BRIEFLY: Duration = Duration::from_millis(500);

/// Takes back an operation of which nobody knows whether it was begun: the ledger was asked, and did not say. Nothing was sent. When
/// this returns, the end of the process does not stop it, where there is a journal; a process that dies before leaves a row that is
/// looked up, and a caller that has no answer.
pub(super) fn take_back_unconfirmed(
    gateway: &Gateway,
    (call, route): (&Call, &Route),
    present: &dyn Present,
    (permit, row): (LogPermit, LedgerEntry),
) -> Refusal {
    let provider_key = row.provider_key.clone();
    let job = Job {
        call,
        adapter: route.adapter,
        service: &route.service,
        transaction: row.transaction,
        provider_key: &provider_key,
        started_at: row.started_at,
    };
    let ran = Ran::first(Outcome::NotSent(NotSent::NotBegun), Vec::new());
    let worded = present.present(&completion(&job, &ran));
    permit.withdraw(withdrawal(gateway, &job, &ran, (row, worded), present));
    not_confirmed(&job)
}

/// Takes back an operation that was begun, and ended with nothing done; returns the answer that says so, once it is written.
///
/// # Errors
/// [`Refusal::NotConfirmed`]: it is not, for all that is known. It will be, unless somebody looks it up before.
pub(super) async fn take_back(
    gateway: &Gateway,
    job: &Job<'_>,
    ran: Ran,
    (unsettled, row): (Unsettled, LedgerEntry),
    present: &dyn Present,
) -> Result<Answer, Refusal> {
    let is_begun = !gateway.ledger.is_in_journal(job.transaction);
    let is_in_vain = gateway.ledger.is_store_away() && !gateway.ledger.is_only_here(job.transaction);
    let (status, body) = present.present(&completion(job, &ran));
    let mut withdrawal = withdrawal(gateway, job, &ran, (row, (status, body.clone())), present);
    withdrawal.is_begun = is_begun;
    let row = withdrawal.row.clone();
    // Who is told at once that nothing was done needs no news of it; whoever is not does. A place for that is there first.
    let permit = gateway.log.reserve().ok().filter(|_| !is_in_vain);
    let news = permit.as_ref().and_then(|_| withdrawal.record.event.take());
    // Dies here: the row is `started`, and looked up; its caller has no answer.
    unsettled.withdraw(withdrawal);
    // Past its lease somebody may have found it before it was written off.
    if !is_in_vain && is_written_off(gateway, job).await && gateway.clock.now() < row.lease_until {
        return Ok(ran.into_answer(status, body, job.service.provider));
    }
    if let Some(permit) = permit {
        // By then it is taken back, or was looked up: then whoever did that tells.
        let record = Record { transaction: None, settlement: None, event: news };
        permit.withdraw(Withdrawal { row, is_begun, record });
    }
    Err(not_confirmed(job))
}

/// Waits until nobody can find the row any more: the store has let go of it, or never gets it. Returns whether that is so.
async fn is_written_off(gateway: &Gateway, job: &Job<'_>) -> bool {
    if gateway.ledger.is_taken_back_here(job.transaction).await {
        return true;
    }
    let left = job.call.meta.deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
    tokio::time::timeout(left.saturating_add(BRIEFLY), gateway.log.is_written()).await.unwrap_or(false)
}

fn not_confirmed(job: &Job<'_>) -> Refusal {
    let is_repeatable = job.call.idempotency_key.is_some();
    Refusal::NotConfirmed { transaction: job.transaction, is_repeatable }
}

/// Returns what takes an operation back, in these words, of which it is not known whether it was begun.
fn withdrawal(
    gateway: &Gateway,
    job: &Job<'_>,
    ran: &Ran,
    (row, (status, body)): (LedgerEntry, (u16, Bytes)),
    present: &dyn Present,
) -> Withdrawal {
    let logged = record::transaction(gateway, job, ran, status, &present.logged(&body));
    let now = (TransactionStatus::Failed, Some((status, &logged.response_payload)));
    let kind = EventKind::TransactionSettled;
    let event = Some(event(gateway, kind, Subject::of_job(job), now, |news| present.tell(news)));
    // What comes in late must find it, however briefly its answer would have been replayed.
    let replay_until = row.replay_until.max(row.started_at.after(gateway.config.calls.replay()));
    let row = LedgerEntry { replay_until, state: LedgerState::Settled { status, body }, ..row };
    let record = Record { transaction: Some(logged), settlement: None, event };
    Withdrawal { row, is_begun: false, record }
}
