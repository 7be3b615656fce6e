//! A call with its attempts: sent, and where it is safe and there is time, sent again. Runs in the request's own task.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::Transport;
use domain::{
    Attempt, Effect, Endpoint, NotSent, OperationKind, Reply, Request, StreamFailure, TransportFailure,
    Unknown, Unsent,
};
use resilience::Deadline;
use tokio::sync::OwnedSemaphorePermit;

use super::ProviderHandle;
use super::repeat::{Told, is_safe, is_safe_after_unknown, label};
use crate::jitter::wait_after;

/// A provider that takes no connection in this time is out of reach, also when the request had no more time than that.
const OUT_OF_REACH: Duration = Duration::from_secs(1);

/// How an attempt ended.
type Ended = Result<Reply, TransportFailure>;

/// One call to a provider.
#[derive(Debug, Clone, Copy)]
pub struct AttemptCall<'a> {
    /// What carries it.
    pub transport: &'a dyn Transport,
    /// Where to.
    pub endpoint: &'a Endpoint,
    /// What. Repeats send the same bytes.
    pub request: &'a Request,
    /// Which operation it belongs to, for the metrics.
    pub operation: OperationKind,
    /// Until when.
    pub deadline: Deadline,
}

/// How a call ended.
#[derive(Debug)]
pub enum Answer {
    /// The provider answered.
    Replied(Reply),
    /// Nothing reached the provider, in any attempt.
    NotSent(NotSent),
    /// At least one attempt reached the provider, and the last told nothing.
    Unknown(Unknown),
}

/// A call's end, and what it took.
#[derive(Debug)]
pub struct AttemptReport {
    /// How it ended.
    pub answer: Answer,
    /// A write's earlier attempt whose outcome nobody knows. With it, a reply that does not tell what became of that attempt (a
    /// refusal for now, such as 401, 409 or 429, an error of the provider's, a redirect) leaves the outcome unknown, not refused.
    pub earlier_unknown: Option<Unknown>,
    /// Every request that was sent or tried, in order.
    pub attempts: Vec<Attempt>,
}

/// A call that may be made again.
pub(super) struct Again<'a> {
    /// What was sent.
    pub(super) request: &'a Request,
    /// Until when.
    pub(super) deadline: Deadline,
    /// How many attempts there were.
    pub(super) failures: usize,
}

impl AttemptReport {
    /// Returns how long all attempts took together, the waits between them left out.
    pub fn provider_duration(&self) -> Duration {
        self.attempts.iter().map(|attempt| attempt.duration).sum()
    }
}

impl ProviderHandle {
    /// Makes a call. Repeats it within its deadline and the provider's retry budget, only where a repeat cannot do it twice.
    pub async fn attempt(&self, call: AttemptCall<'_>) -> AttemptReport {
        let mut report = AttemptReport {
            answer: Answer::NotSent(NotSent::DeadlinePassed),
            earlier_unknown: None,
            attempts: Vec::new(),
        };
        let Some(_seat) = self.take_seat() else {
            report.answer = Answer::NotSent(NotSent::Overloaded);
            return report;
        };
        self.shared.budget.note_call();
        let mut left = self.shared.settings.attempts.max(1);
        let mut waited = Duration::ZERO;
        while let Some(remaining) = call.deadline.remaining(self.now()) {
            left = left.saturating_sub(1);
            let ended = self.send(&call, (remaining, waited), left, &mut report).await;
            let again =
                Again { request: call.request, deadline: call.deadline, failures: report.attempts.len() };
            let wait = if left == 0 {
                None
            } else {
                let asked_for = ended.as_ref().ok().and_then(Reply::retry_after);
                self.wait_before_next(&again, told(&ended), asked_for)
            };
            let unknown = unknown_of(&ended);
            report.answer = answer_of(ended, report.earlier_unknown, &report.attempts);
            let Some(wait) = wait else { break };
            if call.request.effect == Effect::Write {
                report.earlier_unknown = report.earlier_unknown.or(unknown);
            }
            tokio::time::sleep(wait).await;
            waited = wait;
        }
        report
    }

