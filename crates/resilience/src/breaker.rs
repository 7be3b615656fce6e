//! A circuit breaker for one tenant, provider and feature: closed, open, half-open. Its thresholds are in `policy.rs`, its
//! counting in `tally.rs`.
//!
//! A mutex rather than atomics: a transition changes several numbers at once, the lock is held for some nanoseconds with
//! nothing called from inside, and a breaker is shared only by the calls of one tenant to one provider.

mod policy;
mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::nanos;
use tally::Tally;

pub use policy::{BreakerPolicy, BreakerPolicyError, BreakerSettings};

/// What a call showed about its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The provider works. A refusal that the caller earned is one, too.
    Success,
    /// The provider does not answer, or answers with its own fault.
    Failure,
    /// Nothing: the call never got as far, or its caller went away.
    Ignored,
}

/// The right to make one call. Give it back with [`Breaker::record`] whatever happens, on drop with [`Verdict::Ignored`]:
/// while the permit of a half-open breaker is out, nobody else gets one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not recorded keeps a half-open breaker from ever closing"]
pub struct Permit {
    epoch: u32,
    is_probe: bool,
}

/// The breaker lets nothing through for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("circuit is open for {} ms", retry_after.as_millis())]
pub struct OpenFor {
    /// How long until it is worth another try. Greater than zero.
    pub retry_after: Duration,
}

/// What a verdict changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The breaker lets nothing through for this long.
    Opened {
        /// How long.
        open_for: Duration,
    },
    /// The probe went well; everything is let through again.
    Closed,
}

/// How a breaker stands, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything is let through.
    Closed,
    /// Nothing is.
    Open {
        /// For how long.
        retry_after: Duration,
    },
    /// One call is let through, or is under way, to find out.
    HalfOpen,
}

/// The breaker itself: at most 64 bytes.
#[derive(Debug)]
pub struct Breaker {
    policy: Arc<BreakerPolicy>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts transitions, so that what a call shows counts only for the phase in which the call began.
    epoch: u32,
    /// How often in a row it opened; sets how long it stays open.
    openings: u32,
}

#[derive(Debug)]
enum Phase {
    Closed(Tally),
    Open { until_ns: u64 },
    HalfOpen,
}

impl Breaker {
    /// Returns a closed breaker.
    pub const fn new(policy: Arc<BreakerPolicy>) -> Self {
        Self {
            policy,
            state: Mutex::new(State { phase: Phase::Closed(Tally::EMPTY), epoch: 0, openings: 0 }),
        }
    }

    /// Asks to make a call.
    ///
    /// # Errors
    /// [`OpenFor`] while the breaker is open, and while another call probes.
    pub fn try_acquire(&self, now: Duration) -> Result<Permit, OpenFor> {
        let now_ns = nanos::from_duration(now);
        let mut state = self.lock();
        match state.phase {
            Phase::Closed(_) => Ok(Permit { epoch: state.epoch, is_probe: false }),
            Phase::Open { until_ns } if now_ns < until_ns => {
                Err(OpenFor { retry_after: Duration::from_nanos(until_ns - now_ns) })
            }
            Phase::Open { .. } => {
                state.enter(Phase::HalfOpen);
                Ok(Permit { epoch: state.epoch, is_probe: true })
            }
            // How long the probe takes nobody knows; the shortest open time is a fair guess.
            Phase::HalfOpen => Err(OpenFor { retry_after: self.policy.open_for(0) }),
        }
    }

    /// Takes a permit back with what its call showed; returns what that changed.
    ///
    /// A permit from before the last transition changes nothing: calls that began while the breaker was closed say nothing
    /// about a provider that is being probed.
    #[expect(clippy::needless_pass_by_value, reason = "a permit is good for one verdict")]
    pub fn record(&self, permit: Permit, verdict: Verdict, now: Duration) -> Option<Transition> {
        let now_ns = nanos::from_duration(now);
        let mut state = self.lock();
        if permit.epoch != state.epoch {
            return None;
        }
        match (&mut state.phase, verdict) {
            (Phase::Closed(tally), Verdict::Success | Verdict::Failure) => {
                tally.note(verdict == Verdict::Failure, self.policy.window_ns(), now_ns);
                let must_open = self.policy.is_tripped_by(tally);
                must_open.then(|| state.open(&self.policy, now_ns))
            }
            (Phase::HalfOpen, Verdict::Success) => {
                state.openings = 0;
                state.enter(Phase::Closed(Tally::EMPTY));
                Some(Transition::Closed)
            }
            (Phase::HalfOpen, Verdict::Failure) => Some(state.open(&self.policy, now_ns)),
            (Phase::HalfOpen, Verdict::Ignored) => {
                // The probe found out nothing: the next caller probes.
                state.enter(Phase::Open { until_ns: now_ns });
                None
            }
            // No permit is given out in the epoch of an open phase.
            (Phase::Closed(_), Verdict::Ignored) | (Phase::Open { .. }, _) => None,
        }
    }

    /// Returns how the breaker stands.
    pub fn state(&self, now: Duration) -> BreakerState {
        let now_ns = nanos::from_duration(now);
        match self.lock().phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Open { until_ns } if now_ns < until_ns => {
                BreakerState::Open { retry_after: Duration::from_nanos(until_ns - now_ns) }
            }
            Phase::Open { .. } | Phase::HalfOpen => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing inside can panic, and a state that is whole stays usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Returns whether the call is the one that finds out for all others.
    pub const fn is_probe(&self) -> bool {
        self.is_probe
    }
}

impl State {
    fn open(&mut self, policy: &BreakerPolicy, now_ns: u64) -> Transition {
        let open_for = policy.open_for(self.openings);
        self.openings = self.openings.saturating_add(1);
        self.enter(Phase::Open { until_ns: now_ns.saturating_add(nanos::from_duration(open_for)) });
        Transition::Opened { open_for }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
