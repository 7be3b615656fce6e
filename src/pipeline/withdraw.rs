//! Taking back an operation of which nobody knows whether it was begun: the ledger was asked, and did not say.
//!
//! Nothing was sent. But whoever finds the row takes it for a call whose answer was lost, and may make that call to find out; so
//! its caller is told that the outcome is unknown. What becomes of it is decided where both meet, in the ledger: it is withdrawn,
//! and the transaction tells that nothing was sent, or it was looked up before, and that tells.

use actors::LogPermit;
use domain::ports::{Record, Withdrawal};
use domain::{EventKind, LedgerEntry, LedgerState, NotSent, Outcome};

use super::exchange::{Job, Ran};
use super::news::{Subject, event};
use super::settle::completion;
use super::{Call, Present, Route, record};
use crate::app::Gateway;

/// Hands a row to the log to be withdrawn, with what is told then. When this returns, the end of the process does not stop it; a
/// process that dies before leaves a row that is looked up, and a caller that has no answer.
pub(super) fn withdraw(
    gateway: &Gateway,
    (call, route): (&Call, &Route),
    present: &dyn Present,
    (permit, row): (LogPermit, LedgerEntry),
) {
    let job = Job {
        call,
        adapter: route.adapter,
        service: &route.service,
        transaction: row.transaction,
        provider_key: &row.provider_key,
        started_at: row.started_at,
    };
    let ran = Ran::first(Outcome::NotSent(NotSent::NotBegun), Vec::new());
    let (status, body) = present.present(&completion(&job, &ran));
    let logged = record::transaction(gateway, &job, &ran, status, &present.logged(&body));
    let now = (logged.status, Some((status, &logged.response_payload)));
    let kind = EventKind::TransactionSettled;
    let event = event(gateway, kind, Subject::of_job(&job), now, |news| present.tell(news));
    let record = Record { transaction: Some(logged), settlement: None, event: Some(event) };
    let row = LedgerEntry { state: LedgerState::Settled { status, body }, ..row.clone() };
    permit.withdraw(Withdrawal { row, record });
}
