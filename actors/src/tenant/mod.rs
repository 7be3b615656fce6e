//! Tenants: one actor per tenant loads what serves it and publishes a snapshot; requests read the snapshot and send nothing.
//!
//! The actor exists while there is something to do (a load after a miss, a reload after a change) and ends when it is done;
//! what it published lives on in the tenant's slot, with the atomics (quotas, breakers, calls under way) that requests
//! change. Measured by the bench `residents` at 100,000 (one key, one service of two credentials): a resident tenant is
//! 1,237 bytes, an idle actix actor 818 more. Together they would break the bound of 2 KiB, for an actor that has nothing to
//! do between two loads. So there is no mailbox per resident tenant and no timer: one sweeper (`placement`) evicts all.
//!
//! What is kept of an actor is what matters: it is the only writer of its slot, all who wait share the load under way, its
//! panic hurts no other tenant, and whoever asks next starts it afresh.
//!
//! Restart rule: on demand, without limit. A request spends two lives at most; the next request has two more.

mod admission;
mod endpoints;
mod leased;
mod lessor;
mod load;
mod places;
mod quotas;
mod slot;
mod snapshot;
mod unseal;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context};

use crate::flight::Landing;
use crate::placement::Placement;

pub use admission::{Admission, ServiceObservation};
pub use endpoints::{Charged, EndpointIndex, KeyExhausted};
pub use leased::Waiting;
pub use load::TenantUnavailable;
pub use quotas::Charge;
pub use snapshot::{KeyEntry, ServiceEntry, Snapshot, TenantHandle};

pub(crate) use lessor::{Lessor, LessorParams, TELL_EVERY};
pub(crate) use load::Landed;
pub(crate) use slot::{Slot, Swept};

/// The name in the supervision table.
pub(crate) const ACTOR: &str = "tenant";

/// Loads one tenant, once.
pub(crate) struct TenantActor {
    slot: Arc<Slot>,
    placement: Arc<Placement>,
    /// What the load is to cover: every change up to this generation.
    generation: u64,
    /// Which gaps in hearing it is to cover.
    gaps: u64,
    landing: Option<Landing<Landed>>,
    _place: tokio::sync::OwnedSemaphorePermit,
}

/// What a tenant's actor needs.
pub(crate) struct TenantActorParams {
    pub(crate) slot: Arc<Slot>,
    pub(crate) placement: Arc<Placement>,
    pub(crate) generation: u64,
    pub(crate) gaps: u64,
    pub(crate) landing: Landing<Landed>,
    pub(crate) place: tokio::sync::OwnedSemaphorePermit,
}

impl TenantActor {
    /// Starts the actor on one of the tenants' threads. Its first message is its own.
    pub(crate) fn begin(params: TenantActorParams) {
        let arbiter = params.placement.arbiter(params.slot.tenant());
        let actor = Self {
            slot: params.slot,
            placement: params.placement,
            generation: params.generation,
            gaps: params.gaps,
            landing: Some(params.landing),
            _place: params.place,
        };
        // The address is dropped: the actor lives until its load is done.
        drop(Self::start_in_arbiter(&arbiter, move |_| actor));
    }
}

impl Actor for TenantActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify(load::Load);
    }
}

impl Drop for TenantActor {
    /// The death notice. Everyone who waits learns of it by the landing that is dropped next.
    fn drop(&mut self) {
        if self.landing.is_some() {
            tracing::error!(tenant.id = %self.slot.tenant(), "tenant actor died while loading");
            self.placement.world().catalog.actor_restarted(ACTOR);
        }
    }
}
