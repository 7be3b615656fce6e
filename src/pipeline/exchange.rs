//! Running an exchange: each step's call goes out through the provider's handle, each reply goes back in.

use std::time::Duration;

use actors::{AttemptCall, ProviderHandle, TokenFailure};
use adapters::{Adapter, Context, Exchange, Step};
use domain::{
    Authentication, Effect, NotSent, Outcome, ProviderId, Rejection, RejectionClass, Reply, Request,
    Resource, StatusMeaning, Timestamp, TransactionId, Unknown,
};
use http::HeaderName;

use super::routing::Service;
use super::{Answer, Call, Origin};
use crate::app::Worker;

/// Goes with every call, so that a provider's own log can be laid beside ours.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
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
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            credentials: &self.service.credentials,
            transaction: self.transaction,
            provider_key: self.provider_key,
            started_at: self.started_at,
        }
    }
}

/// An exchange that is over.
#[derive(Debug)]
pub(super) struct Ran {
    /// What became of the operation.
    pub outcome: Outcome,
    /// Requests that went to the provider.
    pub attempts: u16,
    /// How long they took.
    pub provider_time: Duration,
}

impl Ran {
    /// Returns the answer with this status and body.
    pub(super) fn into_answer(self, status: u16, body: bytes::Bytes, provider: ProviderId) -> Answer {
        let retry_after = match &self.outcome {
            Outcome::Rejected(rejection) => rejection.retry_after,
            _ => None,
        };
        Answer {
            status,
            body,
            origin: Origin::Fresh,
            provider_time: self.provider_time,
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
    let context = job.context();
    let mut caller = Caller { worker, job, attempts: 0, provider_time: Duration::ZERO, has_written: false };
    let mut step = exchange.begin(&context);
    let outcome = loop {
        match step {
            Step::Done(outcome) => break outcome,
            Step::Call(_) if caller.attempts >= MAX_CALLS => break Outcome::Unknown(Unknown::TimedOut),
            Step::Call(request) => match caller.call(*request).await {
                Ok(reply) => step = exchange.resume(&context, &reply),
                Err(outcome) => break outcome,
            },
        }
    };
    Ran { outcome, attempts: caller.attempts, provider_time: caller.provider_time }
}

struct Caller<'a> {
    worker: &'a Worker,
    job: &'a Job<'a>,
    attempts: u16,
    provider_time: Duration,
    /// Whether a call that changes something was answered: from then on a failure leaves the whole unknown.
    has_written: bool,
}

impl Caller<'_> {
    /// Makes one call, with a new token once if the provider refuses the present one.
    async fn call(&mut self, mut request: Request) -> Result<Reply, Outcome> {
        let gateway = &self.worker.gateway;
        let provider =
            gateway.providers.get(self.job.service.provider).ok_or(Outcome::NotSent(NotSent::Unreachable))?;
        request.headers.push((REQUEST_ID, self.job.call.meta.request_id.to_string()));
        let needs_token = self.job.adapter.descriptor().authentication == Authentication::Token;
        for is_last in [!needs_token, true] {
            let token = if needs_token { Some(self.token(provider).await?) } else { None };
            let credentials = &self.job.service.credentials;
            self.job.adapter.authorize(&mut request, credentials, token.as_ref().map(|token| token.secret()));
            let reply = self.attempt(provider, &request).await?;
            match &token {
                // A refused token did nothing: a new one and a repeat are safe.
                Some(token) if !is_last && self.job.adapter.refuses_token(&reply) => {
                    provider.invalidate(token);
                }
                _ => {
                    self.has_written |= request.effect == Effect::Write && (200..300).contains(&reply.status);
                    return Ok(reply);
                }
            }
        }
        Err(Outcome::NotSent(NotSent::Unreachable))
    }

    async fn token(&self, provider: &ProviderHandle) -> Result<std::sync::Arc<actors::Token>, Outcome> {
        let tenant = self.job.call.principal.tenant.tenant().id;
        match provider.token(&self.job.service.credentials, tenant).await {
            Ok(token) => Ok(token),
            Err(TokenFailure::Refused(rejection)) if !self.has_written => Err(Outcome::Rejected(*rejection)),
            Err(TokenFailure::Overloaded) => Err(self.not_sent(NotSent::Overloaded)),
            Err(TokenFailure::Refused(_) | TokenFailure::Unreachable | TokenFailure::Lost) => {
                Err(self.not_sent(NotSent::Unreachable))
            }
        }
    }

    async fn attempt(&mut self, provider: &ProviderHandle, request: &Request) -> Result<Reply, Outcome> {
        let gateway = &self.worker.gateway;
        let job = self.job;
        let endpoint = gateway
            .endpoints
            .of(job.service.provider, job.call.principal.environment)
            .ok_or(Outcome::NotSent(NotSent::Unreachable))?;
        let report = provider
            .attempt(AttemptCall {
                transport: &*self.worker.transport,
                endpoint,
                request,
                operation: job.call.operation.kind(),
                deadline: job.call.meta.deadline,
            })
            .await;
        self.attempts =
            self.attempts.saturating_add(u16::try_from(report.attempts.len()).unwrap_or(u16::MAX));
        self.provider_time += report.provider_duration();
        match report.answer {
            actors::Answer::Replied(reply) => match report.earlier_unknown {
                // Too busy to look: says nothing about the attempt before, which may have arrived.
                Some(unknown) if reply.status == 429 || reply.status >= 500 => Err(Outcome::Unknown(unknown)),
                _ => Ok(reply),
            },
            actors::Answer::NotSent(reason) => Err(self.not_sent(reason)),
            actors::Answer::Unknown(reason) => Err(self.no_answer(reason, request.effect)),
        }
    }

    /// Returns what a call that was not sent means for the whole operation.
    const fn not_sent(&self, reason: NotSent) -> Outcome {
        if self.has_written { Outcome::Unknown(Unknown::Disconnected) } else { Outcome::NotSent(reason) }
    }

    /// Returns what a call that got no answer means for the whole operation.
    fn no_answer(&self, reason: Unknown, effect: Effect) -> Outcome {
        // In front of the call that matters: nothing was changed that anyone notices.
        let is_before_the_write = effect != Effect::Write && !self.has_written;
        if is_before_the_write && self.job.call.operation.kind().has_side_effect() {
            Outcome::Rejected(unavailable())
        } else {
            Outcome::Unknown(reason)
        }
    }
}

fn unavailable() -> Rejection {
    Rejection {
        class: RejectionClass::Unavailable,
        code: "provider_error",
        message: "The provider did not answer a call that the operation begins with; nothing was changed."
            .to_owned(),
        param: None,
        provider_code: None,
        provider_message: None,
        retry_after: None,
    }
}
