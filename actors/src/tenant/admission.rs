//! The gate of a service, and the admission through it: a guard, so that neither a place nor a probe is ever lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::{Clock, Descriptor, Feature, NotSent};
use resilience::{Breaker, Permit, Verdict};

use crate::placement::World;

/// How long to wait when all of a service's places are taken. A guess: nobody knows when the next call ends.
const RETRY_WHEN_FULL: Duration = Duration::from_secs(1);

/// What guards one service of one tenant. Outlives the snapshot.
#[derive(Debug)]
pub(super) struct Gate {
    under_way: AtomicU32,
    most: u32,
    /// For admissions that are dropped, which nobody tells the time.
    clock: Arc<dyn Clock>,
    breakers: Box<[(Feature, Breaker)]>,
}

/// The call must not be made. (The name is of the usual reason; `not_sent` tells which one it is.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("call is not admitted for {} ms", retry_after.as_millis())]
pub struct CircuitOpen {
    /// When to try again.
    pub retry_after: Duration,
    /// [`NotSent::CircuitOpen`], or [`NotSent::Overloaded`] when the tenant has as many calls under way as one may have.
    pub not_sent: NotSent,
}

/// The right to make one call. Dropped without [`Admission::settle`] (client gone, panic, timeout) it is abandoned: its
/// place is free again, and the next caller probes in its stead.
#[derive(Debug)]
#[must_use = "an admission that is dropped says nothing about the provider"]
pub struct Admission {
    gate: Arc<Gate>,
    feature: Feature,
    permit: Option<Permit>,
}

impl Gate {
    /// Returns an open gate with a breaker for each feature that the provider can do.
    pub(super) fn new(world: &World, descriptor: &Descriptor) -> Self {
        let breakers =
            descriptor.features().map(|feature| (feature, Breaker::new(Arc::clone(&world.breaker))));
        Self {
            under_way: AtomicU32::new(0),
            most: world.settings.calls_per_service,
            clock: Arc::clone(&world.clock),
            breakers: breakers.collect(),
        }
    }

    /// Lets a call through, or says why not.
    pub(super) fn admit(gate: &Arc<Self>, feature: Feature, now: Duration) -> Result<Admission, CircuitOpen> {
        if gate.under_way.fetch_add(1, Ordering::Relaxed) >= gate.most {
            gate.leave();
            return Err(CircuitOpen { retry_after: RETRY_WHEN_FULL, not_sent: NotSent::Overloaded });
        }
        // From here on, the guard gives the place back.
        let mut admission = Admission { gate: Arc::clone(gate), feature, permit: None };
        if let Some(breaker) = gate.breaker(feature) {
            let permit = breaker.try_acquire(now).map_err(|open| CircuitOpen {
                retry_after: open.retry_after,
                not_sent: NotSent::CircuitOpen,
            })?;
            admission.permit = Some(permit);
        }
        Ok(admission)
    }

    fn breaker(&self, feature: Feature) -> Option<&Breaker> {
        self.breakers.iter().find(|(of, _)| *of == feature).map(|(_, breaker)| breaker)
    }

    fn leave(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// Reports what the call showed about its provider.
    pub fn settle(mut self, verdict: Verdict, now: Duration) {
        self.report(verdict, now);
    }

    fn report(&mut self, verdict: Verdict, now: Duration) {
        if let (Some(permit), Some(breaker)) = (self.permit.take(), self.gate.breaker(self.feature))
            && let Some(transition) = breaker.record(permit, verdict, now)
        {
            tracing::warn!(feature = %self.feature, ?transition, "circuit changed");
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let now = self.gate.clock.monotonic();
            self.report(Verdict::Ignored, now);
        }
        self.gate.leave();
    }
}
