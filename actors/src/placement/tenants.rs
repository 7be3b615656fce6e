//! What the gateway holds of tenants: by key, from memory or after a load.

use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;
use domain::ports::Changes;
use domain::{KeyHash, KeyId, TenantId};

use super::doubt::Use;
use super::listener::Listener;
use super::{Keeper, Placement, World};
use crate::supervisor::{Child, ChildParams, Deaths, Handle, Intensity};
use crate::tenant::{Slot, TenantHandle, TenantUnavailable};

/// What tenants need.
pub(crate) struct TenantsParams {
    pub(crate) world: World,
    /// Where tenants are loaded.
    pub(crate) arbiters: Box<[ArbiterHandle]>,
    /// Where changes made elsewhere are heard of; nowhere where this node is alone.
    pub(crate) changes: Option<Arc<dyn Changes>>,
    /// Where keeper and listener live.
    pub(crate) keeper: ArbiterHandle,
    pub(crate) intensity: Intensity,
    pub(crate) deaths: Deaths,
}

/// Finds tenants by key. Cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Tenants {
    placement: Arc<Placement>,
    keeper: Handle<Keeper>,
    listener: Option<Handle<Listener>>,
}

/// How the tenants stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantsObservation {
    /// Whether idle tenants are evicted, and somebody listens for changes.
    pub is_up: bool,
    /// Whether changes made on other nodes are heard; true where this node is alone.
    pub hears: bool,
    /// Tenants in memory, those included of whom only the limits are left.
    pub slots: usize,
    /// Keys that lead to one of them.
    pub keys: usize,
    /// Keys remembered as unknown.
    pub unknown_keys: usize,
    /// Loads that may still begin.
    pub free_loads: usize,
    /// How often keeper and listener died.
    pub restarts: u64,
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").field("slots", &self.len()).finish_non_exhaustive()
    }
}

impl Tenants {
    /// Starts the keeper, and the listener where there are changes to hear of.
    pub(crate) fn start(params: TenantsParams) -> Self {
        let placement = Arc::new(Placement::new(params.world, params.arbiters));
        let listener = params.changes.map(|changes| {
            let heard = Arc::clone(&placement);
            Handle::new(Child::start_new(ChildParams {
                name: "listener",
                intensity: params.intensity.clone(),
                bound: 16,
                arbiter: params.keeper.clone(),
                deaths: params.deaths.clone(),
                factory: Box::new(move |life| Listener {
                    placement: Arc::clone(&heard),
                    changes: Arc::clone(&changes),
                    _life: life,
                }),
            }))
        });
        let kept = Arc::clone(&placement);
        let child = Child::start_new(ChildParams {
            name: "keeper",
            intensity: params.intensity,
            bound: 16,
            arbiter: params.keeper,
            deaths: params.deaths,
            factory: Box::new(move |life| Keeper { placement: Arc::clone(&kept), _life: life }),
        });
        Self { placement, keeper: Handle::new(child), listener }
    }

    /// Returns the tenant that a key leads to, from memory only; `None` as well for one that is to be loaded first, because a
    /// change of it is known or may have been missed. The hot path: two look-ups in maps.
    ///
    /// The tenant may have no such key any more: it is revoked then.
    pub fn resident(&self, key: KeyId) -> Option<TenantHandle> {
        let slot = self.placement.keys.get(&key)?;
        let snapshot = slot.fresh()?;
        let now = self.placement.world().clock.monotonic();
        slot.touch(now);
        match self.placement.doubts.how_to_use(slot.checked(), now) {
            Use::AsItIs => {}
            Use::LoadBehind => slot.load_behind(&self.placement),
            Use::LoadFirst => return None,
        }
        Some(TenantHandle::new(snapshot))
    }

    /// Returns a tenant as it was published last, from memory only: for those who look at it, and ask nothing of it.
    pub fn in_memory(&self, tenant: TenantId) -> Option<TenantHandle> {
        self.placement.slot(tenant)?.latest().map(TenantHandle::new)
    }

    /// Returns whether a key leads to a tenant that was loaded before: to look for it again is no search for an owner.
    pub fn knows(&self, key: KeyId) -> bool {
        self.placement.slot_of_key(key).is_some()
    }

    /// Returns the tenant that a key leads to, loaded where needed; `None` when nobody owns a key with this secret. All who ask
    /// at the same time share one search and one load.
    ///
    /// The tenant may have no such key any more: it is revoked then.
    ///
    /// # Errors
    /// [`TenantUnavailable`]: it is not known whether the key is good.
    pub async fn by_key(
        &self,
        key: KeyId,
        secret: KeyHash,
    ) -> Result<Option<TenantHandle>, TenantUnavailable> {
        if let Some(handle) = self.resident(key) {
            return Ok(Some(handle));
        }
        if let Some(slot) = self.placement.slot_of_key(key) {
            return self.load(&slot).await;
        }
        let Some(tenant) = self.placement.owner_of(secret).await? else {
            return Ok(None);
        };
        let slot = self.placement.slot_or_new(tenant);
        let was_resident = slot.fresh().is_some();
        let mut loaded = self.load(&slot).await?;
        // A tenant that was loaded before this key was made knows it only after another load. The first may have been
        // under way when the key was made, the second was not.
        let mut reloads_left = if was_resident { 2_u8 } else { 1 };
        while reloads_left > 0 && loaded.as_ref().is_some_and(|handle| handle.key(key).is_none()) {
            reloads_left = reloads_left.saturating_sub(1);
            loaded = slot.reload(&self.placement).await?.map(TenantHandle::new);
        }
        if loaded.as_ref().is_some_and(|handle| handle.key(key).is_none()) {
            // Revoked. Led here all the same, so that its next use costs the store nothing.
            slot.retire_key(key);
            self.placement.route(&slot, std::iter::once(key));
        }
        Ok(loaded)
    }

