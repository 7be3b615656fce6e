//! Failover: where the tenant wants it, the next provider in its order serves a call that the one before certainly did not.
//!
//! What happens if the process dies, line by line: before `reroute` is committed the row names the first provider, which did
//! nothing, and a look-up there finds nothing; once it is committed the row names the next one, which has heard of the call or
//! not, and a look-up asks there; a reroute whose answer is lost is not followed by a call, so that wherever the row points,
//! nothing happened. While the store is away none of this can be written, and what might fail over is not begun in the journal.

use domain::ports::Reroute;
use domain::{
    CallOperation, Customer, NotSent, Operation, OrderOperation, Outcome, PaymentLinkOperation,
    PayoutDestination, PayoutOperation, ProviderId, SmsOperation, SubscriptionOperation, SubscriptionPlan,
    TransactionId,
};

use super::admission::{Admitted, admit};
use super::exchange::{Job, Ran, run};
use super::routing::Service;
use super::{Call, Refusal, Route, routing};
use crate::app::{Gateway, Worker};

/// That another provider served than the one whose turn it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failover {
    /// Whose turn it was.
    pub from: ProviderId,
    /// Why it did not serve, in the words of the error codes.
    pub reason: &'static str,
}

/// A provider that was chosen and may be called.
pub(super) struct Chosen {
    pub(super) route: Route,
    pub(super) admission: Admitted,
    pub(super) failover: Option<Failover>,
}

impl Chosen {
    /// Returns whose turn it was.
    fn first(&self) -> ProviderId {
        self.failover.map_or(self.route.service.provider, |failover| failover.from)
    }

    /// Returns whether another provider may serve than the one whose turn it was.
    pub(super) fn may_fail_over(&self, call: &Call) -> bool {
        may_fall_back(call, self.first())
    }
}

/// An operation that came to its end.
pub(super) struct Served {
    /// At whom.
    pub(super) service: Service,
    /// Whose adapter.
    pub(super) adapter: &'static dyn adapters::Adapter,
    /// With which idempotency key.
    pub(super) provider_key: Box<str>,
    /// How, all providers together.
    pub(super) ran: Ran,
}

/// Takes the chosen provider's admission; where that is refused, the next one's. Nothing is begun yet, and nothing to be undone.
///
/// # Errors
/// The first provider's [`Refusal::CircuitOpen`], when no other may serve.
pub(super) fn admit_first(gateway: &Gateway, call: &Call, route: Route) -> Result<Chosen, Refusal> {
    let first = route.service.provider;
    let refusal = match admit(gateway, call, first) {
        Ok(admission) => return Ok(Chosen { route, admission, failover: None }),
        Err(refusal) => refusal,
    };
    let Refusal::CircuitOpen { reason, .. } = &refusal else { return Err(refusal) };
    // Nodes that cannot see the ledger must come to the same provider: its own key is what keeps their calls one.
    if !may_fall_back(call, first) || gateway.ledger.is_store_away() {
        return Err(refusal);
    }
    let failover = Some(Failover { from: first, reason: reason.code() });
    let mut tried = vec![first];
    match next_admitted(gateway, call, &mut tried) {
        Some((route, admission)) => Ok(Chosen { route, admission, failover }),
        None => Err(refusal),
    }
}

/// Runs a begun operation at its provider and, as long as that certainly did nothing, at those that follow.
pub(super) async fn run_through(
    worker: &Worker,
    call: &Call,
    (transaction, mut provider_key): (TransactionId, Box<str>),
    chosen: Chosen,
) -> Served {
    let gateway = &worker.gateway;
    let may_follow = chosen.may_fail_over(call);
    let Chosen { mut route, mut admission, mut failover } = chosen;
    let mut tried: Vec<ProviderId> = failover.iter().map(|failover| failover.from).collect();
    let mut before = None;
    let tell = |failover: Failover, to: ProviderId| {
        gateway.catalog.failed_over(failover.from.as_str(), to.as_str(), failover.reason);
    };
    if let Some(failover) = failover {
        tell(failover, route.service.provider);
    }
    loop {
        let Route { service, adapter, exchange } = route;
        let started_at = call.meta.at;
        let job =
            Job { call, adapter, service: &service, transaction, provider_key: &provider_key, started_at };
        // Dies in here: the row stays `started`, with this provider's name; whoever comes next looks up what it did.
        let ran = run(worker, &job, exchange).await;
        admission.settle_run(gateway, &ran);
        let mut ran = ran.following(before);
        ran.failover = failover;
        tried.push(service.provider);
        let is_wanted = may_follow && call.meta.leaves_fair_chance(gateway);
        let reason = not_executed(&ran.outcome).filter(|_| is_wanted);
        let next = reason.and_then(|_| next_admitted(gateway, call, &mut tried));
        let (Some(reason), Some((next, admitted))) = (reason, next) else {
            return Served { service, adapter, provider_key, ran };
        };
        let next_key = next.provider_key(gateway, call, transaction);
        // The admission is at hand: what is rerouted is called.
        if !reroute(worker, &job, (&next, &next_key), &ran).await {
            return Served { service, adapter, provider_key, ran };
        }
        tracing::info!(
            %transaction,
            from = service.provider.as_str(),
            to = next.service.provider.as_str(),
            reason,
            "the next provider serves"
        );
        let from_here = Failover { from: service.provider, reason };
        tell(from_here, next.service.provider);
        failover = failover.or(Some(from_here));
        (route, admission, before, provider_key) = (next, admitted, Some(ran), next_key);
    }
}

