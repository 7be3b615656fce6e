//! Finding out what became of a call whose answer was lost: by the adapter's look-up, or by the same call with the same key
//! while the provider remembers it. Nothing here sends what may be done a second time.

use std::sync::Arc;

use domain::{LedgerEntry, NotSent, Outcome, ProviderId, RejectionClass, Resource, StatusMeaning};

use super::admission::{Admitted, admit, admit_look_up};
use super::exchange::{Job, Ran, run};
use super::idempotency::provider_key;
use super::routing::{self, Service};
use super::{Call, Refusal};
use crate::app::{Gateway, Worker};

/// What was found out about a call.
#[derive(Debug)]
pub(super) enum Finding {
    /// What became of it.
    Known(Ran),
    /// The provider has no trace of it, and it is too old to be still on its way.
    NeverArrived(Ran),
    /// Nothing, this time.
    Nothing(Ran),
    /// Nothing, now or later: there is no look-up for it, and a repeat would do it twice. No call was made.
    Nobody,
}

/// Looks for what became of a job's first call.
///
/// # Errors
/// [`Refusal`]: the provider could not be asked. Nothing was sent.
pub(super) async fn look_up(worker: &Worker, job: &Job<'_>) -> Result<Finding, Refusal> {
    let gateway = &worker.gateway;
    let (account, id) = ((job.adapter, &*job.service.credentials), job.transaction);
    if *provider_key(gateway, job.call, account, id) != *job.provider_key {
        // Another account than the call went to: there is nothing of it there, and a repeat would do it twice.
        return Ok(Finding::Nobody);
    }
    let age = gateway.clock.now().since(job.started_at);
    match job.adapter.look_up(&job.call.operation) {
        Some(exchange) => {
            let admitted = admit_look_up(gateway, job.call, job.service.provider)?;
            let found = run_admitted(worker, job, exchange, admitted).await;
            Ok(match &found.outcome {
                Outcome::Executed(_) => Finding::Known(found),
                Outcome::NotSent(NotSent::NeverArrived) if age >= gateway.config.calls.quiet() => {
                    Finding::NeverArrived(found)
                }
                // It may still be on its way, or the look-up itself failed.
                Outcome::NotSent(_) | Outcome::Rejected(_) | Outcome::Unknown(_) => Finding::Nothing(found),
            })
        }
        None if adapters::is_repeat_safe(job.adapter, &job.call.operation, age) => {
            let found = repeat(worker, job).await?;
            Ok(if tells_of_the_first(&found) { Finding::Known(found) } else { Finding::Nothing(found) })
        }
        None => Ok(Finding::Nobody),
    }
}

/// Returns the tenant's service at the provider that an earlier call went to, with its credentials as they are now.
///
/// # Errors
/// [`Refusal::NoProvider`]: it is not configured any more.
pub(super) fn service(call: &Call, provider: ProviderId) -> Result<Service, Refusal> {
    let credentials = Arc::clone(&routing::service_entry(call, provider)?.credentials);
    Ok(Service { provider, credentials })
}

/// Makes a job's call again: with the same key of the provider's and the same bytes.
///
/// # Errors
/// [`Refusal`]: nothing was sent.
async fn repeat(worker: &Worker, job: &Job<'_>) -> Result<Ran, Refusal> {
    let exchange = adapters::plan(job.adapter, &job.call.operation).map_err(|rejection| {
        Refusal::Planned { provider: job.service.provider, rejection: Box::new(rejection) }
    })?;
    let admitted = admit(&worker.gateway, job.call, job.service.provider)?;
    Ok(run_admitted(worker, job, exchange, admitted).await)
}

async fn run_admitted(
    worker: &Worker,
    job: &Job<'_>,
    exchange: Box<dyn adapters::Exchange>,
    admitted: Admitted,
) -> Ran {
    let ran = run(worker, job, exchange).await;
    admitted.settle_run(&worker.gateway, &ran);
    ran
}

