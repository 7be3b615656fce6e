//! Circuits as they are shown with a service.

use std::time::Duration;

use actors::CircuitObservation;
use resilience::{BreakerObservation, BreakerState, Fault};
use serde::Serialize;
use utoipa::ToSchema;

use crate::control::CircuitsView;

/// One of the provider's circuits, which all who use the provider share.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CircuitBody {
    /// Which of the provider's calls: an operation's, or `look_up`, those that find out what became of others.
    #[schema(example = "orders.create")]
    operation: &'static str,
    #[serde(flatten)]
    standing: StandingBody,
}

/// How a circuit stands on this node.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandingBody {
    /// `closed`: calls are made. `open`: none is. `half_open`: one is, to see whether it works.
    #[schema(example = "closed")]
    state: &'static str,
    /// How the last call failed that did: `unreachable`, `timed_out`, `disconnected`, `provider_error`, `unreadable`,
    /// `credentials_refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Calls that failed, of `samples`.
    failures: u64,
    /// Calls of the last half a minute, for credentials of the last minute; where it is not closed, of those before it opened.
    samples: u64,
    /// How long it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// Returns the provider's circuits as they are shown.
pub(super) fn operations(view: &CircuitsView) -> Vec<CircuitBody> {
    let body = |seen: &CircuitObservation| CircuitBody {
        operation: seen.circuit.calls.as_str(),
        standing: standing(&seen.breaker),
    };
    view.operations.iter().map(body).collect()
}

/// Returns the circuit of the tenant's credentials as it is shown.
pub(super) fn credentials(view: &CircuitsView) -> StandingBody {
    let untouched = BreakerObservation {
        state: BreakerState::Closed,
        since: Duration::ZERO,
        samples: 0,
        failures: 0,
        last_fault: None,
        openings: 0,
    };
    standing(&view.credentials.unwrap_or(untouched))
}

fn standing(seen: &BreakerObservation) -> StandingBody {
    let (state, retry_after) = match seen.state {
        BreakerState::Closed => ("closed", None),
        BreakerState::Open { retry_after } => ("open", Some(retry_after)),
        BreakerState::HalfOpen => ("half_open", None),
    };
    let is_told = seen.failures > 0 || seen.state != BreakerState::Closed;
    StandingBody {
        state,
        reason: seen.last_fault.filter(|_| is_told).map(Fault::as_str),
        failures: seen.failures,
        samples: seen.samples,
        retry_after_ms: retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
    }
}
