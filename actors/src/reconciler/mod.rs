//! The reconciler: looks for unknown outcomes that are due, at once when it starts and then again and again, and lets each be
//! looked up. When a row is due, how it is looked up and what that means is the port's business; how many at once is its own.
//!
//! Each look-up is a task of its own: a panic in one ends with it, and a provider that hangs holds no more than its tasks.

mod handle;
mod observe;
mod port;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::{Actor, AsyncContext, Context, WrapFuture};
use tokio::sync::Semaphore;

use crate::ReconcilerSettings;
use crate::supervisor::Life;

pub use observe::ReconcilerObservation;
pub use port::{Errand, Reconcile};

pub(crate) use handle::{ReconcilerHandle, ReconcilerParams};

/// What a reconciler works with; the same for each of its lives.
#[derive(Debug, Clone)]
struct Desk {
    port: Arc<dyn Reconcile>,
    /// One for each look-up under way. Closed when it is to stop.
    places: Arc<Semaphore>,
    taken: Arc<AtomicU64>,
    settings: ReconcilerSettings,
}

/// Takes what is due, round after round.
struct Reconciler {
    desk: Desk,
    _life: Life,
}

impl Actor for Reconciler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(keep_looking(self.desk.clone()).into_actor(self));
    }
}

/// Looks for rows that are due, until it is to stop.
async fn keep_looking(desk: Desk) {
    while !desk.places.is_closed() {
        let free = desk.places.available_permits();
        let errands = if free > 0 { desk.port.take(free).await } else { Vec::new() };
        for errand in errands {
            // No place, when it was told to stop meanwhile: an errand that is dropped gives its row back.
            let Ok(place) = Arc::clone(&desk.places).try_acquire_owned() else { continue };
            desk.taken.fetch_add(1, Ordering::Relaxed);
            actix_rt::spawn(async move {
                errand.await;
                drop(place);
            });
        }
        tokio::time::sleep(desk.settings.every).await;
    }
}
