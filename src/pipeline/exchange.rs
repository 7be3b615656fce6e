//! Running an exchange: each step's call goes out through the provider's handle, each reply goes back in.

use std::time::Duration;

use actors::{AttemptCall, ProviderHandle};
use adapters::{Adapter, Context, Exchange, Step};
use bytes::Bytes;
use domain::{
    Attempt, Effect, NotSent, Outcome, ProviderId, Rejection, RejectionClass, Reply, Request, Resource,
    StatusMeaning, Timestamp, TransactionId, Unknown,
};
use http::HeaderName;

use super::failover::Failover;
use super::routing::Service;
use super::token::token_for;
use super::{Answer, Call, Origin, attempts};
use crate::app::{Gateway, Worker};

/// Goes with every call, so that a provider's own log can be laid beside ours.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// When to try again what certainly was not done, where the provider does not say.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// More calls than any exchange makes: a state machine that goes round in circles ends here.
const MAX_CALLS: u16 = 16;

/// An operation that is to be run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    /// The request.
    pub call: &'a Call,
    /// The provider's adapter.
    pub adapter: &'static dyn Adapter,
    /// The tenant's service.
    pub service: &'a Service,
    /// The transaction.
    pub transaction: TransactionId,
    /// The provider's idempotency key.
    pub provider_key: &'a str,
    /// When the transaction was begun.
    pub started_at: Timestamp,
}

impl Job<'_> {
    /// Returns what the exchange may look at.
    pub(super) fn context(&self, gateway: &Gateway) -> Context<'_> {
        Context {
            credentials: &self.service.credentials,
            transaction: self.transaction,
            provider_key: self.provider_key,
            started_at: self.started_at,
            replay: gateway.config.calls.replay(),
        }
    }
}

/// An exchange that is over.
#[derive(Debug)]
pub(super) struct Ran {
    /// What became of the operation.
    pub outcome: Outcome,
    /// Every request that went to the provider, or was tried, in order.
    pub attempts: Vec<Attempt>,
    /// The lines of what another run of the same transaction did before.
    pub earlier: Bytes,
    /// Why another provider than the first one served.
    pub failover: Option<Failover>,
}

impl Ran {
    /// Returns an exchange that was the transaction's first.
    pub(super) const fn first(outcome: Outcome, attempts: Vec<Attempt>) -> Self {
        Self { outcome, attempts, earlier: Bytes::new(), failover: None }
    }

    /// Returns the same with what was done in vain before it, at another provider.
    pub(super) fn following(mut self, before: Option<Self>) -> Self {
        if let Some(before) = before {
            let own = std::mem::replace(&mut self.attempts, before.attempts);
            self.attempts.extend(own);
        }
        self
    }

    /// Returns a line for each request of the transaction, as [`attempts`] writes them.
    pub(super) fn attempt_lines(&self) -> Bytes {
        attempts::join(&self.earlier, &self.attempts)
    }

    /// Returns how many requests the transaction has made.
    pub(super) fn attempt_count(&self) -> u16 {
        let count = attempts::count(&self.earlier).saturating_add(self.attempts.len());
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// Returns whether a refusal tells what became of the request that changes something: that one was answered with a word about
    /// it, or it was not even sent, because of what the provider shows of the object. That it shows none tells nothing.
    pub(super) fn tells_of_the_write(&self) -> bool {
        let write = self.attempts.iter().rev().find(|attempt| attempt.effect == Effect::Write);
        match write.or(self.attempts.last()) {
            Some(last) if last.effect == Effect::Write => last.told.is_ok_and(tells),
            Some(last) => last.told.is_ok_and(|status| (200..300).contains(&status)),
            None => false,
        }
    }

    /// Returns how long the requests took together, the waits between them left out.
    pub(super) fn provider_time(&self) -> Duration {
        self.attempts.iter().map(|attempt| attempt.duration).sum()
    }

    /// Returns the answer with this status and body.
    pub(super) fn into_answer(self, status: u16, body: Bytes, provider: ProviderId) -> Answer {
        let retry_after = match &self.outcome {
            Outcome::Rejected(rejection) => rejection.retry_after.or_else(|| {
                let is_later =
                    matches!(rejection.class, RejectionClass::RateLimited | RejectionClass::Unavailable);
                is_later.then_some(RETRY_AFTER)
            }),
            Outcome::NotSent(_) => Some(RETRY_AFTER),
            Outcome::Executed(_) | Outcome::Unknown(_) => None,
        };
        Answer {
            status,
            body,
            origin: Origin::Fresh,
            provider_time: self.provider_time(),
            retry_after,
            provider: Some(provider),
            outcome: outcome_word(&self.outcome),
        }
    }
}

/// Returns the closed set's word for an outcome: for metrics and logs.
pub(super) const fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Executed(Resource::Proxy(reply)) => meaning_word(reply.meaning()),
        Outcome::Executed(_) => "executed",
        Outcome::Rejected(_) => "rejected",
        Outcome::NotSent(_) => "not_sent",
        Outcome::Unknown(_) => "unknown",
    }
}

/// Returns the same for an answer of which only the status is understood.
pub(super) const fn meaning_word(meaning: StatusMeaning) -> &'static str {
    match meaning {
        StatusMeaning::Done => "executed",
        StatusMeaning::Refused | StatusMeaning::RefusedForNow => "rejected",
        StatusMeaning::Unclear => "unknown",
    }
}

