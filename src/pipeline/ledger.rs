//! The way of an operation with a side effect: a row in the ledger before the call, the outcome behind it.

use actors::Fallback;
use domain::ports::{Begun, KeptAnswer};
use domain::{
    LedgerEntry, LedgerState, NotSent, Outcome, RejectionClass, Resource, RetrySafety, Settlement,
    StatusMeaning, TransactionId, Unknown,
};

use super::admission::{admit, verdict};
use super::exchange::{Job, Ran, run};
use super::guard::Unsettled;
use super::idempotency::{Guard, provider_key};
use super::{Answer, Call, Completion, Present, Refusal, Route, answers, record, routing};
use crate::app::Worker;

/// How long past a request's deadline its ledger row still counts as worked on.
const LEASE_MARGIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Why an operation was not done here and now.
pub(super) enum Stop {
    /// It was refused; nothing was sent.
    Refused(Refusal),
    /// The idempotency key has a row already.
    Exists(Box<LedgerEntry>),
    /// The ledger is away, and the answer of the idempotency key is in the cache.
    Kept(KeptAnswer),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Begins an operation in the ledger, does it, and records what became of it.
pub(super) async fn execute(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: Option<&Guard>,
    fingerprint: [u8; 32],
) -> Result<Answer, Stop> {
    let gateway = &worker.gateway;
    let route = routing::choose(call)?;
    // Reserved first: what is begun can always be recorded.
    let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
    let admission = admit(gateway, call, route.service.provider)?;
    let transaction = TransactionId::generate(call.meta.at, &*gateway.entropy);
    let entry = entry(worker, call, guard, fingerprint, (transaction, route.service.provider.as_str()));
    let provider_key = entry.provider_key.clone();
    // Dies here: the key is free, or the row is `started` and its call was never made; a look-up tells.
    match gateway.ledger.begin(entry, fallback(call, &route)).await {
        Ok(Begun::Started) => {}
        Ok(Begun::Existing(row)) => return Err(Stop::Exists(row)),
        Ok(Begun::Occupied(_)) => {
            return Err(Stop::Refused(Refusal::KeyInUse { retry_after: std::time::Duration::from_secs(1) }));
        }
        Err(_) => return Err(Stop::Refused(Refusal::LedgerUnavailable)),
    }
    let job = Job {
        call,
        adapter: route.adapter,
        service: &route.service,
        transaction,
        provider_key: &provider_key,
        started_at: call.meta.at,
    };
    let unsettled = Unsettled::new(permit, call.principal.tenant.tenant().id, transaction);
    if let Some(guard) = guard.filter(|_| gateway.ledger.is_store_away())
        && let Some(kept) = answers::find(worker, call, guard).await
    {
        // Begun in this node's journal, while another node has the answer.
        unsettled.record(None, Settlement::Released);
        return Err(Stop::Kept(kept));
    }
    // Dies in here: the row stays `started`; whoever comes next looks up what became of the call.
    let mut ran = run(worker, &job, route.exchange).await;
    admission.settle(verdict(&ran.outcome), gateway.clock.monotonic());
    if gateway.ledger.is_store_away() && tells_of_a_twin(&ran.outcome) {
        // Another node that cannot see the ledger either has made this call: that is not to be told as a refusal.
        ran.outcome = Outcome::Unknown(Unknown::Unreadable { status: 409 });
    }
    let promise = guard.map(|guard| (guard, fingerprint));
    Ok(conclude(worker, &job, ran, (unsettled, promise), present))
}

/// Puts an outcome into words and hands it to the log, which settles the ledger's row in the same commit. An answer that
/// repeats are promised is kept in the cache, too.
pub(super) fn conclude(
    worker: &Worker,
    job: &Job<'_>,
    ran: Ran,
    (unsettled, promise): (Unsettled, Option<(&Guard, [u8; 32])>),
    present: &dyn Present,
) -> Answer {
    let provider = job.service.provider;
    let completion = Completion {
        transaction: job.transaction,
        subject: job.call.subject.unwrap_or(job.transaction),
        provider,
        environment: job.call.principal.environment,
        created_at: job.call.subject.map_or(job.started_at, TransactionId::created_at),
        is_repeatable: job.call.idempotency_key.is_some(),
        outcome: &ran.outcome,
    };
    let (status, body) = present.present(&completion);
    let (kept_status, kept) = present.kept(&completion, &body).unwrap_or_else(|| (status, body.clone()));
    let settlement = settlement(&ran, kept_status, kept);
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
    unsettled.record(logged, settlement);
    ran.into_answer(status, body, provider)
}

/// Returns what an outcome makes of the ledger's row: only an answer that would be the same again is kept.
fn settlement(ran: &Ran, status: u16, body: bytes::Bytes) -> Settlement {
    match &ran.outcome {
        Outcome::Executed(Resource::Proxy(reply)) => match reply.meaning() {
            StatusMeaning::Done | StatusMeaning::Refused => Settlement::Settled { status, body },
            StatusMeaning::RefusedForNow => Settlement::Released,
            StatusMeaning::Unclear => Settlement::Unknown(look_ups(ran)),
        },
        Outcome::Executed(_) => Settlement::Settled { status, body },
        Outcome::Rejected(rejection) => match rejection.class {
            RejectionClass::Credentials | RejectionClass::RateLimited | RejectionClass::Unavailable => {
                Settlement::Released
            }
            RejectionClass::InvalidRequest
            | RejectionClass::NotFound
            | RejectionClass::Conflict
            | RejectionClass::Declined
            | RejectionClass::Refused => Settlement::Settled { status, body },
        },
        Outcome::NotSent(
            NotSent::Unreachable
            | NotSent::CircuitOpen
            | NotSent::Overloaded
            | NotSent::DeadlinePassed
            | NotSent::NeverArrived,
        ) => Settlement::Released,
        Outcome::Unknown(_) => Settlement::Unknown(look_ups(ran)),
    }
}

fn look_ups(ran: &Ran) -> domain::LookUps {
    domain::LookUps { attempt_lines: ran.attempt_lines(), ..domain::LookUps::default() }
}

/// Returns whether the provider has met this key with another body. Ours tell the transaction, so a twin's has.
fn tells_of_a_twin(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(rejection) if rejection.code == "idempotency_key_reused")
}