/// Returns whether a repeat with the provider's idempotency key tells what became of the first call. That nothing was
/// sent this time, that the provider was too busy to look, or that it knows the key for other bytes than these, does not. Nor does
/// a refusal that the key had no part in: of a step in front of the call, or by whoever lets nobody in for now.
fn tells_of_the_first(ran: &Ran) -> bool {
    match &ran.outcome {
        Outcome::Executed(Resource::Proxy(reply)) => {
            matches!(reply.meaning(), StatusMeaning::Done | StatusMeaning::Refused)
        }
        Outcome::Executed(_) => true,
        Outcome::Rejected(rejection) => {
            let says_nothing = rejection.class.is_for_now() || rejection.class == RejectionClass::KeyReused;
            !says_nothing && ran.tells_of_the_write()
        }
        Outcome::NotSent(_) | Outcome::Unknown(_) => false,
    }
}

/// Tells what a look-up led to, whoever asked for it.
pub(super) fn note(gateway: &Gateway, row: &LedgerEntry, result: &'static str) {
    let provider =
        adapters::adapter(&row.provider).map_or("other", |adapter| adapter.descriptor().id.as_str());
    gateway.catalog.looked_up(provider, result);
    let (transaction, done) = (row.transaction, row.look_ups.done);
    match result {
        "needs_attention" => tracing::error!(
            %transaction, tenant.id = %row.tenant, provider, operation = row.operation.as_str(), look_ups = done,
            "an outcome is still unknown and is not looked up any more: a person must look at the provider"
        ),
        "postponed" => tracing::debug!(%transaction, provider, "a look-up is put off"),
        _ => {
            tracing::info!(%transaction, provider, look_ups = done, result, "an unknown outcome was looked up");
        }
    }
}

/// Returns the closed set's word for what a look-up led to.
pub(super) const fn word(outcome: &Outcome, is_last: bool) -> &'static str {
    match outcome {
        Outcome::Executed(_) => "executed",
        Outcome::Rejected(_) => "rejected",
        Outcome::NotSent(_) => "never_arrived",
        Outcome::Unknown(_) if is_last => "needs_attention",
        Outcome::Unknown(_) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{Attempt, Effect, Rejection};

    use super::*;

    fn refused(class: RejectionClass, attempts: &[(Effect, u16)]) -> Ran {
        let attempt = |&(effect, status): &(Effect, u16)| Attempt {
            provider: ProviderId::new("paypal"),
            effect,
            told: Ok(status),
            waited: Duration::ZERO,
            duration: Duration::from_millis(1),
        };
        let rejection = Rejection::new(class, "sample", "");
        Ran::first(Outcome::Rejected(rejection), attempts.iter().map(attempt).collect())
    }

    #[test]
    fn a_refusal_tells_of_the_first_call_where_its_repeat_was_answered_or_the_object_stands_against_it() {
        use Effect::{Prepare, Read, Write};
        use RejectionClass::{Conflict, Credentials, KeyReused, Refused};
        for (class, attempts, expected) in [
            (Refused, &[(Write, 422)][..], true),
            (Conflict, &[(Read, 200), (Write, 400)][..], true),
            (Conflict, &[(Write, 422), (Read, 404)][..], true),
            // What the provider shows of the object: the call was not carried out, or it would show that.
            (Conflict, &[(Read, 200)][..], true),
            // By whoever lets nobody in for now.
            (Refused, &[(Write, 403)][..], false),
            (Conflict, &[(Read, 200), (Write, 409)][..], false),
            // Of a step in front of it.
            (Refused, &[(Read, 404)][..], false),
            (Refused, &[(Prepare, 422)][..], false),
            (Refused, &[][..], false),
            // Of other things than the call.
            (Credentials, &[(Write, 422)][..], false),
            (KeyReused, &[(Write, 422)][..], false),
        ] {
            assert_eq!(tells_of_the_first(&refused(class, attempts)), expected, "{class:?} {attempts:?}");
        }
    }
}