/// Runs an exchange to its end.
pub(super) async fn run(worker: &Worker, job: &Job<'_>, mut exchange: Box<dyn Exchange>) -> Ran {
    let context = job.context(&worker.gateway);
    let mut caller = Caller { worker, job, calls: 0, attempts: Vec::new(), done: None, unknown: None };
    let mut step = exchange.begin(&context);
    let outcome = loop {
        match step {
            // An adapter knows what its calls before this one did, and not that one of them was made twice.
            Step::Done(outcome) => break judge(outcome, caller.unknown),
            Step::Call(_) if caller.calls >= MAX_CALLS => break Outcome::Unknown(Unknown::TimedOut),
            Step::Call(request) => match caller.call(*request).await {
                Ok(reply) => step = exchange.resume(&context, &reply),
                Err(outcome) => break judge(outcome, caller.done.or(caller.unknown)),
            },
        }
    };
    Ran::first(outcome, caller.attempts)
}

struct Caller<'a> {
    worker: &'a Worker,
    job: &'a Job<'a>,
    calls: u16,
    attempts: Vec<Attempt>,
    /// There once something has been changed: what is not known when the calls behind it cannot be made.
    done: Option<Unknown>,
    /// There once something may have been changed, by an attempt whose answer was lost.
    unknown: Option<Unknown>,
}

impl Caller<'_> {
    /// Makes one call, with a new token once if the provider refuses the present one.
    async fn call(&mut self, mut request: Request) -> Result<Reply, Outcome> {
        let gateway = &self.worker.gateway;
        let provider =
            gateway.providers.get(self.job.service.provider).ok_or(Outcome::NotSent(NotSent::Unreachable))?;
        request.headers.push((REQUEST_ID, self.job.call.meta.request_id.to_string()));
        self.calls = self.calls.saturating_add(1);
        for is_last in [false, true] {
            let token = token_for(gateway, provider, self.job).await?;
            let credentials = &self.job.service.credentials;
            self.job.adapter.authorize(&mut request, credentials, token.as_ref().map(|token| token.secret()));
            let reply = self.attempt(provider, &request).await?;
            match &token {
                // A refused token did nothing: a new one and a repeat are safe.
                Some(token) if !is_last && self.job.adapter.refuses_token(&reply) => {
                    provider.invalidate(token);
                }
                _ => {
                    if request.effect == Effect::Write && (200..300).contains(&reply.status) {
                        self.done = self.done.or(Some(Unknown::Disconnected));
                    }
                    return Ok(reply);
                }
            }
        }
        Err(Outcome::NotSent(NotSent::Unreachable))
    }

    async fn attempt(&mut self, provider: &ProviderHandle, request: &Request) -> Result<Reply, Outcome> {
        let gateway = &self.worker.gateway;
        let job = self.job;
        let endpoint = gateway
            .endpoints
            .of(job.service.provider, job.call.principal.environment)
            .ok_or(Outcome::NotSent(NotSent::Unreachable))?;
        if request.effect == Effect::Write && !job.call.meta.leaves_fair_chance(gateway) {
            // The ledger, a token, or the calls before this one took the time.
            return Err(Outcome::NotSent(NotSent::DeadlinePassed));
        }
        let report = provider
            .attempt(AttemptCall {
                transport: &*self.worker.transport,
                endpoint,
                request,
                operation: job.call.operation.kind(),
                deadline: job.call.meta.deadline,
            })
            .await;
        if self.attempts.is_empty() {
            self.attempts = report.attempts;
        } else {
            self.attempts.extend(report.attempts);
        }
        self.unknown = self.unknown.or(report.earlier_unknown);
        match report.answer {
            actors::Answer::Replied(reply) => match report.earlier_unknown {
                // Too busy to look: says nothing about the attempt before, which may have arrived.
                Some(unknown) if !tells(reply.status) => Err(Outcome::Unknown(unknown)),
                _ => Ok(reply),
            },
            actors::Answer::NotSent(reason) => Err(Outcome::NotSent(reason)),
            actors::Answer::Unknown(reason) => Err(self.no_answer(reason, request.effect)),
        }
    }

    /// Returns what a call that got no answer means for the whole operation.
    fn no_answer(&self, reason: Unknown, effect: Effect) -> Outcome {
        // In front of the call that matters: nothing was changed that anyone notices.
        let is_before_the_write = effect != Effect::Write && self.done.or(self.unknown).is_none();
        if is_before_the_write && self.job.call.operation.kind().has_side_effect() {
            Outcome::Rejected(unavailable())
        } else {
            Outcome::Unknown(reason)
        }
    }
}

/// Returns what the end of the calls means for the whole operation: behind what was or may have been done, a failure, or a
/// refusal that says nothing but "not now", is no word about it.
fn judge(outcome: Outcome, done: Option<Unknown>) -> Outcome {
    let says_nothing = match &outcome {
        Outcome::Executed(_) | Outcome::Unknown(_) => false,
        Outcome::NotSent(_) => true,
        Outcome::Rejected(rejection) => rejection.class.is_for_now(),
    };
    done.filter(|_| says_nothing).map_or(outcome, Outcome::Unknown)
}

/// Returns whether a repeat that is answered like this tells what became of the attempt before it. What is refused for now
/// (a token that has ended, a lock, a limit) does not, nor does an error, nor a redirect.
const fn tells(status: u16) -> bool {
    matches!(StatusMeaning::of(status, Effect::Write), StatusMeaning::Done | StatusMeaning::Refused)
}

fn unavailable() -> Rejection {
    let message = "The provider did not answer a call that the operation begins with; nothing was changed.";
    Rejection::new(RejectionClass::Unavailable, "provider_error", message)
}
