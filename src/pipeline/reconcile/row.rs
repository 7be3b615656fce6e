//! One row: its call is built again, looked up at its provider, and settled with what that tells.

use std::time::Duration;

use actors::TenantUnavailable;
use adapters::Adapter;
use domain::{EventKind, LedgerEntry, NotSent, Outcome, RequestId, Settlement, TransactionStatus, Unknown};
use resilience::Deadline;

use super::{NotRebuilt, Rebuilt, Reconciler};
use crate::auth::Principal;
use crate::pipeline::exchange::{Job, Ran};
use crate::pipeline::guard::Unsettled;
use crate::pipeline::idempotency::{Guard, fingerprint};
use crate::pipeline::look_up::{Finding, look_up, note, service, word};
use crate::pipeline::news::{Subject, event};
use crate::pipeline::routing::Service;
use crate::pipeline::settle::conclude_with;
use crate::pipeline::{Meta, Refusal};

/// Why a row is not settled now.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// Nobody could ask, which says nothing about the call and is no look-up.
    Later(Duration),
    /// A look-up in vain.
    InVain,
    /// No look-up can tell.
    Nobody,
}

/// All that a look-up needs.
struct Ready {
    rebuilt: Rebuilt,
    adapter: &'static dyn Adapter,
    service: Service,
}

impl Reconciler {
    /// Settles a row, or says when it is looked up next.
    pub(super) async fn settle(&self, row: LedgerEntry, unsettled: Unsettled) {
        // Held to the end of the look-up.
        let place = self.places.get(&*row.provider).map(|places| places.try_acquire());
        let ready = match &place {
            Some(Err(_full)) => Err(Stop::Later(self.every())),
            Some(Ok(_)) | None => self.prepare(&row).await,
        };
        match ready {
            Ok(ready) => self.look_up(&row, unsettled, &ready).await,
            Err(stop) => self.leave(&row, unsettled, stop),
        }
    }