/// Returns what may take the ledger's place while the store is away. A twin on another node must come with the same key of the
/// provider's: that follows from the caller's key, but not where the request itself stands for one.
fn fallback(call: &Call, route: &Route) -> Fallback {
    let is_implicit = call.idempotency_key.is_none()
        && call.principal.tenant.tenant().implicit_idempotency_seconds.is_some();
    match adapters::retry_safety(route.adapter, &call.operation) {
        RetrySafety::Keyed | RetrySafety::Harmless if !is_implicit => Fallback::Journal,
        RetrySafety::Keyed | RetrySafety::Harmless | RetrySafety::LookUpFirst => Fallback::None,
    }
}

fn entry(
    worker: &Worker,
    call: &Call,
    guard: Option<&Guard>,
    fingerprint: [u8; 32],
    (transaction, provider): (TransactionId, &str),
) -> LedgerEntry {
    let calls = &worker.gateway.config.calls;
    let replay = guard.map_or_else(|| calls.replay(), |guard| guard.replay);
    LedgerEntry {
        transaction,
        tenant: call.principal.tenant.tenant().id,
        key: call.principal.key,
        environment: call.principal.environment,
        idempotency_key: guard.map(|guard| guard.key.clone()),
        operation: call.operation.kind(),
        fingerprint,
        provider: provider.into(),
        provider_key: provider_key(worker, call, transaction).into_boxed_str(),
        target: call.target.clone(),
        request: call.body.clone(),
        started_at: call.meta.at,
        lease_until: call.meta.at.after(calls.deadline()).after(LEASE_MARGIN),
        replay_until: call.meta.at.after(replay),
        serial: None,
        look_ups: domain::LookUps::default(),
        state: LedgerState::Started,
    }
}
