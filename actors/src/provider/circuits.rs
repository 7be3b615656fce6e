//! A provider's circuits: one for each environment and operation, and one for look-ups, shared by all tenants, and the admission
//! through one of them.

use std::sync::Arc;
use std::time::Duration;

use domain::{Descriptor, Environment, OperationKind, TenantId};
use resilience::{
    Breaker, BreakerObservation, BreakerPolicy, BreakerState, Fault, Permit, Transition, Verdict, Witness,
};
use telemetry::{CircuitLabels, CircuitLevel};

use super::ProviderHandle;
use super::handle::Shared;
use crate::{Barrier, NotAdmitted};

/// How many circuits an environment has.
const CALLS: usize = OperationKind::ALL.len() + 1;

/// Which of a provider's circuits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitOf {
    /// Test or live.
    pub environment: Environment,
    /// Which calls.
    pub calls: Calls,
}

/// Calls of a provider that fail together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Those that do an operation.
    Of(OperationKind),
    /// Those that look up what became of others. How they end says nothing about any operation.
    LookUps,
}

impl Calls {
    /// Returns the closed set's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Of(operation) => operation.as_str(),
            Self::LookUps => "look_up",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Of(operation) => operation.index(),
            Self::LookUps => OperationKind::ALL.len(),
        }
    }
}

/// How one of a provider's circuits stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitObservation {
    /// Which one.
    pub circuit: CircuitOf,
    /// How it stands.
    pub breaker: BreakerObservation,
}

/// A provider's circuits, found by index.
#[derive(Debug)]
pub(super) struct Circuits {
    breakers: Box<[Breaker]>,
    /// What the provider can do: the others are never asked for.
    operations: Box<[OperationKind]>,
}

/// The right to make one call, as far as the provider is concerned. Dropped without [`ProviderAdmission::settle`] it is
/// abandoned: the next caller probes in its stead.
#[must_use = "an admission that is dropped says nothing about the provider"]
pub struct ProviderAdmission {
    provider: Arc<Shared>,
    circuit: CircuitOf,
    permit: Option<Permit>,
}

impl std::fmt::Debug for ProviderAdmission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderAdmission").field("circuit", &self.circuit).finish_non_exhaustive()
    }
}

impl CircuitOf {
    const fn index(self) -> usize {
        match self.environment {
            Environment::Test => self.calls.index(),
            Environment::Live => CALLS.saturating_add(self.calls.index()),
        }
    }
}

impl Circuits {
    /// Returns closed circuits.
    pub(super) fn new(descriptor: &Descriptor, policy: &Arc<BreakerPolicy>) -> Self {
        let number = CALLS.saturating_mul(Environment::ALL.len());
        let can = |kind: &OperationKind| descriptor.operation(*kind).is_some();
        Self {
            breakers: (0..number).map(|_| Breaker::new(Arc::clone(policy))).collect(),
            operations: OperationKind::ALL.into_iter().filter(can).collect(),
        }
    }

    /// Returns every circuit that may be asked for.
    pub(super) fn all(&self) -> impl Iterator<Item = CircuitOf> {
        Environment::ALL.into_iter().flat_map(|environment| {
            let operations = self.operations.iter().map(|&operation| Calls::Of(operation));
            operations.chain([Calls::LookUps]).map(move |calls| CircuitOf { environment, calls })
        })
    }

    fn breaker(&self, circuit: CircuitOf) -> Option<&Breaker> {
        self.breakers.get(circuit.index())
    }
}