    /// Sends once, and notes it.
    async fn send(
        &self,
        call: &AttemptCall<'_>,
        (remaining, waited): (Duration, Duration),
        left: u8,
        report: &mut AttemptReport,
    ) -> Ended {
        // Where nothing may follow, the one attempt has all the time there is.
        let may_follow = left > 0 && is_safe_after_unknown(call.request);
        let timeout =
            if may_follow { remaining.min(self.shared.settings.attempt_timeout) } else { remaining };
        let began = self.now();
        let ended = call.transport.send(call.endpoint, call.request, timeout).await;
        let duration = self.now().saturating_sub(began);
        let told = told(&ended);
        let told_of = told.map_err(StreamFailure::Call);
        report.attempts.push(self.attempt_of(call.request, told_of, (waited, duration)));
        self.note_call(call.operation, told, duration);
        ended
    }

    /// Takes one of the provider's seats; there is none when as many calls as allowed are under way.
    pub(super) fn take_seat(&self) -> Option<OwnedSemaphorePermit> {
        let seat = Arc::clone(&self.shared.seats).try_acquire_owned().ok();
        if seat.is_none() {
            self.shared.catalog.actor_busy(super::handle::ACTOR);
        }
        seat
    }

    /// Returns what is kept of an attempt.
    pub(super) fn attempt_of(
        &self,
        request: &Request,
        told: Result<u16, StreamFailure>,
        (waited, duration): (Duration, Duration),
    ) -> Attempt {
        Attempt { provider: self.provider(), effect: request.effect, told, waited, duration }
    }

    /// Counts and times an attempt.
    pub(super) fn note_call(&self, operation: OperationKind, told: Told, duration: Duration) {
        let provider = self.provider().as_str();
        self.shared.catalog.provider_call(provider, operation.as_str(), label(told), duration);
    }

    /// Returns how long to wait before the next attempt, at least as long as was `asked_for`; `None` when there is none.
    pub(super) fn wait_before_next(
        &self,
        again: &Again<'_>,
        told: Told,
        asked_for: Option<Duration>,
    ) -> Option<Duration> {
        if !is_safe(again.request, told) {
            return None;
        }
        let failures = u32::try_from(again.failures).unwrap_or(u32::MAX);
        let backoff = wait_after(failures, self.shared.settings.backoff, self.shared.entropy.as_ref());
        let wait = backoff.max(asked_for.unwrap_or_default());
        let now = self.now();
        // The budget last: what is not going to be used is not taken from it.
        let needed = wait.saturating_add(self.shared.settings.fair_chance);
        let may = again.deadline.leaves_room_for(needed, now) && self.shared.budget.try_retry(now).is_ok();
        may.then_some(wait)
    }
}

fn told(ended: &Ended) -> Told {
    ended.as_ref().map(|reply| reply.status).map_err(|failure| *failure)
}

fn answer_of(ended: Ended, earlier_unknown: Option<Unknown>, attempts: &[Attempt]) -> Answer {
    let unknown = unknown_of(&ended);
    match (ended, unknown.or(earlier_unknown)) {
        (Ok(reply), _) => Answer::Replied(reply),
        (Err(_), Some(unknown)) => Answer::Unknown(unknown),
        (Err(_), None) => Answer::NotSent(why_unsent(attempts)),
    }
}

/// Returns whose fault it is that none of these attempts was sent. Only what a provider is not to be blamed for is late.
pub(super) fn why_unsent(attempts: &[Attempt]) -> NotSent {
    const LATE: TransportFailure = TransportFailure::NotSent(Unsent::Deadline);
    match attempts {
        [only] if only.told == Err(LATE.into()) && only.duration < OUT_OF_REACH => NotSent::DeadlinePassed,
        _ => NotSent::Unreachable,
    }
}

/// Returns what is not known after an attempt; `None` when it is known that nothing was sent, or what came back.
fn unknown_of(ended: &Ended) -> Option<Unknown> {
    ended.as_ref().err().and_then(|failure| failure_unknown(*failure))
}

/// Returns what is not known after a failure; `None` when nothing was sent.
pub(super) const fn failure_unknown(failure: TransportFailure) -> Option<Unknown> {
    match failure {
        TransportFailure::NotSent(_) => None,
        TransportFailure::TimedOut => Some(Unknown::TimedOut),
        TransportFailure::Disconnected => Some(Unknown::Disconnected),
        // No status was read.
        TransportFailure::Unreadable => Some(Unknown::Unreadable { status: 0 }),
    }
}
