//! What is told of circuits, and of requests that are let in or refused because of all the others.

use metrics::{Counter, Gauge};

use super::family::{Family, Labels};
use super::series::{OTHER, Registrar, word};
use super::{Catalog, from_count, table};

/// Which of a provider's circuits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CircuitLabels {
    /// The provider.
    pub provider: &'static str,
    /// The operation: noun and verb.
    pub operation: &'static str,
    /// Test or live.
    pub environment: &'static str,
}

impl Labels for CircuitLabels {
    const OTHER: Self = Self { provider: OTHER, operation: OTHER, environment: OTHER };
}

/// The labels of calls that were not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct BarrierKey {
    provider: &'static str,
    barrier: &'static str,
}

impl Labels for BarrierKey {
    const OTHER: Self = Self { provider: OTHER, barrier: OTHER };
}

/// The labels of a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FailoverKey {
    from: &'static str,
    to: &'static str,
    reason: &'static str,
}

impl Labels for FailoverKey {
    const OTHER: Self = Self { from: OTHER, to: OTHER, reason: OTHER };
}

/// How a circuit stands, as the gauge shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CircuitLevel {
    /// Everything is let through: 0.
    Closed,
    /// One call finds out: 1.
    HalfOpen,
    /// Nothing is let through: 2.
    Open,
}

impl CircuitLevel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }

    const fn value(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::HalfOpen => 1.0,
            Self::Open => 2.0,
        }
    }
}

/// What is written of a circuit.
#[derive(Clone)]
struct CircuitSeries {
    state: Gauge,
    /// To closed, half-open and open.
    transitions: [Counter; 3],
}

/// Handles of these metrics.
pub(super) struct AdmissionSeries {
    circuits: Family<CircuitLabels, CircuitSeries>,
    credentials: Family<&'static str, Counter>,
    barred: Family<BarrierKey, Counter>,
    failovers: Family<FailoverKey, Counter>,
    in_flight: Family<&'static str, Gauge>,
    shed: Family<&'static str, Counter>,
    limit: Gauge,
}

impl AdmissionSeries {
    pub(super) fn new(registrar: &Registrar) -> Self {
        Self {
            circuits: Family::new(),
            credentials: Family::new(),
            barred: Family::new(),
            failovers: Family::new(),
            in_flight: Family::new(),
            shed: Family::new(),
            limit: registrar.gauge(&table::IN_FLIGHT_LIMIT, Vec::new()),
        }
    }
}

impl Catalog {
    /// Notes that there is a circuit, and that it is closed.
    pub fn circuit_made(&self, circuit: CircuitLabels) {
        self.circuit_stands(circuit, CircuitLevel::Closed);
    }

    /// Notes how a circuit stands: that its time is over shows without a call, too.
    pub fn circuit_stands(&self, circuit: CircuitLabels, level: CircuitLevel) {
        let make = |circuit| self.circuit(circuit);
        self.admission.circuits.with(circuit, make, |series| series.state.set(level.value()));
    }

    /// Notes that a circuit has come to stand otherwise.
    pub fn circuit_moved(&self, circuit: CircuitLabels, to: CircuitLevel) {
        let make = |circuit| self.circuit(circuit);
        self.admission.circuits.with(circuit, make, |series| {
            series.state.set(to.value());
            let [closed, half_open, open] = &series.transitions;
            let count = match to {
                CircuitLevel::Closed => closed,
                CircuitLevel::HalfOpen => half_open,
                CircuitLevel::Open => open,
            };
            count.increment(1);
        });
    }

    /// Notes that a provider has refused a tenant's credentials so often that its calls are not made for a while.
    pub fn credentials_circuit_opened(&self, provider: &'static str) {
        let make = |provider| {
            self.registrar.counter(&table::CREDENTIALS_CIRCUITS, vec![("provider", word(provider))])
        };
        self.admission.credentials.with(provider, make, |count| count.increment(1));
    }

    /// Notes a call that was not made, and what stood in its way.
    pub fn not_admitted(&self, provider: &'static str, barrier: &'static str) {
        let make = |BarrierKey { provider, barrier }| {
            let labels = vec![("provider", word(provider)), ("barrier", word(barrier))];
            self.registrar.counter(&table::NOT_ADMITTED, labels)
        };
        self.admission.barred.with(BarrierKey { provider, barrier }, make, |count| count.increment(1));
    }

    /// Notes a call that another provider is given than the one whose turn it was, and why.
    pub fn failed_over(&self, from: &'static str, to: &'static str, reason: &'static str) {
        let make = |FailoverKey { from, to, reason }| {
            let labels = vec![("from", word(from)), ("to", word(to)), ("reason", word(reason))];
            self.registrar.counter(&table::FAILOVERS, labels)
        };
        self.admission.failovers.with(FailoverKey { from, to, reason }, make, |count| count.increment(1));
    }

    /// Notes how many requests of a class are under way.
    pub fn requests_in_flight(&self, class: &'static str, n: usize) {
        let make = |class| self.registrar.gauge(&table::IN_FLIGHT, vec![("class", word(class))]);
        self.admission.in_flight.with(class, make, |gauge| gauge.set(from_count(n)));
    }

    /// Notes how many requests may be under way now.
    pub fn in_flight_limit(&self, n: usize) {
        self.admission.limit.set(from_count(n));
    }

    /// Notes a request that was refused because the gateway has too much to do.
    pub fn request_shed(&self, class: &'static str) {
        let make = |class| self.registrar.counter(&table::SHED, vec![("class", word(class))]);
        self.admission.shed.with(class, make, |count| count.increment(1));
    }

    fn circuit(&self, circuit: CircuitLabels) -> CircuitSeries {
        let place = vec![
            ("provider", word(circuit.provider)),
            ("operation", word(circuit.operation)),
            ("environment", word(circuit.environment)),
        ];
        let transitions = [CircuitLevel::Closed, CircuitLevel::HalfOpen, CircuitLevel::Open].map(|to| {
            let mut whole = place.clone();
            whole.push(("to", to.as_str().into()));
            self.registrar.counter(&table::CIRCUIT_TRANSITIONS, whole)
        });
        CircuitSeries { state: self.registrar.gauge(&table::CIRCUIT_STATE, place), transitions }
    }
}
