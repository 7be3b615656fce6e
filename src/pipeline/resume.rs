//! A repeat of a key whose earlier call ended without an answer. What became of it is looked up before anything is sent.

use domain::{LedgerEntry, NotSent, Outcome, Unknown};

use super::exchange::{Job, Ran};
use super::guard::Unsettled;
use super::idempotency::Guard;
use super::look_up::{Finding, look_up, note, service, word};
use super::settle::conclude_with;
use super::{Answer, Call, Present, Refusal};
use crate::app::Worker;

/// What came of taking over an unknown row.
pub(super) enum Resumed {
    /// Its end, or that nothing could be found out now.
    Ended(Answer),
    /// Its call never arrived: the row is ended as that, and the key is free. Whoever calls now begins anew, with a time of its
    /// own: whether that call arrived is not to be judged by the age of this one.
    NeverArrived,
    /// Another node was faster.
    Elsewhere,
}

/// Takes an unknown row over and ends it with what the provider tells of its call.
pub(super) async fn resume(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: &Guard,
    row: &LedgerEntry,
) -> Result<Resumed, Refusal> {
    let gateway = &worker.gateway;
    let adapter = adapters::adapter(&row.provider)
        .ok_or(Refusal::Internal("finding the provider of an earlier call"))?;
    let service = service(call, adapter.descriptor().id)?;
    let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
    let now = gateway.clock.now();
    let lease = now.after(gateway.config.calls.deadline());
    let taking = gateway.ledger.take_over(row.tenant, row.transaction, now, lease);
    match call.meta.in_time(gateway, taking).await {
        Some(Ok(true)) => {}
        Some(Ok(false)) => return Ok(Resumed::Elsewhere),
        Some(Err(_)) | None => return Err(Refusal::LedgerUnavailable),
    }
    let unsettled = Unsettled::repeated(gateway, permit, row);
    let job = Job {
        call,
        adapter,
        service: &service,
        transaction: row.transaction,
        provider_key: &row.provider_key,
        started_at: row.started_at,
    };
    tracing::info!(transaction = %row.transaction, provider = &*row.provider, replay = ?guard.replay, "resuming an unknown outcome");
    let mut next = unsettled.next();
    let was_looked_up = next.next.is_some();
    let found = look_up(worker, &job).await?;
    let is_free = matches!(found, Finding::NeverArrived(_));
    let ran = match found {
        Finding::Known(ran) => ran,
        Finding::NeverArrived(ran) => Ran { outcome: Outcome::NotSent(NotSent::NeverArrived), ..ran },
        Finding::Nothing(ran) => Ran { outcome: Outcome::Unknown(Unknown::TimedOut), ..ran },
        Finding::Nobody => {
            next = unsettled.nobody();
            Ran::first(Outcome::Unknown(Unknown::TimedOut), Vec::new())
        }
    };
    note(gateway, row, word(&ran.outcome, was_looked_up && next.next.is_none()));
    let ran = Ran { earlier: row.look_ups.attempt_lines.clone(), ..ran };
    let promise = Some((guard, row.fingerprint));
    let answer = conclude_with(worker, &job, ran, (unsettled, next, promise), present);
    Ok(if is_free { Resumed::NeverArrived } else { Resumed::Ended(answer) })
}
