//! The search for a key's owner: one for all who ask for the same key.

use std::sync::Arc;

use dashmap::mapref::entry::Entry;
use domain::{KeyId, TenantId};

use super::Placement;
use super::unknown::Epoch;
use crate::flight::{Flight, Landing, depart};
use crate::tenant::TenantUnavailable;

/// How a search ended: the key's owner, or that nobody owns it.
pub(super) type Found = Result<Option<TenantId>, TenantUnavailable>;

impl Placement {
    /// Returns whose key it is.
    pub(super) async fn owner_of(self: &Arc<Self>, key: KeyId) -> Found {
        if self.unknown.contains(key, self.world().clock.monotonic()) {
            return Ok(None);
        }
        // Once more after a panic, as with loads.
        for _ in 0..2_u8 {
            if let Ok(found) = self.join_search(key)?.wait().await {
                return found;
            }
        }
        Err(TenantUnavailable::Lost)
    }

    /// Returns the search under way; starts one when there is none.
    fn join_search(self: &Arc<Self>, key: KeyId) -> Result<Flight<Found>, TenantUnavailable> {
        let (landing, flight) = match self.searching.entry(key) {
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
        let searching = Searching { placement: Arc::clone(self), key };
        // A task of its own on a tenants' thread: a store that panics over one key hurts the search for no other.
        self.arbiter(TenantId::from_u128(key.as_u128())).spawn(async move {
            searching.run(landing, epoch).await;
            drop(place);
        });
        Ok(flight)
    }
}

/// A search under way; its end removes it from the map, however it ends.
struct Searching {
    placement: Arc<Placement>,
    key: KeyId,
}

impl Drop for Searching {
    fn drop(&mut self) {
        self.placement.searching.remove(&self.key);
    }
}

impl Searching {
    async fn run(self, landing: Landing<Found>, epoch: Epoch) {
        let found = self.ask().await;
        if let Ok(None) = found {
            let now = self.placement.world().clock.monotonic();
            self.placement.unknown.insert(self.key, now, epoch);
        }
        drop(self);
        landing.land(found);
    }

    async fn ask(&self) -> Found {
        let world = self.placement.world();
        let asked = world.directory.owner_of_key(self.key);
        match tokio::time::timeout(world.settings.load_timeout, asked).await {
            Ok(Ok(owner)) => Ok(owner),
            Ok(Err(error)) => {
                tracing::error!(
                    key.id = %self.key,
                    error = &error as &dyn std::error::Error,
                    "owner of a key could not be looked up"
                );
                Err(TenantUnavailable::Store)
            }
            Err(_elapsed) => {
                tracing::error!(key.id = %self.key, "owner of a key was not looked up in time");
                Err(TenantUnavailable::Store)
            }
        }
    }
}
