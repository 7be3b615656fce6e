//! A tenant's slot: what is published of it, and the load under way. Small, because there is one per resident tenant.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use domain::{KeyId, TenantId};

use super::load::Landed;
use super::quotas::Quotas;
use super::{Snapshot, TenantActor, TenantActorParams, TenantUnavailable};
use crate::flight::{Flight, Lost, depart};
use crate::lock::lock;
use crate::placement::{Checked, Placement};

/// A tenant's slot.
#[derive(Debug)]
pub(crate) struct Slot {
    tenant: TenantId,
    snapshot: ArcSwapOption<Snapshot>,
    /// Counts changes that are known here. A snapshot from before the last one is outdated, and not served.
    wanted: AtomicU64,
    /// How far what is published is checked against changes that may have been missed. Suspect is less than outdated.
    checked: Checked,
    last_used_ms: AtomicU64,
    desk: Mutex<Desk>,
}

/// What only loads and evictions touch.
#[derive(Debug, Default)]
struct Desk {
    flight: Option<Flight<Landed>>,
    /// What outlives the snapshot of an idle tenant: a daily limit is not to be had twice by waiting ten minutes.
    dormant: Option<CarriedQuotas>,
    /// Keys that lead here and are in no snapshot: revoked ones.
    retired: Vec<KeyId>,
}

/// What is left of each key's limits.
pub(super) type CarriedQuotas = Box<[(KeyId, Quotas)]>;

/// What came of joining a load.
enum Joined {
    /// What is wanted is published already.
    Published(Arc<Snapshot>),
    /// A load is under way.
    Waiting(Flight<Landed>),
}

/// How a sweep left a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swept {
    /// Used not long ago, or being loaded.
    Kept,
    /// Its credentials left memory; its limits stay.
    Evicted,
    /// Nothing of it is needed any more.
    Forgotten,
}

impl Slot {
    /// Returns an empty slot.
    pub(crate) fn new(tenant: TenantId, now: Duration) -> Self {
        Self {
            tenant,
            snapshot: ArcSwapOption::empty(),
            wanted: AtomicU64::new(0),
            checked: Checked::default(),
            last_used_ms: AtomicU64::new(millis(now)),
            desk: Mutex::default(),
        }
    }

    /// Returns whose slot it is.
    pub(crate) const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Returns when the tenant was last checked against the store.
    pub(crate) const fn checked(&self) -> &Checked {
        &self.checked
    }

    /// Returns what is published, unless it is outdated.
    pub(crate) fn fresh(&self) -> Option<Arc<Snapshot>> {
        self.since(self.wanted.load(Ordering::Acquire))
    }

