//! A table of bounded size, in memory that is taken once. When it is full, the entry that matters least makes room.
//!
//! Where an entry goes is the work of a secret hash, so that nobody can choose whom to push out: eight entries share a
//! bucket, and a newcomer takes the place of the lightest of the eight. Looking up takes no lock; adding locks one bucket.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Entries that share a bucket.
const WAYS: usize = 8;

/// What a table holds: atomic, and as good as never added when it is clear.
pub(crate) trait Entry: Default {
    /// Forgets everything.
    fn clear(&self);
}

/// A table of at most so many entries, by key. Of keys only a hash is kept: two that share its 64 bits share an entry.
#[derive(Debug)]
pub(crate) struct Table<E> {
    hasher: RandomState,
    buckets: Box<[Bucket<E>]>,
}

#[derive(Debug, Default)]
struct Bucket<E> {
    slots: [Slot<E>; WAYS],
    adding: Mutex<()>,
}

#[derive(Debug, Default)]
struct Slot<E> {
    /// The key's hash; zero: nobody's.
    tag: AtomicU64,
    entry: E,
}

impl<E: Entry> Table<E> {
    /// Returns an empty table for so many entries, rounded up to whole buckets.
    pub(crate) fn new(entries: usize) -> Self {
        let buckets = entries.div_ceil(WAYS).max(1);
        Self { hasher: RandomState::new(), buckets: (0..buckets).map(|_| Bucket::default()).collect() }
    }

    /// Returns a key's entry, if it has one.
    pub(crate) fn get(&self, key: &impl Hash) -> Option<&E> {
        let tag = self.tag(key);
        self.bucket(tag)?.find(tag)
    }

    /// Returns a key's entry. A new one takes the place of the one with the least weight; the weight of an entry that says
    /// nothing any more is zero.
    pub(crate) fn get_or_add(&self, key: &impl Hash, weight: impl Fn(&E) -> u64) -> Option<&E> {
        let tag = self.tag(key);
        let bucket = self.bucket(tag)?;
        bucket.find(tag).or_else(|| bucket.add(tag, weight))
    }

    /// Returns how many entries have any weight. Looks at all of them.
    pub(crate) fn count(&self, weight: impl Fn(&E) -> u64) -> usize {
        let slots = self.buckets.iter().flat_map(|bucket| &bucket.slots);
        slots.filter(|slot| slot.tag.load(Ordering::Relaxed) != 0 && weight(&slot.entry) > 0).count()
    }

    fn tag(&self, key: &impl Hash) -> u64 {
        self.hasher.hash_one(key).max(1)
    }

    fn bucket(&self, tag: u64) -> Option<&Bucket<E>> {
        let buckets = u64::try_from(self.buckets.len()).ok()?;
        let index = usize::try_from(tag.checked_rem(buckets)?).ok()?;
        self.buckets.get(index)
    }
}

impl<E: Entry> Bucket<E> {
    fn find(&self, tag: u64) -> Option<&E> {
        let mut slots = self.slots.iter();
        slots.find(|slot| slot.tag.load(Ordering::Acquire) == tag).map(|slot| &slot.entry)
    }

    /// Whoever found the one that goes a moment ago may still write to it: the newcomer starts with that one's last request.
    #[cold]
    fn add(&self, tag: u64, weight: impl Fn(&E) -> u64) -> Option<&E> {
        // Held for some instructions; it guards no data, so that a panic leaves nothing half done.
        let adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = self.find(tag) {
            return Some(entry);
        }
        let weight_of = |slot: &&Slot<E>| match slot.tag.load(Ordering::Relaxed) {
            0 => 0,
            _ => weight(&slot.entry),
        };
        let slot = self.slots.iter().min_by_key(weight_of)?;
        slot.entry.clear();
        slot.tag.store(tag, Ordering::Release);
        drop(adding);
        Some(&slot.entry)
    }
}
