//! Resuming: a key whose earlier call ended without an answer. What became of it is looked up before anything is sent.

use domain::{
    LedgerEntry, NotSent, Operation, Outcome, RejectionClass, Resource, RetrySafety, StatusMeaning, Unknown,
};

use super::admission::{admit, verdict};
use super::exchange::{Job, Ran, run};
use super::guard::Unsettled;
use super::idempotency::Guard;
use super::ledger::conclude;
use super::{Answer, Call, Present, Refusal, routing};
use crate::app::Worker;

/// Takes an unknown row over and ends it: with what the provider tells of the first call, or by making the call when it is
/// certain that the first never arrived. Returns `None` when another node was faster.
pub(super) async fn resume(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: &Guard,
    row: &LedgerEntry,
) -> Result<Option<Answer>, Refusal> {
    let gateway = &worker.gateway;
    let adapter = adapters::adapter(&row.provider)
        .ok_or(Refusal::Internal("finding the provider of an earlier call"))?;
    let provider = adapter.descriptor().id;
    let credentials = std::sync::Arc::clone(&routing::service_entry(call, provider)?.credentials);
    let service = routing::Service { provider, credentials };
    let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
    let now = gateway.clock.now();
    let lease = now.after(gateway.config.calls.deadline());
    let tenant = row.tenant;
    match gateway.ledger.take_over(tenant, row.transaction, now, lease).await {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(_logged) => return Err(Refusal::LedgerUnavailable),
    }
    let unsettled = Unsettled::new(permit, tenant, row.transaction);
    let job = Job {
        call,
        adapter,
        service: &service,
        transaction: row.transaction,
        provider_key: &row.provider_key,
        started_at: row.started_at,
    };
    tracing::info!(transaction = %row.transaction, provider = provider.as_str(), replay = ?guard.replay, "resuming an unknown outcome");
    let mut ran = look_up_or_repeat(worker, &job).await?;
    ran.earlier = row.look_ups.attempt_lines.clone();
    let promise = Some((guard, row.fingerprint));
    Ok(Some(conclude(worker, &job, ran, (unsettled, promise), present)))
}

async fn look_up_or_repeat(worker: &Worker, job: &Job<'_>) -> Result<Ran, Refusal> {
    let gateway = &worker.gateway;
    let operation = &job.call.operation;
    let mut never_arrived = false;
    if let Some(look_up) = job.adapter.look_up(operation) {
        let mut found = run(worker, job, look_up).await;
        match &found.outcome {
            Outcome::Executed(_) => return Ok(found),
            Outcome::NotSent(NotSent::NeverArrived) => {
                let age = gateway.clock.now().since(job.started_at);
                if age < gateway.config.calls.quiet() {
                    // The first call may still be on its way: too early to send another.
                    found.outcome = Outcome::Unknown(Unknown::TimedOut);
                    return Ok(found);
                }
                never_arrived = true;
            }
            // The look-up itself failed: what was unknown stays so.
            Outcome::Rejected(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => {
                found.outcome = Outcome::Unknown(Unknown::TimedOut);
                return Ok(found);
            }
        }
    }
    if matches!(operation, Operation::Proxy(_))
        && adapters::retry_safety(job.adapter, operation) == RetrySafety::LookUpFirst
    {
        // Nobody here can look it up: it stays unknown, and is never sent again.
        return Ok(Ran::first(Outcome::Unknown(Unknown::TimedOut), Vec::new()));
    }
    let exchange = adapters::plan(job.adapter, operation).map_err(|rejection| Refusal::Planned {
        provider: job.service.provider,
        rejection: Box::new(rejection),
    })?;
    let route = super::Route { service: job.service.clone(), adapter: job.adapter, exchange };
    let admission = admit(gateway, job.call, route.service.provider)?;
    let mut ran = run(worker, job, route.exchange).await;
    admission.settle(verdict(&ran.outcome), gateway.clock.monotonic());
    if !never_arrived && !tells_of_the_first(&ran.outcome) {
        ran.outcome = Outcome::Unknown(Unknown::TimedOut);
    }
    Ok(ran)
}

/// Returns whether a repeat with the provider's idempotency key tells what became of the first call. That nothing was
/// sent this time, or that the provider was too busy to look, does not.
fn tells_of_the_first(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Executed(Resource::Proxy(reply)) => {
            matches!(reply.meaning(), StatusMeaning::Done | StatusMeaning::Refused)
        }
        Outcome::Executed(_) => true,
        Outcome::Rejected(rejection) => !matches!(
            rejection.class,
            RejectionClass::RateLimited | RejectionClass::Unavailable | RejectionClass::Credentials
        ),
        Outcome::NotSent(_) | Outcome::Unknown(_) => false,
    }
}