    /// Returns what is published, if it covers every change up to `generation`.
    fn since(&self, generation: u64) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full().filter(|snapshot| snapshot.generation() >= generation)
    }

    /// Returns what was published last, outdated or not.
    pub(crate) fn latest(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }

    /// Notes a use. Written once a second at most, so that busy threads do not fight for the line.
    pub(crate) fn touch(&self, now: Duration) {
        let now_ms = millis(now);
        if now_ms.saturating_sub(self.last_used_ms.load(Ordering::Relaxed)) >= 1_000 {
            self.last_used_ms.store(now_ms, Ordering::Relaxed);
        }
    }

    /// Makes what is published outdated: whoever comes from now on waits for a load that begins later.
    pub(crate) fn outdate(&self) {
        self.wanted.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns a snapshot that covers every change so far; loads it where needed, in one load that all who wait share.
    pub(crate) async fn load(
        self: &Arc<Self>,
        placement: &Arc<Placement>,
    ) -> Result<Option<Arc<Snapshot>>, TenantUnavailable> {
        let wanted = self.wanted.load(Ordering::Acquire);
        // One more life after a panic; a load that is too old, by a change that came meanwhile, is no panic.
        let mut lives_left = 2_u8;
        while lives_left > 0 {
            let flight = match self.join(placement, Some(wanted))? {
                Joined::Published(snapshot) => return Ok(Some(snapshot)),
                Joined::Waiting(flight) => flight,
            };
            match flight.wait().await {
                Ok(landed) if landed.generation >= wanted => return landed.result,
                Ok(_) => {}
                Err(Lost) => lives_left = lives_left.saturating_sub(1),
            }
        }
        Err(TenantUnavailable::Lost)
    }

    /// Loads again, without making outdated what is published: a failure is the caller's alone. May be answered by a load that
    /// was under way already.
    pub(crate) async fn reload(
        self: &Arc<Self>,
        placement: &Arc<Placement>,
    ) -> Result<Option<Arc<Snapshot>>, TenantUnavailable> {
        match self.join(placement, None)? {
            Joined::Published(snapshot) => Ok(Some(snapshot)),
            Joined::Waiting(flight) => match flight.wait().await {
                Ok(landed) => landed.result,
                Err(Lost) => Err(TenantUnavailable::Lost),
            },
        }
    }

    /// Begins to load again behind, unless a load is under way or too many are.
    pub(crate) fn load_behind(self: &Arc<Self>, placement: &Arc<Placement>) {
        // Told and counted where it fails; whoever uses the tenant next tries again in a while.
        drop(self.join(placement, None));
    }

    /// Joins the load under way; starts one when there is none. With `wanted`, what covers that generation is enough.
    fn join(
        self: &Arc<Self>,
        placement: &Arc<Placement>,
        wanted: Option<u64>,
    ) -> Result<Joined, TenantUnavailable> {
        let mut desk = lock(&self.desk);
        // Looked at under the lock: a load publishes before it ends, so that nobody loads again what has just been loaded.
        if let Some(snapshot) = wanted.and_then(|wanted| self.since(wanted)) {
            return Ok(Joined::Published(snapshot));
        }
        if let Some(flight) = desk.flight.as_ref().filter(|flight| !flight.is_over()) {
            return Ok(Joined::Waiting(flight.clone()));
        }
        let place = placement.reserve_load()?;
        let (landing, flight) = depart();
        desk.flight = Some(flight.clone());
        // Read after the desk is locked and before the load begins: the load covers every change up to it.
        let generation = self.wanted.load(Ordering::Acquire);
        let gaps = placement.doubts().gaps();
        self.checked.note_load(placement.world().clock.monotonic());
        drop(desk);
        TenantActor::begin(TenantActorParams {
            slot: Arc::clone(self),
            placement: Arc::clone(placement),
            generation,
            gaps,
            landing,
            place,
        });
        Ok(Joined::Waiting(flight))
    }

    /// Returns a key's quotas as they stand, wherever they are.
    pub(super) fn quotas_of(&self, key: KeyId) -> Option<Quotas> {
        if let Some(snapshot) = self.latest() {
            return snapshot.key(key).map(|entry| entry.quotas.clone());
        }
        let desk = lock(&self.desk);
        let mut dormant = desk.dormant.iter().flat_map(|dormant| dormant.iter());
        dormant.find(|(id, _)| *id == key).map(|(_, quotas)| quotas.clone())
    }

    /// Publishes a snapshot whose load began after so many gaps. Only the tenant's actor does.
    pub(super) fn publish(&self, snapshot: Arc<Snapshot>, gaps: u64) {
        let mut desk = lock(&self.desk);
        if let Some(previous) = self.latest() {
            let gone = previous.key_ids().filter(|id| snapshot.key(*id).is_none());
            desk.retired.extend(gone);
        }
        desk.dormant = None;
        self.snapshot.store(Some(snapshot));
        self.checked.confirm(gaps);
    }

    /// Notes that the load under way is over, before its answer lands.
    pub(super) fn end_load(&self) {
        lock(&self.desk).flight = None;
    }

    /// Remembers that a key leads here that is in no snapshot.
    pub(crate) fn retire_key(&self, key: KeyId) {
        let mut desk = lock(&self.desk);
        if !desk.retired.contains(&key) {
            desk.retired.push(key);
        }
    }

    fn unused_for(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.last_used_ms.load(Ordering::Relaxed)))
    }

    /// Returns whether a sweep would find something to evict or to forget.
    pub(crate) fn is_due(&self, now: Duration, idle: Duration, forget: Duration) -> bool {
        let unused = self.unused_for(now);
        unused >= forget || (unused >= idle && self.latest().is_some())
    }

    /// Evicts what has not been used for long.
    pub(crate) fn sweep(&self, now: Duration, idle: Duration, forget: Duration) -> Swept {
        let unused = self.unused_for(now);
        if unused < idle {
            return Swept::Kept;
        }
        let mut desk = lock(&self.desk);
        if desk.flight.as_ref().is_some_and(|flight| !flight.is_over()) {
            return Swept::Kept;
        }
        if unused >= forget {
            return Swept::Forgotten;
        }
        let Some(snapshot) = self.snapshot.swap(None) else {
            return Swept::Kept;
        };
        desk.dormant = Some(snapshot.quotas());
        Swept::Evicted
    }

    /// Returns every key that leads here.
    pub(crate) fn routes(&self) -> Vec<KeyId> {
        let desk = lock(&self.desk);
        let dormant = desk.dormant.iter().flat_map(|dormant| dormant.iter().map(|(id, _)| *id));
        let mut routes: Vec<KeyId> = desk.retired.iter().copied().chain(dormant).collect();
        if let Some(snapshot) = self.latest() {
            routes.extend(snapshot.key_ids());
        }
        routes
    }
}

fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
