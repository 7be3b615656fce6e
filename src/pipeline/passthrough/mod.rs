//! The passthrough: a provider's own request and answer, carried as they come. admit → call → answer → record.
//!
//! There is no ledger here: a write is sent at most once, and what became of one whose answer is lost stays unknown. (With an
//! idempotency key a write is held whole and goes the way of every operation, through the ledger.) What happens if the
//! process dies, line by line: before the call nothing was sent and nothing is logged; from the call on until the row is
//! recorded the provider may have done it, and no row tells: the caller sees its connection break, and asks the provider;
//! afterwards the row is in the log.
//!
//! A caller who goes away cuts a read short as soon as its connection tells, and so the upload of a body that is not
//! through; a write that is through at the provider is waited for, answered to nobody, and logged.

mod answer;
mod call;
mod closing;

use std::time::Duration;

use actors::{LogPermit, Seat};
use adapters::Step;
use bytes::Bytes;
use domain::{
    Effect, Operation, Outcome, ProviderId, ProxyReply, RejectionClass, Resource, StreamedReply,
    TransactionId, Upload,
};
use http::HeaderMap;
use resilience::Verdict;

use super::admission::{self, Admitted};
use super::exchange::{self, Job, Ran};
use super::{Answer, Call, Completion, Present, Refusal, record, routing};
use crate::app::Worker;
use answer::{Taken, take};
use call::{Called, call_provider};
use closing::Closing;

pub(crate) use answer::PassedBody;

/// Bodies up to this length are read before they are handed on: what breaks off in them is told in our own words, and what
/// is whole is logged. In bytes.
pub(crate) const SMALL_BODY_BYTES: usize = 64 * 1024;

/// What a passthrough came to.
#[derive(Debug)]
pub(crate) enum Passed {
    /// The provider's answer.
    Answered(Box<Answered>),
    /// The gateway's own words: there is none.
    Failed(Answer),
}

/// A provider's answer on its way.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The logged transaction.
    pub transaction: TransactionId,
    /// The provider.
    pub provider: ProviderId,
    /// HTTP status.
    pub status: u16,
    /// Headers as they came.
    pub headers: HeaderMap,
    /// Body.
    pub body: PassedBody,
    /// The provider's share of the time, until the head was there.
    pub provider_time: Duration,
    /// The transaction's outcome, for the log line.
    pub outcome: &'static str,
}

/// Returns whether a body of this type and length is kept in the log: only JSON can be masked.
pub(crate) fn is_kept_in_log(content_type: &str, bytes: usize) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    bytes <= SMALL_BODY_BYTES && (essence == "application/json" || essence.ends_with("+json"))
}

/// Carries a request to a provider, with `upload` for its body where it is sent as it comes, and returns as soon as the
/// answer's head is there. `present` words what has no answer.
///
/// # Errors
/// [`Refusal`] when nothing was sent.
pub(crate) async fn pass(
    worker: &Worker,
    call: Call,
    upload: Option<Upload>,
    present: Box<dyn Present>,
) -> Result<Passed, Refusal> {
    let own = worker.clone();
    if !call.operation.kind().has_side_effect() {
        return carry(own, call, upload, &*present).await;
    }
    // A task of its own: a caller who goes away cuts nothing short. What nobody takes is logged when it is dropped.
    let task = worker.gateway.tasks.spawn_local(async move { carry(own, call, upload, &*present).await });
    task.await.unwrap_or(Err(Refusal::Internal("carrying a request")))
}

/// What a call under way holds until it is over.
#[derive(Debug)]
struct Held {
    permit: LogPermit,
    admission: Admitted,
    seat: Option<Seat>,
}

