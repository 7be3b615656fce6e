//! Admission to a provider: what guards it is asked before a call, and told what became of it.

use std::time::Duration;

use actors::{Admission, Calls, CircuitOf, NotAdmitted, ProviderAdmission};
use domain::{NotSent, Outcome, ProviderId, RejectionClass, Resource, Unknown};
use resilience::{Fault, Verdict};

use super::exchange::Ran;
use super::routing::service_entry;
use super::{Call, Refusal};
use crate::app::Gateway;

/// The right to make one operation's calls: the tenant's own, and everybody's to a provider that works. Dropped, it says
/// nothing about either, and whoever comes next probes in its stead.
#[derive(Debug)]
#[must_use = "an admission that is dropped says nothing about the provider"]
pub(super) struct Admitted {
    provider: ProviderAdmission,
    tenant: Admission,
}

/// Asks to make an operation's calls to a provider: the tenant's own affairs first, so that who has too many calls under way, or
/// credentials that are refused, never takes a probe that others wait for.
///
/// # Errors
/// [`Refusal::CircuitOpen`]: nothing may be sent.
pub(super) fn admit(gateway: &Gateway, call: &Call, provider: ProviderId) -> Result<Admitted, Refusal> {
    admit_to(gateway, call, provider, Calls::Of(call.operation.kind()))
}

/// Asks to look up what became of an operation's call, by other calls than that one: how they end says nothing about those that do
/// the operation.
///
/// # Errors
/// [`Refusal::CircuitOpen`]: nothing may be sent.
pub(super) fn admit_look_up(
    gateway: &Gateway,
    call: &Call,
    provider: ProviderId,
) -> Result<Admitted, Refusal> {
    admit_to(gateway, call, provider, Calls::LookUps)
}

fn admit_to(gateway: &Gateway, call: &Call, provider: ProviderId, calls: Calls) -> Result<Admitted, Refusal> {
    let service = service_entry(call, provider)?;
    let handle = gateway.providers.get(provider).ok_or(Refusal::Internal("finding a provider"))?;
    let (principal, now) = (&call.principal, gateway.clock.monotonic());
    let stopped = |NotAdmitted { barrier, retry_after }| {
        gateway.catalog.not_admitted(provider.as_str(), barrier.as_str());
        Refusal::CircuitOpen { provider, reason: barrier.not_sent(), barrier, retry_after }
    };
    let tenant = principal.tenant.admit(service, now).map_err(stopped)?;
    let circuit = CircuitOf { environment: principal.environment, calls };
    let provider = handle.admit(circuit, principal.tenant.tenant().id, now).map_err(stopped)?;
    Ok(Admitted { provider, tenant })
}

impl Admitted {
    /// Reports what the calls showed. Each guard takes what it can tell something from.
    pub(super) fn settle(self, verdict: Verdict, now: Duration) {
        self.provider.settle(verdict, now);
        self.tenant.settle(verdict, now);
    }

    /// Reports what a run of theirs showed.
    pub(super) fn settle_run(self, gateway: &Gateway, ran: &Ran) {
        let verdict = verdict_of(ran, gateway.config.calls.fair_chance());
        self.settle(verdict, gateway.clock.monotonic());
    }
}

/// Returns what a run says about the provider's health: what its outcome does, unless the provider was not asked at all, or had
/// next to no time to answer in.
pub(super) fn verdict_of(ran: &Ran, fair_chance: Duration) -> Verdict {
    match (verdict(&ran.outcome), ran.attempts.last()) {
        (Verdict::Success | Verdict::Failure(Fault::Unreadable), None) => Verdict::Ignored,
        (Verdict::Failure(Fault::TimedOut), Some(last)) if last.duration < fair_chance => Verdict::Ignored,
        (verdict, _) => verdict,
    }
}

/// Returns what an outcome says about the provider's health, or about the tenant's credentials: a refusal of this one request
/// says nothing bad.
pub(super) const fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Executed(Resource::Proxy(reply)) => carried(reply.status),
        Outcome::Executed(_) => Verdict::Success,
        Outcome::Rejected(rejection) => match rejection.class {
            RejectionClass::Unavailable => Verdict::Failure(Fault::ProviderError),
            RejectionClass::Credentials => Verdict::Failure(Fault::CredentialsRefused),
            RejectionClass::RateLimited => Verdict::Ignored,
            RejectionClass::InvalidRequest
            | RejectionClass::NotFound
            | RejectionClass::Conflict
            | RejectionClass::KeyReused
            | RejectionClass::Declined
            | RejectionClass::Refused => Verdict::Success,
        },
        Outcome::NotSent(NotSent::Unreachable) => Verdict::Failure(Fault::Unreachable),
        Outcome::Unknown(Unknown::TimedOut) => Verdict::Failure(Fault::TimedOut),
        Outcome::Unknown(Unknown::Disconnected) => Verdict::Failure(Fault::Disconnected),
        Outcome::Unknown(Unknown::Unreadable { status: 500.. }) => Verdict::Failure(Fault::ProviderError),
        // Refused, and not a word about the call that is asked after: that it is still at work, or that nobody may look.
        Outcome::Unknown(Unknown::Unreadable { status: 400..=499 }) => Verdict::Ignored,
        Outcome::Unknown(Unknown::Unreadable { .. }) => Verdict::Failure(Fault::Unreadable),
        Outcome::NotSent(
            NotSent::CircuitOpen
            | NotSent::Overloaded
            | NotSent::DeadlinePassed
            | NotSent::NotBegun
            | NotSent::NeverArrived,
        ) => Verdict::Ignored,
    }
}

/// Returns what the status of an answer says of which nothing else is understood.
const fn carried(status: u16) -> Verdict {
    match status {
        // 401: whether it was the key that was refused, or what was asked for, only an adapter knows. The others: come later.
        401 | 408 | 425 | 429 => Verdict::Ignored,
        500.. => Verdict::Failure(Fault::ProviderError),
        _ => Verdict::Success,
    }
}

#[cfg(test)]
mod tests;