    /// Builds a row's call again, for the tenant and the credentials that there are now.
    async fn prepare(&self, row: &LedgerEntry) -> Result<Ready, Stop> {
        let gateway = &self.worker.gateway;
        let gone = |what: &'static str| {
            tracing::warn!(transaction = %row.transaction, provider = &*row.provider, what, "an unknown outcome cannot be looked up");
            Stop::InVain
        };
        let adapter = adapters::adapter(&row.provider).ok_or_else(|| gone("there is no such provider"))?;
        let tenant = match gateway.tenants.by_id(row.tenant).await {
            Ok(Some(tenant)) => tenant,
            Ok(None) => return Err(gone("there is no such tenant")),
            // A person has to bring its master key back.
            Err(TenantUnavailable::Sealed) => return Err(gone("its tenant's data key does not open")),
            Err(TenantUnavailable::Busy | TenantUnavailable::Store | TenantUnavailable::Lost) => {
                return Err(Stop::Later(self.every()));
            }
        };
        // Whoever held the key then: money is settled for revoked and expired keys, too, and for tenants that are not served.
        let principal = Principal { tenant, key: row.key, environment: row.environment };
        let rebuilt = match self.rebuild.rebuild(&self.worker, principal, row, self.meta(row)).await {
            Ok(rebuilt) => rebuilt,
            Err(NotRebuilt::NotKept) => return Err(Stop::Nobody),
            Err(NotRebuilt::StoreAway) => return Err(Stop::Later(self.every())),
            Err(changed @ NotRebuilt::Changed(_)) => {
                tracing::error!(transaction = %row.transaction, error = &changed as &dyn std::error::Error, "a call cannot be built again");
                return Err(Stop::InVain);
            }
        };
        if fingerprint(&rebuilt.call) != row.fingerprint {
            tracing::error!(transaction = %row.transaction, "a call that was built again is another than it was");
            return Err(Stop::InVain);
        }
        let service = service(&rebuilt.call, adapter.descriptor().id)
            .map_err(|_refused| gone("it is not configured any more"))?;
        Ok(Ready { rebuilt, adapter, service })
    }

    async fn look_up(&self, row: &LedgerEntry, unsettled: Unsettled, ready: &Ready) {
        let job = Job {
            call: &ready.rebuilt.call,
            adapter: ready.adapter,
            service: &ready.service,
            transaction: row.transaction,
            provider_key: &row.provider_key,
            started_at: row.started_at,
        };
        let (ran, outcome) = match look_up(&self.worker, &job).await {
            Ok(Finding::Known(ran)) => (ran, None),
            Ok(Finding::NeverArrived(ran)) => (ran, Some(Outcome::NotSent(NotSent::NeverArrived))),
            Ok(Finding::Nothing(ran)) if self.may_be_put_off(row, &ran.outcome) => {
                let soon = self.worker.gateway.schedule.wait(0).unwrap_or_default();
                return self.leave(row, unsettled, Stop::Later(soon));
            }
            Ok(Finding::Nothing(ran)) => (ran, Some(Outcome::Unknown(Unknown::TimedOut))),
            Ok(Finding::Nobody) => return self.leave(row, unsettled, Stop::Nobody),
            Err(refusal) => return self.leave(row, unsettled, self.refused(&refusal)),
        };
        let outcome = outcome.unwrap_or(ran.outcome);
        let earlier = row.look_ups.attempt_lines.clone();
        let ran = Ran { outcome, earlier, ..ran };
        let now = self.worker.gateway.clock.now();
        let replay = row.replay_until.since(now);
        let guard = row.idempotency_key.clone().map(|key| Guard { key, replay });
        let promise = guard.as_ref().map(|guard| (guard, row.fingerprint));
        let next = unsettled.next();
        note(&self.worker.gateway, row, word(&ran.outcome, next.next.is_none()));
        conclude_with(&self.worker, &job, ran, (unsettled, next, promise), &*ready.rebuilt.present);
    }

    /// Returns whether a look-up that found nothing was none: nobody was asked. Beyond the schedule's end it counts all the same,
    /// so that a person is asked at last.
    fn may_be_put_off(&self, row: &LedgerEntry, outcome: &Outcome) -> bool {
        let gateway = &self.worker.gateway;
        let was_not_sent = match outcome {
            Outcome::NotSent(reason) => *reason != NotSent::NeverArrived,
            Outcome::Executed(_) | Outcome::Rejected(_) | Outcome::Unknown(_) => false,
        };
        was_not_sent && gateway.clock.now().since(row.started_at) < gateway.schedule.last()
    }

    /// Returns what a refusal means. What protects a provider or this node puts a look-up off, and says nothing about the call.
    fn refused(&self, refusal: &Refusal) -> Stop {
        match refusal {
            Refusal::CircuitOpen { retry_after, .. } => Stop::Later((*retry_after).max(self.every())),
            Refusal::Overloaded => Stop::Later(self.every()),
            _ => Stop::InVain,
        }
    }

    /// Leaves a row unknown.
    fn leave(&self, row: &LedgerEntry, unsettled: Unsettled, stop: Stop) {
        let next = match stop {
            Stop::Later(wait) => {
                note(&self.worker.gateway, row, "postponed");
                return unsettled.postpone(wait);
            }
            Stop::InVain => unsettled.next(),
            Stop::Nobody => unsettled.nobody(),
        };
        note(&self.worker.gateway, row, word(&Outcome::Unknown(Unknown::TimedOut), next.next.is_none()));
        let settlement = Settlement::Unknown(next);
        let now = (TransactionStatus::Unknown, None);
        let event = unsettled.news(&settlement).map(|kind: EventKind| {
            event(&self.worker.gateway, kind, Subject::of_row(row), now, |news| self.rebuild.tell(news))
        });
        unsettled.record(None, settlement, event);
    }

    /// Returns what is told of a look-up in place of a request. Its moment is that of the first call: what was in the future
    /// then is read as it was.
    pub(super) fn meta(&self, row: &LedgerEntry) -> Meta {
        let gateway = &self.worker.gateway;
        let arrived = gateway.clock.monotonic();
        Meta {
            request_id: RequestId::generate(gateway.clock.now(), &*gateway.entropy).to_string().into(),
            ip: None,
            user_agent: None,
            at: row.started_at,
            arrived,
            deadline: Deadline::after(arrived, gateway.config.calls.deadline()),
        }
    }

    fn every(&self) -> Duration {
        self.worker.gateway.config.reconcile.every()
    }
}