/// Writes down that the next provider is called, before it hears of it. Without that, it does not; written down in vain, the row
/// names one that did nothing.
async fn reroute(worker: &Worker, job: &Job<'_>, (next, key): (&Route, &str), ran: &Ran) -> bool {
    let tenant = job.call.principal.tenant.tenant().id;
    let to = Reroute {
        from: job.service.provider.as_str().into(),
        to: next.service.provider.as_str().into(),
        provider_key: key.into(),
        attempt_lines: ran.attempt_lines(),
    };
    let writing = worker.gateway.ledger.reroute(tenant, job.transaction, to);
    let written = job.call.meta.in_time(&worker.gateway, writing).await;
    matches!(written, Some(Ok(true)))
}

/// Returns the next provider that admits the call; those that do not are added to `tried`.
fn next_admitted(gateway: &Gateway, call: &Call, tried: &mut Vec<ProviderId>) -> Option<(Route, Admitted)> {
    while let Some(route) = routing::choose_after(call, tried) {
        let provider = route.service.provider;
        match admit(gateway, call, provider) {
            Ok(admission) => return Some((route, admission)),
            Err(_) => tried.push(provider),
        }
    }
    None
}

/// Returns whether another provider may serve a call that is this one's turn: the tenant wants it, the caller named nobody, and
/// what is asked for is nobody's own object.
fn may_fall_back(call: &Call, first: ProviderId) -> bool {
    call.provider.is_none()
        && call.subject.is_none()
        && is_portable(&call.operation)
        && routing::falls_back(call, first)
}

/// Returns whether an operation makes something and names nothing that only one provider has: a plan, a customer, an account.
fn is_portable(operation: &Operation) -> bool {
    let is_unknown = |customer: Option<&Customer>| customer.is_none_or(|customer| customer.id.is_none());
    match operation {
        Operation::Order(OrderOperation::Create(order)) => is_unknown(order.customer.as_ref()),
        Operation::PaymentLink(PaymentLinkOperation::Create(link)) => is_unknown(link.customer.as_ref()),
        Operation::Subscription(SubscriptionOperation::Create(subscription)) => {
            matches!(subscription.plan, SubscriptionPlan::New(_))
                && is_unknown(subscription.customer.as_ref())
        }
        // Anything else is an account at one of them.
        Operation::Payout(PayoutOperation::Create(payout)) => matches!(
            payout.destination,
            PayoutDestination::BankAccount { .. }
                | PayoutDestination::Upi { .. }
                | PayoutDestination::Email { .. }
        ),
        Operation::Sms(SmsOperation::Send(sms)) => sms.from.is_none(),
        Operation::Call(CallOperation::Place(call)) => call.from.is_none(),
        Operation::Order(_)
        | Operation::Refund(_)
        | Operation::Subscription(_)
        | Operation::PaymentLink(_)
        | Operation::Payout(_)
        | Operation::Sms(_)
        | Operation::Call(_)
        | Operation::Proxy(_) => false,
    }
}

/// Returns why a provider certainly did nothing, and would do nothing for any other request either; `None` where it may have
/// done it, and where the refusal is about this payer or this request.
fn not_executed(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::NotSent(reason @ (NotSent::Unreachable | NotSent::CircuitOpen | NotSent::Overloaded)) => {
            Some(reason.code())
        }
        Outcome::Rejected(rejection) => rejection.class.is_for_now().then_some(rejection.code),
        Outcome::NotSent(NotSent::DeadlinePassed | NotSent::NotBegun | NotSent::NeverArrived)
        | Outcome::Executed(_)
        | Outcome::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests;
