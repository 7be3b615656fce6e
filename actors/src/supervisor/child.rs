//! A child: the factory of an actor, its present address, and the count of its deaths.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Addr, Context};
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use tokio::sync::{Notify, Semaphore};

use super::{Deaths, Intensity, Supervised, Verdict};
use crate::lock::lock;

/// Builds an actor with fresh state, each time it starts.
pub(crate) type Factory<A> = Box<dyn Fn(Life) -> A + Send + Sync>;

/// What a child needs.
pub(crate) struct ChildParams<A> {
    /// Its name in the supervision table.
    pub(crate) name: &'static str,
    /// How often it may die.
    pub(crate) intensity: Intensity,
    /// How many messages may wait or be under way.
    pub(crate) bound: usize,
    /// The thread it lives on.
    pub(crate) arbiter: ArbiterHandle,
    /// Where its deaths are told.
    pub(crate) deaths: Deaths,
    /// Its factory.
    pub(crate) factory: Factory<A>,
}

/// Where a child's actor is.
pub(crate) enum Whereabouts<A: Actor> {
    /// It takes messages.
    Up(Addr<A>),
    /// It died a moment ago and comes back in another.
    Starting,
    /// It died too often, or is stopped: do not wait.
    Down,
}

/// A permanent child. Outlives its actors.
pub(crate) struct Child<A: Actor<Context = Context<A>>> {
    name: &'static str,
    whereabouts: ArcSwap<Whereabouts<A>>,
    /// Told whenever `whereabouts` changes.
    pub(crate) moved: Notify,
    pub(crate) places: Arc<Semaphore>,
    intensity: Mutex<Option<Intensity>>,
    restarts: AtomicU64,
    arbiter: ArbiterHandle,
    deaths: Deaths,
    factory: Factory<A>,
}

/// Held by an actor as long as it lives; dropping it is the death notice.
pub(crate) struct Life {
    child: Option<Arc<dyn Mortal>>,
}

/// What a life does when it ends.
trait Mortal: Send + Sync {
    fn report_death(self: Arc<Self>);
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Life")
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            child.report_death();
        }
    }
}

impl<A: Actor<Context = Context<A>>> Child<A> {
    /// Returns a child whose actor has been started.
    pub(crate) fn start_new(params: ChildParams<A>) -> Arc<Self> {
        let child = Arc::new(Self {
            name: params.name,
            whereabouts: ArcSwap::from_pointee(Whereabouts::Starting),
            moved: Notify::new(),
            places: Arc::new(Semaphore::new(params.bound)),
            intensity: Mutex::new(Some(params.intensity)),
            restarts: AtomicU64::new(0),
            arbiter: params.arbiter,
            deaths: params.deaths,
            factory: params.factory,
        });
        Arc::clone(&child).start();
        child
    }

    /// Returns where the actor is.
    pub(crate) fn whereabouts(&self) -> Arc<Whereabouts<A>> {
        self.whereabouts.load_full()
    }

    /// Returns how often the actor has died.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Returns whether the actor takes messages or will in a moment.
    pub(crate) fn is_up(&self) -> bool {
        !matches!(**self.whereabouts.load(), Whereabouts::Down)
    }

    /// Leaves the actor dead when it next dies, and refuses messages from now on.
    pub(crate) fn retire(&self) {
        lock(&self.intensity).take();
        self.places.close();
        self.put(Whereabouts::Down);
    }

    fn put(&self, whereabouts: Whereabouts<A>) {
        self.whereabouts.store(Arc::new(whereabouts));
        self.moved.notify_waiters();
    }
}

impl<A: Actor<Context = Context<A>>> Mortal for Child<A> {
    fn report_death(self: Arc<Self>) {
        if self.is_up() {
            self.put(Whereabouts::Starting);
        }
        // The supervisor is gone only when everything stops.
        self.deaths.clone().send(self).ok();
    }
}

impl<A: Actor<Context = Context<A>>> Supervised for Child<A> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn died(&self, now: Duration) -> Verdict {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        let verdict = lock(&self.intensity).as_mut().map_or(Verdict::Stay, |intensity| intensity.record(now));
        if matches!(verdict, Verdict::Escalate { .. } | Verdict::Stay) {
            self.put(Whereabouts::Down);
        }
        verdict
    }

    fn start(self: Arc<Self>) {
        if lock(&self.intensity).is_none() {
            return;
        }
        let life = Life { child: Some(Arc::<Self>::clone(&self)) };
        let newborn = Arc::clone(&self);
        let address = A::start_in_arbiter(&self.arbiter, move |_| (newborn.factory)(life));
        self.put(Whereabouts::Up(address.clone()));
        if !address.connected() && self.is_up() {
            // It died before its address was known, so its own notice came too early to say that it is away.
            self.put(Whereabouts::Starting);
        }
    }
}
