//! One metric's series by label values: found without a lock, made once, and bounded in number.

use std::collections::HashMap;
use std::hash::Hash;

use arc_swap::ArcSwap;

/// The most series of one family. Label values are words of the source code, so it is never reached; were a mistake to put
/// something open into a label, memory and Prometheus survive it.
pub(super) const MAX_SERIES: usize = 1024;

/// The label values of a series.
pub(super) trait Labels: Copy + Eq + Hash {
    /// What stands for everything beyond [`MAX_SERIES`].
    const OTHER: Self;
}

impl Labels for &'static str {
    const OTHER: Self = super::series::OTHER;
}

/// The series of one metric.
pub(super) struct Family<K, S> {
    series: ArcSwap<HashMap<K, S>>,
}

impl<K: Labels, S: Clone> Family<K, S> {
    pub(super) fn new() -> Self {
        Self { series: ArcSwap::from_pointee(HashMap::new()) }
    }

    /// Hands the series of `key` to `write`, after making it where it is new.
    pub(super) fn with(&self, key: K, make: impl Fn(K) -> S, write: impl FnOnce(&S)) {
        if let Some(series) = self.series.load().get(&key) {
            return write(series);
        }
        write(&self.add(key, make));
    }

    /// Two threads may make the same series at once: the recorder gives both the same one.
    #[cold]
    fn add(&self, key: K, make: impl Fn(K) -> S) -> S {
        let key = if self.series.load().len() < MAX_SERIES { key } else { K::OTHER };
        let made = make(key);
        self.series.rcu(|present| {
            let mut grown = HashMap::clone(present);
            grown.entry(key).or_insert_with(|| made.clone());
            grown
        });
        made
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.series.load().len()
    }
}
