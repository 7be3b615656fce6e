//! One quota for each of many keys that nobody has vouched for, such as addresses: bounded, however many there are.

use std::hash::Hash;
use std::time::Duration;

use super::{Quota, QuotaExhausted, QuotaLimit, Standing};
use crate::nanos;
use crate::table::{Entry, Table};

/// Quotas by key, all with the same limit: some 17 bytes each, taken once.
///
/// When the table is full, a newcomer takes the place of the key that owes least. A key that is refused owes a whole window
/// and stays: to push it out takes eight others of its bucket, which is a secret, that owe as much.
#[derive(Debug)]
pub struct QuotaTable {
    limit: QuotaLimit,
    quotas: Table<Quota>,
}

impl Entry for Quota {
    fn clear(&self) {
        self.forget();
    }
}

impl QuotaTable {
    /// Returns a table for at most so many keys (rounded up to the next eight), of which nothing is used.
    pub fn new(limit: QuotaLimit, keys: usize) -> Self {
        Self { limit, quotas: Table::new(keys) }
    }

    /// Returns the limit of each.
    pub const fn limit(&self) -> QuotaLimit {
        self.limit
    }

    /// Takes one request from a key's quota and returns what is left.
    ///
    /// # Errors
    /// [`QuotaExhausted`] when nothing is left.
    pub fn charge(&self, key: &impl Hash, now: Duration) -> Result<Standing, QuotaExhausted> {
        match self.quotas.get_or_add(key, |quota| owed(quota, now)) {
            Some(quota) => quota.charge(self.limit, now),
            None => Ok(Quota::new().standing(self.limit, now)),
        }
    }

    /// Returns what would be left after one more request, without charging it.
    ///
    /// # Errors
    /// [`QuotaExhausted`] when nothing is left.
    pub fn check(&self, key: &impl Hash, now: Duration) -> Result<Standing, QuotaExhausted> {
        match self.quotas.get(key) {
            Some(quota) => quota.check(self.limit, now),
            None => Quota::new().check(self.limit, now),
        }
    }

    /// Gives back one request that was charged a moment ago.
    pub fn give_back(&self, key: &impl Hash) {
        if let Some(quota) = self.quotas.get(key) {
            quota.give_back(self.limit);
        }
    }

    /// Returns how many keys owe anything. Looks at the whole table.
    pub fn count(&self, now: Duration) -> usize {
        self.quotas.count(|quota| owed(quota, now))
    }
}

/// Returns what would be forgotten with a quota.
fn owed(quota: &Quota, now: Duration) -> u64 {
    quota.whole_again_at_ns().saturating_sub(nanos::from_duration(now))
}

#[cfg(test)]
mod tests;
