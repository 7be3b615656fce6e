//! A breaker before Redis: after one failure nothing is sent for a second, then one call finds out for all. Pure.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long nothing is sent after a failure.
pub(crate) const OPEN_FOR: Duration = Duration::from_secs(1);

/// One failure opens it: a caller that waited for nothing is one too many, and without the cache nothing fails.
#[derive(Debug)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts transitions, so that a call that began before one changes nothing after it.
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: Duration },
    Probing,
}

/// The right to make one call. Dropped without a verdict it says nothing about Redis.
#[derive(Debug)]
#[must_use]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    epoch: u64,
}

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State { phase: Phase::Closed, epoch: 0 }))
    }

    /// Returns the right to make a call, or nothing while none is to be made.
    pub(crate) fn admit(&self, now: Duration) -> Option<Pass<'_>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => {}
            Phase::Open { until } if until <= now => state.enter(Phase::Probing),
            Phase::Open { .. } | Phase::Probing => return None,
        }
        Some(Pass { breaker: self, epoch: state.epoch })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Redis answered.
    pub(crate) fn succeed(self) {
        let mut state = self.breaker.lock();
        if state.epoch == self.epoch && state.phase == Phase::Probing {
            state.enter(Phase::Closed);
        }
    }

    /// Redis did not answer.
    pub(crate) fn fail(self, now: Duration) {
        let mut state = self.breaker.lock();
        if state.epoch == self.epoch {
            state.enter(Phase::Open { until: now.saturating_add(OPEN_FOR) });
        }
    }
}

impl Drop for Pass<'_> {
    /// A probe whose caller went away: the next caller probes.
    fn drop(&mut self) {
        let mut state = self.breaker.lock();
        if state.epoch == self.epoch && state.phase == Phase::Probing {
            state.enter(Phase::Open { until: Duration::ZERO });
        }
    }
}

impl State {
    const fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