impl ProviderHandle {
    /// Asks to make one of a tenant's calls: a look at memory, no message.
    ///
    /// # Errors
    /// [`NotAdmitted`] while the provider fails at this operation, or all of its seats are taken. A seat may be taken by others
    /// before the call is made, which is then told as not sent: this is so that a full provider costs no ledger row.
    pub fn admit(
        &self,
        circuit: CircuitOf,
        tenant: TenantId,
        now: Duration,
    ) -> Result<ProviderAdmission, NotAdmitted> {
        if self.shared.seats.available_permits() == 0 {
            self.shared.catalog.actor_busy(super::handle::ACTOR);
            return Err(NotAdmitted::full(Barrier::ProviderFull));
        }
        let permit = self.shared.circuits.breaker(circuit).map(|breaker| {
            breaker.try_acquire(Witness::new(tenant), now).map_err(|open| NotAdmitted {
                barrier: Barrier::ProviderCircuit,
                retry_after: open.retry_after,
            })
        });
        let permit = permit.transpose()?;
        if permit.as_ref().is_some_and(Permit::is_probe) {
            self.shared.tell(circuit, CircuitLevel::HalfOpen);
        }
        Ok(ProviderAdmission { provider: Arc::clone(&self.shared), circuit, permit })
    }

    /// Returns how the circuits of an environment stand that are not as they were made: not closed, or with failures.
    pub fn troubled_circuits(&self, environment: Environment) -> Vec<CircuitObservation> {
        let is_troubled = |seen: &CircuitObservation| {
            seen.circuit.environment == environment
                && (seen.breaker.failures > 0 || seen.breaker.state != BreakerState::Closed)
        };
        self.circuits().filter(is_troubled).collect()
    }

    /// Tells the metrics how every circuit stands.
    pub(super) fn show_circuits(&self) {
        for seen in self.circuits() {
            let level = match seen.breaker.state {
                BreakerState::Closed => CircuitLevel::Closed,
                BreakerState::Open { .. } => CircuitLevel::Open,
                BreakerState::HalfOpen => CircuitLevel::HalfOpen,
            };
            self.shared.show(seen.circuit, level);
        }
    }

    /// Returns how every circuit stands.
    pub(super) fn circuits(&self) -> impl Iterator<Item = CircuitObservation> {
        let (circuits, now) = (&self.shared.circuits, self.now());
        circuits.all().filter_map(move |circuit| {
            let breaker = circuits.breaker(circuit)?.observe(now);
            Some(CircuitObservation { circuit, breaker })
        })
    }
}

impl ProviderAdmission {
    /// Reports what the call showed. What is said of the tenant's credentials does not count here.
    pub fn settle(mut self, verdict: Verdict, now: Duration) {
        self.report(verdict, now);
    }

    fn report(&mut self, verdict: Verdict, now: Duration) {
        let verdict = match verdict {
            Verdict::Failure(Fault::CredentialsRefused) => Verdict::Ignored,
            Verdict::Success | Verdict::Failure(_) | Verdict::Ignored => verdict,
        };
        if let (Some(permit), Some(breaker)) =
            (self.permit.take(), self.provider.circuits.breaker(self.circuit))
            && let Some(transition) = breaker.record(permit, verdict, now)
        {
            match transition {
                Transition::Opened { .. } => self.provider.tell(self.circuit, CircuitLevel::Open),
                Transition::Closed => self.provider.tell(self.circuit, CircuitLevel::Closed),
                // It was open before, and whoever comes next probes.
                Transition::GivenBack => self.provider.show(self.circuit, CircuitLevel::HalfOpen),
            }
            tracing::warn!(
                provider = self.provider.provider.as_str(),
                environment = %self.circuit.environment,
                operation = self.circuit.calls.as_str(),
                ?transition,
                ?verdict,
                "circuit changed"
            );
        }
    }
}

impl Drop for ProviderAdmission {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let now = self.provider.clock.monotonic();
            self.report(Verdict::Ignored, now);
        }
    }
}

impl Shared {
    fn show(&self, circuit: CircuitOf, level: CircuitLevel) {
        self.catalog.circuit_stands(self.labels(circuit), level);
    }

    fn tell(&self, circuit: CircuitOf, to: CircuitLevel) {
        self.catalog.circuit_moved(self.labels(circuit), to);
    }

    /// Returns what a circuit is called in metrics.
    pub(super) const fn labels(&self, circuit: CircuitOf) -> CircuitLabels {
        CircuitLabels {
            provider: self.provider.as_str(),
            operation: circuit.calls.as_str(),
            environment: circuit.environment.as_str(),
        }
    }
}