    /// Returns the tenant whose key has a secret that the tenant in memory does not know: another node may have given the key
    /// a new one a moment ago. `None` when nobody's key has it.
    ///
    /// # Errors
    /// [`TenantUnavailable`]: it is not known whether the secret is good.
    pub async fn by_new_secret(&self, secret: KeyHash) -> Result<Option<TenantHandle>, TenantUnavailable> {
        let Some(tenant) = self.placement.owner_of(secret).await? else {
            return Ok(None);
        };
        let slot = self.placement.slot_or_new(tenant);
        Ok(slot.reload(&self.placement).await?.map(TenantHandle::new))
    }

    /// Returns a tenant by its id, loaded where needed, for work that no key asks for; `None` when there is no such tenant.
    ///
    /// # Errors
    /// [`TenantUnavailable`]: it is not known how the tenant stands.
    pub async fn by_id(&self, tenant: TenantId) -> Result<Option<TenantHandle>, TenantUnavailable> {
        self.load(&self.placement.slot_or_new(tenant)).await
    }

    async fn load(&self, slot: &Arc<Slot>) -> Result<Option<TenantHandle>, TenantUnavailable> {
        let now = self.placement.world().clock.monotonic();
        slot.touch(now);
        let is_suspect = self.placement.doubts.how_to_use(slot.checked(), now) == Use::LoadFirst;
        if is_suspect && slot.fresh().is_some() {
            return self.load_suspect(slot).await;
        }
        Ok(slot.load(&self.placement).await?.map(TenantHandle::new))
    }

    /// Loads a tenant again that is in memory and may have changed. Where that fails it is served as it is: that something
    /// was missed is a guess, that the tenant is known is not.
    async fn load_suspect(&self, slot: &Arc<Slot>) -> Result<Option<TenantHandle>, TenantUnavailable> {
        let gaps = self.placement.doubts.gaps();
        // The load under way may have begun too early, or die; the next one has no such excuse.
        for _ in 0..2_u8 {
            match slot.reload(&self.placement).await {
                Ok(loaded) if loaded.is_none() || slot.checked().covers(gaps) => {
                    return Ok(loaded.map(TenantHandle::new));
                }
                Ok(_) | Err(TenantUnavailable::Lost) => {}
                // Nothing was tried: whoever comes next tries.
                Err(TenantUnavailable::Busy) => break,
                Err(TenantUnavailable::Store | TenantUnavailable::Sealed) => {
                    slot.checked().note_waited(gaps);
                    break;
                }
            }
        }
        // Not what has become outdated meanwhile.
        match slot.fresh() {
            Some(snapshot) => Ok(Some(TenantHandle::new(snapshot))),
            None => Ok(slot.load(&self.placement).await?.map(TenantHandle::new)),
        }
    }

    /// Takes a change of a tenant (key, credential, setting) over; when it returns, no request sees what was before. From
    /// the moment of the call on, requests of the tenant wait for the new state; if it cannot be loaded they fail, and the
    /// next one tries again: what is known to be out of date is not served.
    ///
    /// Does nothing for a tenant that is not resident, but forgets which keys are unknown.
    ///
    /// # Errors
    /// [`TenantUnavailable`]: the new state could not be loaded yet.
    pub async fn refresh(&self, tenant: TenantId) -> Result<(), TenantUnavailable> {
        match self.placement.outdate(tenant) {
            Some(slot) => slot.load(&self.placement).await.map(|_published| ()),
            None => Ok(()),
        }
    }

    /// Returns how many tenants are in memory, those included of whom only the limits are left.
    pub fn len(&self) -> usize {
        self.placement.slots.len()
    }

    /// Returns whether no tenant is in memory.
    pub fn is_empty(&self) -> bool {
        self.placement.slots.is_empty()
    }

    /// Returns how the tenants stand.
    pub async fn observe(&self) -> TenantsObservation {
        let mut is_up = self.keeper.answers(super::observe::Observe).await;
        let mut restarts = self.keeper.child().restarts();
        if let Some(listener) = &self.listener {
            is_up &= listener.answers(super::observe::Observe).await;
            restarts = restarts.saturating_add(listener.child().restarts());
        }
        TenantsObservation {
            is_up,
            hears: self.placement.doubts.hears(),
            slots: self.len(),
            keys: self.placement.keys.len(),
            unknown_keys: self.placement.unknown.len(),
            free_loads: self.placement.loads.available_permits(),
            restarts,
        }
    }

    /// Lets the keeper end.
    pub(crate) fn stop(&self) {
        self.keeper.child().retire();
    }

    /// Lets the listener end.
    pub(crate) fn stop_listening(&self) {
        if let Some(listener) = &self.listener {
            listener.child().retire();
        }
    }

    /// Sweeps now instead of when the timer says so.
    #[cfg(test)]
    pub(crate) async fn sweep(&self) -> super::sweep::SweepReport {
        self.keeper.call(super::sweep::Sweep).await.unwrap()
    }
}
