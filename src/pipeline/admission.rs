//! Admission to a provider: what guards it is asked before a call, and told what became of it.

use std::time::Duration;

use actors::Admission;
use domain::{NotSent, Outcome, ProviderId, RejectionClass, Resource, StatusMeaning};
use resilience::Verdict;

use super::routing::service_entry;
use super::{Call, Refusal};
use crate::app::Gateway;

/// The right to make one operation's calls. Dropped, it says nothing about the provider.
#[derive(Debug)]
#[must_use = "an admission that is dropped says nothing about the provider"]
pub(super) struct Admitted {
    tenant: Admission,
}

/// Asks to make an operation's calls to a provider.
///
/// # Errors
/// [`Refusal::CircuitOpen`]: nothing may be sent.
pub(super) fn admit(gateway: &Gateway, call: &Call, provider: ProviderId) -> Result<Admitted, Refusal> {
    let service = service_entry(call, provider)?;
    let admitted = call.principal.tenant.admit(service, call.operation.kind(), gateway.clock.monotonic());
    admitted.map(|tenant| Admitted { tenant }).map_err(|open| Refusal::CircuitOpen {
        provider,
        reason: open.not_sent,
        retry_after: open.retry_after,
    })
}

impl Admitted {
    /// Reports what the calls showed.
    pub(super) fn settle(self, verdict: Verdict, now: Duration) {
        self.tenant.settle(verdict, now);
    }
}

/// Returns what an outcome says about the provider's health: a refusal of this one request says nothing bad.
pub(super) const fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Executed(Resource::Proxy(reply)) => match reply.meaning() {
            StatusMeaning::Done | StatusMeaning::Refused => Verdict::Success,
            StatusMeaning::RefusedForNow => Verdict::Ignored,
            StatusMeaning::Unclear => Verdict::Failure,
        },
        Outcome::Executed(_) => Verdict::Success,
        Outcome::Rejected(rejection) => match rejection.class {
            RejectionClass::Unavailable | RejectionClass::Credentials => Verdict::Failure,
            RejectionClass::RateLimited => Verdict::Ignored,
            _ => Verdict::Success,
        },
        Outcome::NotSent(NotSent::Unreachable) | Outcome::Unknown(_) => Verdict::Failure,
        Outcome::NotSent(_) => Verdict::Ignored,
    }
}
