//! What the tree holds of the reconciler.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_rt::ArbiterHandle;
use tokio::sync::Semaphore;

use super::observe::Observe;
use super::{Desk, Reconcile, Reconciler, ReconcilerObservation};
use crate::ReconcilerSettings;
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};

const ACTOR: &str = "reconciler";

/// What a reconciler needs.
pub(crate) struct ReconcilerParams {
    pub(crate) port: Arc<dyn Reconcile>,
    pub(crate) settings: ReconcilerSettings,
    pub(crate) intensity: Intensity,
    pub(crate) arbiter: ArbiterHandle,
    pub(crate) deaths: Deaths,
}

/// Watches and stops the reconciler. Nobody gives it work: it looks for itself.
pub(crate) struct ReconcilerHandle {
    desk: Desk,
    actor: Handle<Reconciler>,
}

impl fmt::Debug for ReconcilerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconcilerHandle").finish_non_exhaustive()
    }
}

impl ReconcilerHandle {
    /// Starts the reconciler.
    pub(crate) fn start(params: ReconcilerParams) -> Self {
        let desk = Desk {
            port: params.port,
            places: Arc::new(Semaphore::new(params.settings.at_once)),
            taken: Arc::new(AtomicU64::new(0)),
            settings: params.settings,
        };
        let of_actor = desk.clone();
        let child = Child::start_new(ChildParams {
            name: ACTOR,
            intensity: params.intensity,
            bound: 16,
            arbiter: params.arbiter,
            deaths: params.deaths,
            factory: Box::new(move |life| Reconciler { desk: of_actor.clone(), _life: life }),
        });
        Self { desk, actor: Handle::new(child) }
    }

    /// Returns what the reconciler is doing.
    pub(crate) async fn observe(&self) -> ReconcilerObservation {
        ReconcilerObservation {
            is_up: self.actor.answers(Observe).await,
            under_way: self.desk.settings.at_once.saturating_sub(self.desk.places.available_permits()),
            taken: self.desk.taken.load(Ordering::Relaxed),
            restarts: self.actor.child().restarts(),
        }
    }

    /// Takes no more rows, and waits until the look-ups under way are over, or `grace` is.
    pub(crate) async fn stop(&self, grace: Duration) {
        let all = u32::try_from(self.desk.settings.at_once).unwrap_or(u32::MAX);
        // What is left then is given back when its thread ends, or is due again when its lease is over.
        tokio::time::timeout(grace, self.desk.places.acquire_many(all)).await.ok();
        self.desk.places.close();
        self.actor.child().retire();
    }
}
