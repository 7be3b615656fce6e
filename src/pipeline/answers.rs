//! Finished answers in the cache that nodes share. They are for the time in which the ledger is away: a repeat gets its answer
//! all the same, on every node. While the ledger answers, it is what is asked.

use bytes::Bytes;
use domain::ports::KeptAnswer;

use super::Call;
use super::idempotency::Guard;
use crate::app::Worker;

/// Keeps an answer for repeats of its key, behind the answer itself.
pub(super) fn keep(
    worker: &Worker,
    call: &Call,
    (guard, fingerprint): (&Guard, [u8; 32]),
    (status, body): (u16, Bytes),
) {
    let Some(answers) = worker.gateway.caches.answers.clone() else { return };
    let (tenant, environment) = (call.principal.tenant.tenant().id, call.principal.environment);
    let Guard { key, replay } = guard.clone();
    worker.gateway.tasks.spawn_local(async move {
        let answer = KeptAnswer { fingerprint, status, body };
        if let Err(error) = answers.keep(tenant, environment, &key, answer, replay).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "an answer was not kept in the cache");
        }
    });
}

/// Returns the answer of a key, if the cache has it.
pub(super) async fn find(worker: &Worker, call: &Call, guard: &Guard) -> Option<KeptAnswer> {
    let answers = worker.gateway.caches.answers.as_ref()?;
    let (tenant, environment) = (call.principal.tenant.tenant().id, call.principal.environment);
    match answers.find(tenant, environment, &guard.key).await {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the cache does not tell of an answer");
            None
        }
    }
}
