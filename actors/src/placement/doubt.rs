//! Which tenants in memory are suspect: of whom a change made elsewhere may have been missed.
//!
//! Not to be confused with *outdated*: a tenant of whom a change is known (`Slot::outdate`), made here or told by another
//! node. That one is not served until it is loaded again, and while the store is away its requests fail with a 5xx: a key that
//! is known to be revoked must not pass. A *suspect* tenant is loaded again as well, but served as it is when the store does
//! not answer: known tenants are served while store and cache are both away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often a tenant that is used is loaded again while this node hears nothing.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// How often it is loaded again while all is well: a change whose node died before it could tell is taken over all the same,
/// and the copy in the shared cache, whose keys live for five minutes, is there when the store is not.
const REFRESH_EVERY: Duration = Duration::from_secs(240);
/// How long the store is left alone by suspects after it failed.
const LEAVE_ALONE_FOR: Duration = Duration::from_secs(1);

/// What this node may have missed.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// Counts the times that this node heard again. What was loaded before the last one may have missed a change.
    gaps: AtomicU64,
    /// Nothing is heard: the way to the others is cut.
    is_cut_off: AtomicBool,
    /// Nothing is heard: the listener is dead.
    is_deaf: AtomicBool,
    /// There are others to hear from.
    has_listened: AtomicBool,
    /// When the store last failed, in milliseconds and one; zero when it answered since.
    store_failed_ms: AtomicU64,
}

/// When a tenant was last checked against the store. One per resident tenant.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The last gap before it was loaded.
    gaps: AtomicU64,
    /// The last gap after which a request has waited for a load in vain.
    waited: AtomicU64,
    /// When a load last began.
    begun_ms: AtomicU64,
}

/// How a tenant in memory may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// As it is.
    AsItIs,
    /// As it is, and it is to be loaded again behind.
    LoadBehind,
    /// After another load, or as it is when that fails.
    LoadFirst,
}

impl Doubts {
    /// Returns how a tenant may be used now. `LoadBehind` is returned to one caller in a while.
    pub(crate) fn how_to_use(&self, checked: &Checked, now: Duration) -> Use {
        let gaps = self.gaps();
        let is_checked = checked.covers(gaps);
        let every = if is_checked && self.hears() { REFRESH_EVERY } else { CHECK_EVERY };
        if self.has_store_failed_lately(now) {
            Use::AsItIs
        } else if !is_checked && checked.waited.load(Ordering::Acquire) < gaps {
            Use::LoadFirst
        } else if self.has_listened.load(Ordering::Acquire) && checked.is_due(now, every) {
            Use::LoadBehind
        } else {
            Use::AsItIs
        }
    }

    /// Returns how often this node heard again. To be read before a load begins.
    pub(crate) fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Acquire)
    }

    /// Returns whether this node hears of changes, as far as it knows.
    pub(super) fn hears(&self) -> bool {
        !self.is_cut_off.load(Ordering::Acquire) && !self.is_deaf.load(Ordering::Acquire)
    }

    /// Notes that nothing is heard from now on.
    pub(super) fn cut_off(&self) {
        self.is_cut_off.store(true, Ordering::Release);
    }

    /// Notes that changes are heard again. Every tenant in memory is suspect once.
    pub(super) fn resume(&self) {
        self.gaps.fetch_add(1, Ordering::AcqRel);
        self.is_cut_off.store(false, Ordering::Release);
    }

    /// Notes that the listener has died.
    pub(super) fn lose_listener(&self) {
        self.is_deaf.store(true, Ordering::Release);
    }

    /// Notes that a listener listens. What was told while there was none is lost.
    pub(super) fn gain_listener(&self) {
        self.has_listened.store(true, Ordering::Release);
        if self.is_deaf.load(Ordering::Acquire) {
            self.gaps.fetch_add(1, Ordering::AcqRel);
            self.is_deaf.store(false, Ordering::Release);
        }
    }

    /// Notes that the store answered.
    pub(crate) fn note_store_answered(&self) {
        // Read first: written at each load, the line would be torn from every thread.
        if self.store_failed_ms.load(Ordering::Relaxed) != 0 {
            self.store_failed_ms.store(0, Ordering::Relaxed);
        }
    }

    /// Notes that the store did not answer.
    pub(crate) fn note_store_failed(&self, now: Duration) {
        self.store_failed_ms.store(millis(now).saturating_add(1), Ordering::Relaxed);
    }

    fn has_store_failed_lately(&self, now: Duration) -> bool {
        let failed_ms = self.store_failed_ms.load(Ordering::Relaxed);
        failed_ms != 0 && millis(now).saturating_sub(failed_ms) < millis(LEAVE_ALONE_FOR)
    }
}

impl Checked {
    /// Returns whether it was loaded after this gap.
    pub(crate) fn covers(&self, gaps: u64) -> bool {
        self.gaps.load(Ordering::Acquire) >= gaps
    }

    /// Notes that a load begins.
    pub(crate) fn note_load(&self, now: Duration) {
        self.begun_ms.store(millis(now), Ordering::Relaxed);
    }

    /// Notes what a load has published that began after this gap.
    pub(crate) fn confirm(&self, gaps: u64) {
        self.gaps.fetch_max(gaps, Ordering::AcqRel);
    }

    /// Notes that a request waited in vain after this gap: the next ones do not.
    pub(super) fn note_waited(&self, gaps: u64) {
        self.waited.fetch_max(gaps, Ordering::AcqRel);
    }

    /// Returns whether it is time for another load, to one of all who ask.
    fn is_due(&self, now: Duration, every: Duration) -> bool {
        let begun_ms = self.begun_ms.load(Ordering::Relaxed);
        let is_old = millis(now).saturating_sub(begun_ms) >= millis(every);
        let order = Ordering::Relaxed;
        is_old && self.begun_ms.compare_exchange(begun_ms, millis(now), order, order).is_ok()
    }
}

fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
