//! A call with its attempts: sent, and where it is safe and there is time, sent again. Runs in the request's own task.

use std::time::Duration;

use domain::ports::Transport;
use domain::{
    Attempt, Effect, Endpoint, NotSent, OperationKind, Reply, Request, TransportFailure, Unknown, Unsent,
};
use resilience::Deadline;

use super::ProviderHandle;
use super::repeat::{Ended, is_safe, is_safe_after_unknown, label};
use crate::jitter::wait_after;

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
    /// A write's earlier attempt whose outcome nobody knows. With it, a reply that refuses for want of capacity (429, 503)
    /// says nothing about that attempt: the outcome is unknown, not refused.
    pub earlier_unknown: Option<Unknown>,
    /// Every request that was sent or tried, in order.
    pub attempts: Vec<Attempt>,
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
        let Ok(_seat) = self.shared.seats.try_acquire() else {
            self.shared.catalog.actor_busy(super::handle::ACTOR);
            report.answer = Answer::NotSent(NotSent::Overloaded);
            return report;
        };
        self.shared.budget.note_call();
        let mut left = self.shared.settings.attempts.max(1);
        while let Some(remaining) = call.deadline.remaining(self.now()) {
            left = left.saturating_sub(1);
            let ended = self.send(&call, remaining, left, &mut report).await;
            let wait = if left == 0 { None } else { self.wait_before_next(&call, &ended, &report) };
            let unknown = unknown_of(&ended);
            report.answer = answer_of(ended, report.earlier_unknown);
            let Some(wait) = wait else { break };
            if call.request.effect == Effect::Write {
                report.earlier_unknown = report.earlier_unknown.or(unknown);
            }
            tokio::time::sleep(wait).await;
        }
        report
    }

    /// Sends once, and notes it.
    async fn send(
        &self,
        call: &AttemptCall<'_>,
        remaining: Duration,
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
        let status = ended.as_ref().ok().map(|reply| reply.status);
        report.attempts.push(Attempt { status, duration });
        self.shared.catalog.provider_call(
            self.provider().as_str(),
            call.operation.as_str(),
            label(&ended),
            duration,
        );
        ended
    }

    /// Returns how long to wait before the next attempt; `None` when there is none.
    fn wait_before_next(
        &self,
        call: &AttemptCall<'_>,
        ended: &Ended,
        report: &AttemptReport,
    ) -> Option<Duration> {
        if !is_safe(call.request, ended) {
            return None;
        }
        let failures = u32::try_from(report.attempts.len()).unwrap_or(u32::MAX);
        let backoff = wait_after(failures, self.shared.settings.backoff, self.shared.entropy.as_ref());
        let asked_for = ended.as_ref().ok().and_then(Reply::retry_after).unwrap_or_default();
        let wait = backoff.max(asked_for);
        let now = self.now();
        // The budget last: what is not going to be used is not taken from it.
        let may = call.deadline.leaves_room_for(wait, now) && self.shared.budget.try_retry(now).is_ok();
        may.then_some(wait)
    }
}

fn answer_of(ended: Ended, earlier_unknown: Option<Unknown>) -> Answer {
    let unknown = unknown_of(&ended);
    match (ended, unknown.or(earlier_unknown)) {
        (Ok(reply), _) => Answer::Replied(reply),
        (Err(_), Some(unknown)) => Answer::Unknown(unknown),
        (Err(TransportFailure::NotSent(Unsent::Deadline)), None) => Answer::NotSent(NotSent::DeadlinePassed),
        (Err(_), None) => Answer::NotSent(NotSent::Unreachable),
    }
}

/// Returns what is not known after an attempt; `None` when it is known that nothing was sent, or what came back.
fn unknown_of(ended: &Ended) -> Option<Unknown> {
    match ended {
        Ok(_) | Err(TransportFailure::NotSent(_)) => None,
        Err(TransportFailure::TimedOut) => Some(Unknown::TimedOut),
        Err(TransportFailure::Disconnected) => Some(Unknown::Disconnected),
        // No status was read.
        Err(TransportFailure::Unreadable) => Some(Unknown::Unreadable { status: 0 }),
    }
}
