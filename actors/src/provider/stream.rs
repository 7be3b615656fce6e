//! A streamed call: bodies as they come, both ways. It keeps its seat until its answer is through.
//!
//! What is sent as it comes is sent once. What is whole is sent again where any call is (see [`super::repeat`]), a write only
//! while nothing of it was sent.

use std::time::Duration;

use domain::ports::Transport;
use domain::{
    Attempt, Effect, Endpoint, NotSent, OperationKind, Request, StreamFailure, StreamedReply,
    TransportFailure, Unknown, Upload,
};
use resilience::Deadline;
use tokio::sync::OwnedSemaphorePermit;

use super::ProviderHandle;
use super::attempt::{Again, failure_unknown, why_unsent};

/// One streamed call to a provider.
#[derive(Debug)]
pub struct StreamCall<'a> {
    /// What carries it.
    pub transport: &'a dyn Transport,
    /// Where to.
    pub endpoint: &'a Endpoint,
    /// What.
    pub request: &'a Request,
    /// The body, where it is sent as it comes.
    pub upload: Option<Upload>,
    /// Which operation it belongs to, for the metrics.
    pub operation: OperationKind,
    /// Until when, the answer's last piece included.
    pub deadline: Deadline,
}

/// How a streamed call began to be answered, or was not.
#[derive(Debug)]
pub enum StreamAnswer {
    /// The provider answers: the head is here, the body is coming.
    Replied(StreamedReply),
    /// Nothing reached the provider.
    NotSent(NotSent),
    /// The request reached the provider, and no answer came.
    Unknown(Unknown),
    /// The caller's body never became whole: the provider has done nothing.
    Incomplete,
}

/// A place among the provider's calls under way. Dropped, it is free again.
#[derive(Debug)]
pub struct Seat(#[expect(dead_code, reason = "held, not looked at")] OwnedSemaphorePermit);

/// What a streamed call came to.
#[derive(Debug)]
pub struct StreamReport {
    /// How it is answered.
    pub answer: StreamAnswer,
    /// Every request that was sent or tried, in order, each until its answer's head was there.
    pub attempts: Vec<Attempt>,
    /// To be kept until the answer is through.
    pub seat: Option<Seat>,
}

impl ProviderHandle {
    /// Makes a streamed call, and returns when the answer's head is there. Times and counts it until then.
    pub async fn stream(&self, mut call: StreamCall<'_>) -> StreamReport {
        let mut report = StreamReport {
            answer: StreamAnswer::NotSent(NotSent::DeadlinePassed),
            attempts: Vec::new(),
            seat: self.take_seat().map(Seat),
        };
        if report.seat.is_none() {
            report.answer = StreamAnswer::NotSent(NotSent::Overloaded);
            return report;
        }
        self.shared.budget.note_call();
        let is_whole = call.upload.is_none();
        let most = if is_whole { usize::from(self.shared.settings.attempts.max(1)) } else { 1 };
        let mut waited = Duration::ZERO;
        while let Some(remaining) = call.deadline.remaining(self.now()) {
            let began = self.now();
            let upload = call.upload.take();
            let ended = call.transport.stream(call.endpoint, call.request, upload, remaining).await;
            let duration = self.now().saturating_sub(began);
            let told = ended.as_ref().map(|reply| reply.status).map_err(|failure| *failure);
            report.attempts.push(self.attempt_of(call.request, told, (waited, duration)));
            let told = match told {
                Ok(status) => Ok(status),
                Err(StreamFailure::Call(failure)) => Err(failure),
                // The caller's fault: no word about the provider.
                Err(StreamFailure::Incomplete) => {
                    report.answer = StreamAnswer::Incomplete;
                    return report;
                }
            };
            self.note_call(call.operation, told, duration);
            let again =
                Again { request: call.request, deadline: call.deadline, failures: report.attempts.len() };
            // A write is never sent again after it was sent: an answer in pieces cannot say what became of the first.
            let is_unsent = matches!(told, Err(TransportFailure::NotSent(_)));
            let may_follow =
                report.attempts.len() < most && (is_unsent || call.request.effect == Effect::Read);
            let asked_for = ended.as_ref().ok().and_then(StreamedReply::retry_after);
            let wait = if may_follow { self.wait_before_next(&again, told, asked_for) } else { None };
            report.answer = answer_of(ended, &report.attempts);
            let Some(wait) = wait else { break };
            tokio::time::sleep(wait).await;
            waited = wait;
        }
        report
    }
}

fn answer_of(ended: Result<StreamedReply, StreamFailure>, attempts: &[Attempt]) -> StreamAnswer {
    let failure = match ended {
        Ok(reply) => return StreamAnswer::Replied(reply),
        Err(StreamFailure::Incomplete) => return StreamAnswer::Incomplete,
        Err(StreamFailure::Call(failure)) => failure,
    };
    match failure_unknown(failure) {
        Some(unknown) => StreamAnswer::Unknown(unknown),
        None => StreamAnswer::NotSent(why_unsent(attempts)),
    }
}
