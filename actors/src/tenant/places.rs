//! Places for calls under way: how many one tenant may have at a provider, and at all of them together.

use std::sync::atomic::{AtomicU32, Ordering};

/// Places. Who takes one gives it back with [`Places::leave`].
#[derive(Debug)]
pub(super) struct Places {
    under_way: AtomicU32,
    most: u32,
}

impl Places {
    /// Returns free places.
    pub(super) const fn new(most: u32) -> Self {
        Self { under_way: AtomicU32::new(0), most }
    }

    /// Takes a place, and returns whether there was one.
    pub(super) fn enter(&self) -> bool {
        let order = Ordering::Relaxed;
        let more = |under_way: u32| (under_way < self.most).then(|| under_way.saturating_add(1));
        self.under_way.fetch_update(order, order, more).is_ok()
    }

    /// Gives a place back.
    pub(super) fn leave(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns how many are taken.
    pub(super) fn taken(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }
}
