//! A circuit breaker: closed, open, half-open. Its thresholds are in `policy.rs`, its counting in `tally.rs`, what it is told
//! in `verdict.rs`.
//!
//! Calls of many tenants may share one, and none of them can close the way for the others. It opens only when the failures
//! speak for all (`Tally::speaks_for_all`); and where one tenant alone says that the provider is out of order, by the failures
//! that opened the breaker or by the last probe, a call of anybody else may find out at once, and waits neither for the time to
//! be over nor for that tenant's own probe.
//!
//! A mutex rather than atomics: a transition changes several numbers at once, and the lock is held for some nanoseconds with
//! nothing called from inside.

mod policy;
mod tally;
mod verdict;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::nanos;
use tally::Tally;
use verdict::Who;

pub use policy::{BreakerPolicy, BreakerPolicyError, BreakerSettings};
pub use verdict::{Fault, Verdict, Witness};

/// The right to make one call. Give it back with [`Breaker::record`] whatever happens, on drop with [`Verdict::Ignored`]:
/// while the permit of a half-open breaker is out, others wait for what it finds out.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit that is not recorded keeps a half-open breaker from ever closing"]
pub struct Permit {
    epoch: u32,
    is_probe: bool,
    witness: Witness,
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
    /// The probe found out nothing: it is another call's turn.
    GivenBack,
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

/// Everything that can be told of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerObservation {
    /// How it stands.
    pub state: BreakerState,
    /// Since when, by the monotonic clock; zero for one that never opened.
    pub since: Duration,
    /// Calls of the window; while it is not closed, of the window that ended when it opened.
    pub samples: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// How the last one failed that did, however long ago.
    pub last_fault: Option<Fault>,
    /// How often it has opened.
    pub openings: u64,
}

/// The breaker itself: at most 224 bytes.
#[derive(Debug)]
pub struct Breaker {
    policy: Arc<BreakerPolicy>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    tally: Tally,
    since_ns: u64,
    openings: u64,
    /// Counts transitions, so that what a call shows counts only for the phase in which the call began.
    epoch: u32,
    /// How often in a row it opened; sets how long it stays open.
    openings_in_a_row: u32,
    last_fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    /// Open by what `told_by` had.
    Open {
        until_ns: u64,
        told_by: Who,
    },
    /// As before, and somebody's call finds out.
    HalfOpen {
        prober: Witness,
        until_ns: u64,
        told_by: Who,
    },
}

impl Breaker {
    /// Returns a closed breaker.
    pub const fn new(policy: Arc<BreakerPolicy>) -> Self {
        let state = State {
            phase: Phase::Closed,
            tally: Tally::EMPTY,
            since_ns: 0,
            openings: 0,
            epoch: 0,
            openings_in_a_row: 0,
            last_fault: None,
        };
        Self { policy, state: Mutex::new(state) }
    }

    /// Asks to make a tenant's call.
    ///
    /// # Errors
    /// [`OpenFor`] while the breaker is open, and while another call probes.
    pub fn try_acquire(&self, witness: Witness, now: Duration) -> Result<Permit, OpenFor> {
        let now_ns = nanos::from_duration(now);
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => Ok(Permit { epoch: state.epoch, is_probe: false, witness }),
            Phase::Open { until_ns, told_by } => {
                if now_ns < until_ns && !told_by.is_only_another_than(witness) {
                    return Err(OpenFor { retry_after: Duration::from_nanos(until_ns - now_ns) });
                }
                Ok(state.probe(Phase::HalfOpen { prober: witness, until_ns, told_by }, witness, now_ns))
            }
            Phase::HalfOpen { prober, until_ns, told_by } => {
                if told_by != Who::One(prober) || prober == witness {
                    // How long the probe takes nobody knows; the shortest open time is a fair guess.
                    return Err(OpenFor { retry_after: self.policy.open_for(0) });
                }
                Ok(state.probe(Phase::HalfOpen { prober: witness, until_ns, told_by }, witness, now_ns))
            }
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
        if let Verdict::Failure(fault) = verdict {
            state.last_fault = Some(fault);
        }
        let times = (self.policy.window_ns(), now_ns);
        match (state.phase, verdict) {
            (Phase::Closed, Verdict::Success | Verdict::Failure(_)) => {
                state.tally.note(permit.witness, verdict != Verdict::Success, times);
                let told_by = state.tally.failed();
                let must_open = self.policy.is_tripped_by(&state.tally);
                must_open.then(|| state.open(&self.policy, told_by, now_ns))
            }
            (Phase::HalfOpen { .. }, Verdict::Success) => {
                state.openings_in_a_row = 0;
                state.tally = Tally::EMPTY;
                state.tally.note(permit.witness, false, times);
                state.enter(Phase::Closed, now_ns);
                Some(Transition::Closed)
            }
            (Phase::HalfOpen { told_by, .. }, Verdict::Failure(_)) => {
                let told_by = match told_by {
                    Who::One(_) => told_by.with(permit.witness),
                    // What several had was then. That it goes on, one says.
                    Who::Nobody | Who::Several => Who::One(permit.witness),
                };
                Some(state.open(&self.policy, told_by, now_ns))
            }
            (Phase::HalfOpen { until_ns, told_by, .. }, Verdict::Ignored) => {
                state.enter(Phase::Open { until_ns, told_by }, now_ns);
                Some(Transition::GivenBack)
            }
            // No permit is given out in the epoch of an open phase.
            (Phase::Closed, Verdict::Ignored) | (Phase::Open { .. }, _) => None,
        }
    }

    /// Returns how the breaker stands.
    pub fn state(&self, now: Duration) -> BreakerState {
        self.lock().state(nanos::from_duration(now))
    }

    /// Returns everything that can be told of the breaker.
    pub fn observe(&self, now: Duration) -> BreakerObservation {
        let now_ns = nanos::from_duration(now);
        let state = self.lock();
        let mut tally = state.tally;
        if matches!(state.phase, Phase::Closed) {
            tally.forget_the_past(self.policy.window_ns(), now_ns);
        }
        BreakerObservation {
            state: state.state(now_ns),
            since: Duration::from_nanos(state.since_ns),
            samples: tally.samples(),
            failures: tally.failures(),
            last_fault: state.last_fault,
            openings: state.openings,
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
    const fn state(&self, now_ns: u64) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until_ns, .. } if now_ns < until_ns => {
                BreakerState::Open { retry_after: Duration::from_nanos(until_ns - now_ns) }
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn open(&mut self, policy: &BreakerPolicy, told_by: Who, now_ns: u64) -> Transition {
        let open_for = policy.open_for(self.openings_in_a_row);
        self.openings_in_a_row = self.openings_in_a_row.saturating_add(1);
        self.openings = self.openings.saturating_add(1);
        let until_ns = now_ns.saturating_add(nanos::from_duration(open_for));
        self.enter(Phase::Open { until_ns, told_by }, now_ns);
        Transition::Opened { open_for }
    }

    fn probe(&mut self, phase: Phase, witness: Witness, now_ns: u64) -> Permit {
        self.enter(phase, now_ns);
        Permit { epoch: self.epoch, is_probe: true, witness }
    }

    const fn enter(&mut self, phase: Phase, now_ns: u64) {
        self.phase = phase;
        self.since_ns = now_ns;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
