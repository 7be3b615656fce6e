//! The search for a key's owner: one for all who show the same secret.

use std::sync::Arc;

use dashmap::mapref::entry::Entry;
use domain::{KeyHash, TenantId};

use super::Placement;
use super::unknown::Epoch;
use crate::flight::{Flight, Landing, depart};
use crate::tenant::TenantUnavailable;

/// How a search ended: the key's owner, or that nobody owns it.
pub(super) type Found = Result<Option<TenantId>, TenantUnavailable>;

impl Placement {
    /// Returns whose key it is.
    pub(super) async fn owner_of(self: &Arc<Self>, secret: KeyHash) -> Found {
        if self.unknown.contains(secret, self.world().clock.monotonic()) {
            return Ok(None);
        }
        // Once more after a panic, as with loads.
        for _ in 0..2_u8 {
            if let Ok(found) = self.join_search(secret)?.wait().await {
                return found;
            }
        }
        Err(TenantUnavailable::Lost)
    }

    /// Returns the search under way; starts one when there is none.
    fn join_search(self: &Arc<Self>, secret: KeyHash) -> Result<Flight<Found>, TenantUnavailable> {
        let (landing, flight) = match self.searching.entry(secret) {
            Entry::Occupied(present) if !present.get().is_over() => return Ok(present.get().clone()),
            entry => {
                let (landing, flight) = depart();
                let place = Arc::clone(&self.searches)
                    .try_acquire_owned()
                    .map_err(|_full| TenantUnavailable::Busy)?;
                drop(entry.insert(flight.clone()));
                ((landing, place), flight)
            }
        };
        let (landing, place) = landing;
        let epoch = self.unknown.epoch();
        let searching = Searching { placement: Arc::clone(self), secret };
        // A task of its own on a tenants' thread: a store that panics over one secret hurts the search for no other.
        self.arbiter(spread(secret)).spawn(async move {
            searching.run(landing, epoch).await;
            drop(place);
        });
        Ok(flight)
    }
}

/// A search under way; its end removes it from the map, however it ends.
struct Searching {
    placement: Arc<Placement>,
    secret: KeyHash,
}

impl Drop for Searching {
    fn drop(&mut self) {
        self.placement.searching.remove(&self.secret);
    }
}

impl Searching {
    async fn run(self, landing: Landing<Found>, epoch: Epoch) {
        let found = self.ask().await;
        if let Ok(None) = found {
            let now = self.placement.world().clock.monotonic();
            self.placement.unknown.insert(self.secret, now, epoch);
        }
        drop(self);
        landing.land(found);
    }

    async fn ask(&self) -> Found {
        let world = self.placement.world();
        let asked = world.directory.owner_of_key(self.secret);
        match tokio::time::timeout(world.settings.load_timeout, asked).await {
            Ok(Ok(owner)) => Ok(owner),
            Ok(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "owner of a key could not be looked up"
                );
                Err(TenantUnavailable::Store)
            }
            Err(_elapsed) => {
                tracing::error!("owner of a key was not looked up in time");
                Err(TenantUnavailable::Store)
            }
        }
    }
}

/// Returns an id by which searches are spread over the tenants' threads.
fn spread(secret: KeyHash) -> TenantId {
    TenantId::from_u128(secret.0.iter().fold(0, |sum, byte| sum + u128::from(*byte)))
}
