//! Where tenants are: which key leads to which tenant's slot, on which thread it is loaded, and who is evicted when.

mod doubt;
mod listener;
mod observe;
mod search;
mod sweep;
mod tenants;
mod unknown;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use actix_rt::ArbiterHandle;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::ports::{QuotaLeases, TenantDirectory};
use domain::{Clock, Descriptor, KeyHash, KeyId, TenantId};
use resilience::BreakerPolicy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vault::Vault;

use crate::TenantSettings;
use crate::flight::Flight;
use crate::supervisor::Life;
use crate::tenant::{Lessor, LessorParams, Slot, TELL_EVERY, TenantUnavailable};
use search::Found;
use unknown::UnknownKeys;

pub use tenants::{Tenants, TenantsObservation};

pub(crate) use doubt::{Checked, Doubts};
pub(crate) use tenants::TenantsParams;

/// What tenants are loaded from and with; the same for all.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) directory: Arc<dyn TenantDirectory>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) descriptors: Vec<&'static Descriptor>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    pub(crate) breaker: Arc<BreakerPolicy>,
    pub(crate) settings: TenantSettings,
    /// Divides limits among nodes; none where this one is alone.
    pub(crate) leases: Option<Arc<dyn QuotaLeases>>,
}

/// The maps. Guards of them are never held across an await.
pub(crate) struct Placement {
    world: World,
    keys: DashMap<KeyId, Arc<Slot>>,
    slots: DashMap<TenantId, Arc<Slot>>,
    unknown: UnknownKeys,
    searching: DashMap<KeyHash, Flight<Found>>,
    searches: Arc<Semaphore>,
    loads: Arc<Semaphore>,
    doubts: Doubts,
    lessor: Option<Arc<Lessor>>,
    arbiters: Box<[ArbiterHandle]>,
}

impl fmt::Debug for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placement").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Placement {
    /// Returns an empty placement over these threads.
    pub(crate) fn new(world: World, arbiters: Box<[ArbiterHandle]>) -> Self {
        let settings = &world.settings;
        let lessor = world.leases.as_ref().map(|leases| {
            Arc::new(Lessor::new(LessorParams {
                leases: Arc::clone(leases),
                clock: Arc::clone(&world.clock),
                catalog: Arc::clone(&world.catalog),
                arbiters: arbiters.clone(),
            }))
        });
        Self {
            keys: DashMap::new(),
            slots: DashMap::new(),
            unknown: UnknownKeys::new(settings.unknown_keys, settings.unknown_for),
            searching: DashMap::new(),
            searches: Arc::new(Semaphore::new(settings.searches)),
            loads: Arc::new(Semaphore::new(settings.loads)),
            doubts: Doubts::default(),
            lessor,
            arbiters,
            world,
        }
    }

    /// Returns what tenants are loaded from and with.
    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    /// Returns what this node may have missed.
    pub(crate) const fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Returns who divides limits among nodes.
    pub(crate) const fn lessor(&self) -> Option<&Arc<Lessor>> {
        self.lessor.as_ref()
    }

    /// Returns the thread on which a tenant is loaded.
    pub(crate) fn arbiter(&self, tenant: TenantId) -> ArbiterHandle {
        arbiter_of(&self.arbiters, tenant)
    }

    /// Takes one of the places for loads.
    pub(crate) fn reserve_load(&self) -> Result<OwnedSemaphorePermit, TenantUnavailable> {
        Arc::clone(&self.loads).try_acquire_owned().map_err(|_full| {
            self.world.catalog.actor_busy(crate::tenant::ACTOR);
            TenantUnavailable::Busy
        })
    }

    /// Returns the slot that a key leads to, as far as it is known here.
    fn slot_of_key(&self, key: KeyId) -> Option<Arc<Slot>> {
        self.keys.get(&key).map(|slot| Arc::clone(&slot))
    }

    /// Returns a tenant's slot.
    fn slot(&self, tenant: TenantId) -> Option<Arc<Slot>> {
        self.slots.get(&tenant).map(|slot| Arc::clone(&slot))
    }

    /// Returns a tenant's slot; makes it when there is none.
    fn slot_or_new(&self, tenant: TenantId) -> Arc<Slot> {
        match self.slots.entry(tenant) {
            Entry::Occupied(slot) => Arc::clone(slot.get()),
            Entry::Vacant(vacant) => {
                let slot = Arc::new(Slot::new(tenant, self.world.clock.monotonic()));
                Arc::clone(&vacant.insert(slot))
            }
        }
    }

    /// Makes a tenant outdated, of whom a change is known, and forgets which keys are unknown. Returns its slot when it is
    /// resident, to be loaded again; where it is not, or is being loaded for the first time, the next request loads what is
    /// there then.
    fn outdate(&self, tenant: TenantId) -> Option<Arc<Slot>> {
        self.unknown.forget_all();
        let slot = self.slot(tenant)?;
        slot.outdate();
        slot.latest().is_some().then_some(slot)
    }

    /// Leads keys to a slot, as long as it is the tenant's.
    pub(crate) fn route(&self, slot: &Arc<Slot>, keys: impl Iterator<Item = KeyId>) {
        // The guard keeps `forget` out, so that no key is left leading to a slot that is gone.
        let Some(present) = self.slots.get(&slot.tenant()) else {
            return;
        };
        if Arc::ptr_eq(&present, slot) {
            for key in keys {
                self.keys.insert(key, Arc::clone(slot));
            }
        }
    }

    /// Removes a slot and all that leads to it.
    pub(crate) fn forget(&self, slot: &Arc<Slot>) {
        let removed = self.slots.remove_if(&slot.tenant(), |_, present| Arc::ptr_eq(present, slot));
        if removed.is_some() {
            for key in slot.routes() {
                self.keys.remove_if(&key, |_, present| Arc::ptr_eq(present, slot));
            }
        }
    }
}

/// Returns which of the tenants' threads is a tenant's.
pub(crate) fn arbiter_of(arbiters: &[ArbiterHandle], tenant: TenantId) -> ArbiterHandle {
    // The low bits of an id are random.
    let count = u128::try_from(arbiters.len()).unwrap_or(1).max(1);
    let index = usize::try_from(tenant.as_u128() % count).unwrap_or(0);
    arbiters.get(index).cloned().unwrap_or_else(actix_rt::Arbiter::current)
}

/// Evicts idle tenants, and tells other nodes that this one is there: the timers of all tenants.
pub(crate) struct Keeper {
    placement: Arc<Placement>,
    _life: Life,
}

impl Actor for Keeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(self.placement.world.settings.sweep_every, |_, ctx| ctx.notify(sweep::Sweep));
        if self.placement.lessor.is_some() {
            self.tell(ctx);
            ctx.run_interval(TELL_EVERY, Self::tell);
        }
    }
}

impl Keeper {
    fn tell(&mut self, ctx: &mut Context<Self>) {
        if let Some(lessor) = self.placement.lessor.clone() {
            ctx.spawn(async move { lessor.tell().await }.into_actor(self));
        }
    }
}
