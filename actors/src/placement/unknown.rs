//! Keys that the store does not know: remembered for a while, so that guessing keys does not become load on the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use domain::KeyHash;

/// A bounded set of unknown keys.
#[derive(Debug)]
pub(super) struct UnknownKeys {
    secrets: DashMap<KeyHash, Duration>,
    most: usize,
    remember_for: Duration,
    /// Counts changes, after which nothing that was looked up before may be remembered.
    epoch: AtomicU64,
}

/// The state of the store's keys when a search began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl UnknownKeys {
    pub(super) fn new(most: usize, remember_for: Duration) -> Self {
        Self { secrets: DashMap::new(), most, remember_for, epoch: AtomicU64::new(0) }
    }

    /// Returns whether a key was found unknown not long ago.
    pub(super) fn contains(&self, secret: KeyHash, now: Duration) -> bool {
        self.secrets.get(&secret).is_some_and(|until| now < *until)
    }

    /// Returns the present epoch, to be read before a search.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    /// Remembers a key, unless something changed since the search began.
    pub(super) fn insert(&self, secret: KeyHash, now: Duration, epoch: Epoch) {
        if self.most == 0 {
            return;
        }
        if self.secrets.len() >= self.most {
            // Full of guesses. Forgetting all of them costs a guesser's next round a search each, which is bounded, too.
            self.secrets.retain(|_, until| now < *until);
            if self.secrets.len() >= self.most {
                self.secrets.clear();
            }
        }
        self.secrets.insert(secret, now.saturating_add(self.remember_for));
        if self.epoch() != epoch {
            self.secrets.remove(&secret);
        }
    }

    /// Forgets every key.
    pub(super) fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.secrets.clear();
    }

    /// Forgets keys whose time is over.
    pub(super) fn prune(&self, now: Duration) {
        self.secrets.retain(|_, until| now < *until);
    }

    /// Returns how many keys are remembered.
    pub(super) fn len(&self) -> usize {
        self.secrets.len()
    }
}
