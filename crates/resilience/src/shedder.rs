//! Admission of requests to the whole gateway: by how many are under way, the least important refused first. How many may be is
//! in `limit.rs`.
//!
//! Atomics and no lock: every request passes here before anything else is known of it, and one that is refused must cost next
//! to nothing, however many come.

mod limit;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use limit::Limit;

pub use limit::{ShedderSettings, ShedderSettingsError};

/// How long a request that was refused should stay away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What kind of request it is, by how much it would be missed. Those in front are refused first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestClass {
    /// Somebody looks at a dashboard or a list.
    Analytics,
    /// A provider's own API.
    Passthrough,
    /// A read of one object.
    Read,
    /// Something that changes something.
    Write,
}

impl RequestClass {
    /// Every class, the one that is refused first before the others.
    pub const ALL: [Self; 4] = [Self::Analytics, Self::Passthrough, Self::Read, Self::Write];

    /// Returns the word for it, in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Passthrough => "passthrough",
            Self::Read => "reads",
            Self::Write => "writes",
        }
    }

    /// Returns the share of the limit up to which it is let in, in percent.
    pub const fn share_percent(self) -> u32 {
        match self {
            Self::Analytics => 50,
            Self::Passthrough => 70,
            Self::Read => 85,
            Self::Write => 100,
        }
    }

    /// Returns how many requests may be under way for one of this class to be let in.
    fn bound(self, limit: u32) -> u32 {
        let bound = u64::from(limit) * u64::from(self.share_percent()) / 100;
        u32::try_from(bound).unwrap_or(u32::MAX).max(1)
    }
}

/// The gateway has too much to do for a request of this class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are under way for another of {}", class.as_str())]
pub struct Shed {
    /// Its class.
    pub class: RequestClass,
    /// When to come again.
    pub retry_after: Duration,
}

/// Lets requests in.
#[derive(Debug)]
pub struct Shedder {
    limit: Limit,
    under_way: AtomicU32,
    classes: [Counts; 4],
}

/// What is counted of a class.
#[derive(Debug, Default)]
struct Counts {
    under_way: AtomicU32,
    shed: AtomicU64,
}

/// How the shedder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShedderObservation {
    /// Requests that may be under way now.
    pub limit: u32,
    /// Requests that are.
    pub under_way: u32,
    /// The same by class, in the order of [`RequestClass::ALL`].
    pub by_class: [u32; 4],
    /// Requests that were refused, by class.
    pub shed: [u64; 4],
}

/// A place among the requests under way. Dropped, it is free again, however the request ended.
#[derive(Debug)]
#[must_use = "a place that is dropped is free again"]
pub struct Place {
    shedder: Arc<Shedder>,
    class: RequestClass,
}

impl Shedder {
    /// Returns one with nothing under way, and the limit at its most.
    ///
    /// # Errors
    /// Every variant of [`ShedderSettingsError`].
    pub fn try_new(settings: ShedderSettings) -> Result<Self, ShedderSettingsError> {
        Ok(Self {
            limit: Limit::try_new(settings)?,
            under_way: AtomicU32::new(0),
            classes: std::array::from_fn(|_| Counts::default()),
        })
    }

    /// Asks for a place.
    ///
    /// # Errors
    /// [`Shed`] when as many requests are under way as this class allows.
    pub fn try_enter(shedder: &Arc<Self>, class: RequestClass) -> Result<Place, Shed> {
        let bound = class.bound(shedder.limit.current());
        // Not counted first and taken back then: a crowd that is refused must not take places for a moment from those that are
        // not. A refusal writes nothing that others wait for.
        let entered = shedder.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |under_way| {
            (under_way < bound).then(|| under_way.saturating_add(1))
        });
        let counts = shedder.counts(class);
        if entered.is_err() {
            counts.shed.fetch_add(1, Ordering::Relaxed);
            return Err(Shed { class, retry_after: RETRY_AFTER });
        }
        counts.under_way.fetch_add(1, Ordering::Relaxed);
        Ok(Place { shedder: Arc::clone(shedder), class })
    }

    /// Takes in how late an event loop ran lately, at worst: late, the limit shrinks, in time it grows. Each loop tells it every
    /// [`Shedder::TELL_EVERY`].
    pub fn adapt(&self, lag: Duration, now: Duration) {
        self.limit.adapt(lag, self.under_way.load(Ordering::Relaxed), now);
    }

    /// How often an event loop tells how late it ran.
    pub const TELL_EVERY: Duration = limit::PERIOD;

    /// Returns how it stands.
    pub fn observe(&self) -> ShedderObservation {
        let each = |class: RequestClass| self.counts(class);
        ShedderObservation {
            limit: self.limit.current(),
            under_way: self.under_way.load(Ordering::Relaxed),
            by_class: RequestClass::ALL.map(|class| each(class).under_way.load(Ordering::Relaxed)),
            shed: RequestClass::ALL.map(|class| each(class).shed.load(Ordering::Relaxed)),
        }
    }

    const fn counts(&self, class: RequestClass) -> &Counts {
        let [analytics, passthrough, read, write] = &self.classes;
        match class {
            RequestClass::Analytics => analytics,
            RequestClass::Passthrough => passthrough,
            RequestClass::Read => read,
            RequestClass::Write => write,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shedder.under_way.fetch_sub(1, Ordering::Relaxed);
        self.shedder.counts(self.class).under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
