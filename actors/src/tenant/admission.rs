//! The gate of a service, and the admission through it: a guard, so that neither a place nor a probe is ever lost.
//!
//! A gate knows what is the tenant's own affair: how many calls it has under way, and whether its credentials are taken. Whether
//! the provider works is for all tenants to find out together: `provider/circuits.rs`.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Environment, ProviderId, TenantId};
use resilience::{Breaker, BreakerObservation, Fault, Permit, Transition, Verdict, Witness};

use super::places::Places;
use crate::placement::World;
use crate::{Barrier, NotAdmitted};

/// What guards one service of one tenant. Outlives the snapshot.
#[derive(Debug)]
pub(super) struct Gate {
    /// The tenant's at this provider, test and live together: the provider's own places are shared by both.
    service: Arc<Places>,
    /// The tenant's at all providers.
    tenant: Arc<Places>,
    credentials: Breaker,
    whose: Whose,
    /// For admissions that are dropped, which nobody tells the time.
    clock: Arc<dyn Clock>,
    catalog: Arc<telemetry::Catalog>,
}

/// Whose gate it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub(super) tenant: TenantId,
    pub(super) provider: ProviderId,
    pub(super) environment: Environment,
}

/// How a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceObservation {
    /// The tenant's calls to the provider that are under way, test and live together.
    pub under_way: u32,
    /// The tenant's calls to all providers.
    pub under_way_in_all: u32,
    /// Whether the provider takes the credentials.
    pub credentials: BreakerObservation,
}

/// The right to make one call, as far as the tenant is concerned. Dropped without [`Admission::settle`] (client gone, panic,
/// timeout) it is abandoned: its places are free again, and the next caller probes in its stead.
#[derive(Debug)]
#[must_use = "an admission that is dropped says nothing about the credentials"]
pub struct Admission {
    gate: Arc<Gate>,
    permit: Option<Permit>,
}

impl Gate {
    /// Returns an open gate. The places may be those of an earlier gate, whose calls are still under way.
    pub(super) fn new(world: &World, whose: Whose, (service, tenant): (Arc<Places>, Arc<Places>)) -> Self {
        Self {
            service,
            tenant,
            credentials: Breaker::new(Arc::clone(&world.breaker)),
            whose,
            clock: Arc::clone(&world.clock),
            catalog: Arc::clone(&world.catalog),
        }
    }

    /// Returns the tenant's places at the provider.
    pub(super) const fn service_places(&self) -> &Arc<Places> {
        &self.service
    }

    /// Lets a call through, or says why not.
    pub(super) fn admit(gate: &Arc<Self>, now: Duration) -> Result<Admission, NotAdmitted> {
        if !gate.tenant.enter() {
            return Err(NotAdmitted::full(Barrier::TenantFull));
        }
        if !gate.service.enter() {
            gate.tenant.leave();
            return Err(NotAdmitted::full(Barrier::ServiceFull));
        }
        // From here on, the guard gives the places back.
        let mut admission = Admission { gate: Arc::clone(gate), permit: None };
        let permit = gate.credentials.try_acquire(gate.witness(), now).map_err(|open| NotAdmitted {
            barrier: Barrier::CredentialsCircuit,
            retry_after: open.retry_after,
        })?;
        admission.permit = Some(permit);
        Ok(admission)
    }

    /// Returns how it stands.
    pub(super) fn observe(&self, now: Duration) -> ServiceObservation {
        ServiceObservation {
            under_way: self.service.taken(),
            under_way_in_all: self.tenant.taken(),
            credentials: self.credentials.observe(now),
        }
    }

    const fn witness(&self) -> Witness {
        Witness::new(self.whose.tenant)
    }

    fn tell(&self, transition: Transition) {
        let Whose { tenant, provider, environment } = self.whose;
        match transition {
            Transition::Opened { open_for } => {
                self.catalog.credentials_circuit_opened(provider.as_str());
                let open_ms = u64::try_from(open_for.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(
                    tenant.id = %tenant,
                    provider = provider.as_str(),
                    %environment,
                    open_ms,
                    "the provider refuses a tenant's credentials: its calls are not made for a while"
                );
            }
            Transition::Closed => tracing::info!(
                tenant.id = %tenant,
                provider = provider.as_str(),
                %environment,
                "the provider takes a tenant's credentials again"
            ),
            Transition::GivenBack => {}
        }
    }
}

impl Admission {
    /// Reports what the call showed. Only what is said of the credentials counts here.
    pub fn settle(mut self, verdict: Verdict, now: Duration) {
        self.report(verdict, now);
    }

    fn report(&mut self, verdict: Verdict, now: Duration) {
        let verdict = match verdict {
            Verdict::Success | Verdict::Failure(Fault::CredentialsRefused) => verdict,
            Verdict::Failure(_) | Verdict::Ignored => Verdict::Ignored,
        };
        let gate = &self.gate;
        if let Some(permit) = self.permit.take()
            && let Some(transition) = gate.credentials.record(permit, verdict, now)
        {
            gate.tell(transition);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let now = self.gate.clock.monotonic();
            self.report(Verdict::Ignored, now);
        }
        self.gate.service.leave();
        self.gate.tenant.leave();
    }
}

#[cfg(test)]
mod tests;