async fn carry(
    worker: Worker,
    call: Call,
    upload: Option<Upload>,
    present: &dyn Present,
) -> Result<Passed, Refusal> {
    let gateway = &worker.gateway;
    let mut route = routing::choose(&call)?;
    let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
    let admission = admission::admit(gateway, &call, route.service.provider)?;
    let job = Job {
        call: &call,
        adapter: route.adapter,
        service: &route.service,
        transaction: TransactionId::generate(call.meta.at, &*gateway.entropy),
        provider_key: "",
        started_at: call.meta.at,
    };
    let Step::Call(request) = route.exchange.begin(&job.context(gateway)) else {
        return Err(Refusal::Internal("planning a request that is carried"));
    };
    // Dies in here: the provider may have done it, and no row tells.
    let called = call_provider(&worker, &job, *request, upload).await;
    let Called { answer, seat, mut attempts } = called;
    let held = Held { permit, admission, seat };
    let provider_time = attempts.iter().map(|attempt| attempt.duration).sum();
    let reply = match answer {
        Ok(reply) => reply,
        Err(outcome) => return Ok(fail(&worker, &job, Ran::first(outcome, attempts), held, present)),
    };
    let StreamedReply { status, headers, length, pieces } = reply;
    let is_small = length.is_some_and(|length| usize::try_from(length).is_ok_and(|n| n <= SMALL_BODY_BYTES));
    let taken = if is_small { take(pieces).await } else { Taken::More { start: Bytes::new(), rest: pieces } };
    if let Taken::Broken(failure) = taken {
        // The provider told its status and not the rest: as with every call, half an answer is none.
        if let Some(last) = attempts.last_mut() {
            last.told = Err(failure.into());
        }
        let outcome = Outcome::Unknown(answer::unknown_of(failure));
        return Ok(fail(&worker, &job, Ran::first(outcome, attempts), held, present));
    }
    let outcome = proxied(&call, status);
    let answered = Answered {
        transaction: job.transaction,
        provider: job.service.provider,
        status,
        headers,
        body: PassedBody::Whole(Bytes::new()),
        provider_time,
        outcome: exchange::outcome_word(&outcome),
    };
    let verdict = admission::verdict(&outcome);
    let row = record::transaction(gateway, &job, &Ran::first(outcome, attempts), status, &Bytes::new());
    let closing = Closing::new(gateway, &call.meta, row, (held, verdict)).of_type(&answered.headers);
    let body = answer::hand_on(&worker, taken, length, closing);
    Ok(Passed::Answered(Box::new(Answered { body, ..answered })))
}

/// Returns the outcome of an answer of which the status is known.
fn proxied(call: &Call, status: u16) -> Outcome {
    let path = match &call.operation {
        Operation::Proxy(request) => request.path.clone(),
        _ => Box::default(),
    };
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    let effect = if call.operation.kind().has_side_effect() { Effect::Write } else { Effect::Read };
    Outcome::Executed(Resource::Proxy(ProxyReply { path, effect, status, headers, body }))
}

/// Words and logs a request that got no answer.
fn fail(worker: &Worker, job: &Job<'_>, ran: Ran, held: Held, present: &dyn Present) -> Passed {
    let gateway = &worker.gateway;
    let provider = job.service.provider;
    let verdict = match &ran.outcome {
        // The caller's own body, or our token: no word about the provider.
        Outcome::Rejected(refusal)
            if refusal.class == RejectionClass::InvalidRequest || refusal.code == call::TOKEN_REFUSED =>
        {
            Verdict::Ignored
        }
        _ => admission::verdict_of(&ran, gateway.config.calls.fair_chance()),
    };
    let completion = Completion {
        transaction: job.transaction,
        subject: job.transaction,
        provider,
        environment: job.call.principal.environment,
        created_at: job.started_at,
        is_repeatable: !job.call.operation.kind().has_side_effect(),
        outcome: &ran.outcome,
        failover: None,
    };
    let (status, body) = present.present(&completion);
    held.permit.record(record::read(gateway, job, &ran, status, &present.logged(&body)));
    held.admission.settle(verdict, gateway.clock.monotonic());
    Passed::Failed(ran.into_answer(status, body, provider))
}
