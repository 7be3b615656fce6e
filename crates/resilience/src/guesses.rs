//! Guessing a secret: after some failures in a row each further guess has to wait, twice as long as the one before.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::table::{Entry, Table};

/// Bits for the time of the last failure, in milliseconds: two million years. The eight above count failures.
const TIME_BITS: u32 = 56;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// How many guesses are free, and how long the others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessPolicy {
    /// Failures in a row after which guesses wait; 1 to 200.
    pub free: u8,
    /// How long after the last failure, and its wait, all are forgotten.
    pub forget_after: Duration,
    /// The first wait; it doubles with each failure.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

/// A guess comes too early: it is not to be looked at, be it right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many guesses, the next in {} ms", retry_after.as_millis())]
pub struct TooManyGuesses {
    /// How long until the next guess is looked at. Greater than zero.
    pub retry_after: Duration,
}

/// Who guesses, or what is guessed: bounded, however many there are. When it is full, who failed least makes room.
#[derive(Debug)]
pub struct GuessTable {
    policy: GuessPolicy,
    guesses: Table<Guesses>,
}

/// The failures of one key, and when the last one was.
#[derive(Debug, Default)]
struct Guesses(AtomicU64);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u8,
    last_ms: u64,
}

impl Entry for Guesses {
    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Failures {
    fn unpack(packed: u64) -> Self {
        Self { count: u8::try_from(packed >> TIME_BITS).unwrap_or(u8::MAX), last_ms: packed & TIME_MASK }
    }

    fn pack(self) -> u64 {
        (u64::from(self.count) << TIME_BITS) | (self.last_ms & TIME_MASK)
    }
}

impl GuessPolicy {
    /// Returns how long after the last failure the next guess is looked at.
    fn wait_ms(self, count: u8) -> u64 {
        let Some(doublings) = count.checked_sub(self.free) else { return 0 };
        let factor = 1_u64.checked_shl(doublings.into()).unwrap_or(u64::MAX);
        millis(self.first_wait).saturating_mul(factor).min(millis(self.longest_wait))
    }

    /// Returns the failures that still count.
    fn standing(self, packed: u64, now_ms: u64) -> Failures {
        let failures = Failures::unpack(packed);
        let wait = self.wait_ms(failures.count).saturating_add(millis(self.forget_after));
        if now_ms >= failures.last_ms.saturating_add(wait) {
            return Failures { count: 0, last_ms: now_ms };
        }
        failures
    }
}

impl GuessTable {
    /// Returns a table for at most so many keys (rounded up to the next eight).
    pub fn new(policy: GuessPolicy, keys: usize) -> Self {
        Self { policy, guesses: Table::new(keys) }
    }

    /// Returns how many guesses are free, and how long the others wait.
    pub const fn policy(&self) -> GuessPolicy {
        self.policy
    }

    /// Begins a guess. It counts as a failure from now on, so that guesses at the same time do not all pass; the end of one
    /// that is none is told by [`Self::forget`] or [`Self::take_back`].
    ///
    /// # Errors
    /// [`TooManyGuesses`]: it must not be looked at. It does not count.
    pub fn begin(&self, key: &impl Hash, now: Duration) -> Result<(), TooManyGuesses> {
        let now_ms = millis(now);
        let Some(guesses) = self.guesses.get_or_add(key, |guesses| self.weight(guesses, now_ms)) else {
            return Ok(());
        };
        let mut seen = guesses.0.load(Ordering::Relaxed);
        loop {
            let failures = self.policy.standing(seen, now_ms);
            let free_at = failures.last_ms.saturating_add(self.policy.wait_ms(failures.count));
            if let Some(wait) = free_at.checked_sub(now_ms).filter(|wait| *wait > 0) {
                return Err(TooManyGuesses { retry_after: Duration::from_millis(wait) });
            }
            let next = Failures { count: failures.count.saturating_add(1), last_ms: now_ms }.pack();
            match guesses.0.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }

    /// Forgets a key's failures: the secret was known.
    pub fn forget(&self, key: &impl Hash) {
        if let Some(guesses) = self.guesses.get(key) {
            guesses.clear();
        }
    }

    /// Takes back one guess that was begun a moment ago and was none.
    pub fn take_back(&self, key: &impl Hash) {
        if let Some(guesses) = self.guesses.get(key) {
            guesses.0.update(Ordering::Relaxed, Ordering::Relaxed, |packed| {
                let failures = Failures::unpack(packed);
                Failures { count: failures.count.saturating_sub(1), ..failures }.pack()
            });
        }
    }

    /// Returns what would be forgotten: failures first, then how long ago they were.
    fn weight(&self, guesses: &Guesses, now_ms: u64) -> u64 {
        let failures = self.policy.standing(guesses.0.load(Ordering::Relaxed), now_ms);
        if failures.count == 0 { 0 } else { failures.pack() }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
