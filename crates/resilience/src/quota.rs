//! Quotas by GCRA: so many requests in a window, spread out after a burst. What a key's quotas are called is in `key.rs`.
//!
//! Not governor: a limiter of that crate is charged by itself and cannot give back, while all quotas of a key are charged or
//! none is; it reads its own clock, while here `now` is an argument; and it keeps a store of keys that must be swept, while
//! a quota here is eight bytes inside the key's own record.
//!
//! Where several nodes share a key's limits, requests are spent from leases instead: `wallets.rs`.

mod key;
mod table;
mod wallet;
mod wallets;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::nanos;

pub use key::{Allowance, KeyQuotas, LimitExceeded, Remaining};
pub use table::QuotaTable;
pub use wallet::{LeaseAsk, Unspent};
pub use wallets::{KeyWallets, Spending};

/// How many requests fit a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimit {
    /// How many; also the largest burst.
    pub requests: NonZeroU32,
    /// In which time they come back.
    pub window: Duration,
}

/// The state of one quota: eight bytes, lock-free.
///
/// Holds the *theoretical arrival time* of the generic cell rate algorithm: the moment at which the whole quota is there
/// again. A request moves it by one interval (window / requests), and is refused when it would then lie more than a window
/// ahead. So never more than `requests` pass at once, and over any time `t` at most `requests` × (1 + t / window).
#[derive(Debug, Default)]
pub struct Quota {
    whole_again_at_ns: AtomicU64,
}

/// What is left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many more requests would pass now.
    pub remaining: u32,
    /// How long until the whole quota is there again, if nothing else is asked.
    pub reset_after: Duration,
}

/// Nothing is left of a quota, and nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quota exhausted for {} ms", retry_after.as_millis())]
pub struct QuotaExhausted {
    /// How long until the next request passes. Greater than zero.
    pub retry_after: Duration,
}

impl QuotaLimit {
    /// Returns the time in which one request comes back. Rounded up, so that rounding never lets one more through.
    fn interval_ns(self) -> u64 {
        nanos::from_duration(self.window).div_ceil(u64::from(self.requests.get())).max(1)
    }

    /// Returns how far ahead of `now` the whole quota may lie when nothing is left of it.
    fn span_ns(self) -> u64 {
        self.interval_ns().saturating_mul(u64::from(self.requests.get()))
    }
}

impl Quota {
    /// Returns a quota of which nothing is used.
    pub const fn new() -> Self {
        Self { whole_again_at_ns: AtomicU64::new(0) }
    }

    /// Takes one request from the quota and returns what is left.
    ///
    /// # Errors
    /// [`QuotaExhausted`] when nothing is left.
    pub fn charge(&self, limit: QuotaLimit, now: Duration) -> Result<Standing, QuotaExhausted> {
        let now_ns = nanos::from_duration(now);
        // Relaxed throughout: the number stands for itself and orders no other memory.
        let mut seen = self.whole_again_at_ns.load(Ordering::Relaxed);
        loop {
            let charged = charge_once(seen, limit, now_ns)?;
            match self.whole_again_at_ns.compare_exchange_weak(
                seen,
                charged,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(standing(charged, limit, now_ns)),
                Err(changed) => seen = changed,
            }
        }
    }

    /// Returns what would be left after one more request, without charging it.
    ///
    /// # Errors
    /// [`QuotaExhausted`] when nothing is left.
    pub fn check(&self, limit: QuotaLimit, now: Duration) -> Result<Standing, QuotaExhausted> {
        let now_ns = nanos::from_duration(now);
        let charged = charge_once(self.whole_again_at_ns.load(Ordering::Relaxed), limit, now_ns)?;
        Ok(standing(charged, limit, now_ns))
    }

    /// Gives back one request that was charged with this limit a moment ago.
    ///
    /// Exact as long as nobody else charged meanwhile at a `now` later than the charge's; else it may give back more than
    /// is still owed, by the time between the two and by less than one request.
    pub fn give_back(&self, limit: QuotaLimit) {
        let interval_ns = limit.interval_ns();
        self.whole_again_at_ns.update(Ordering::Relaxed, Ordering::Relaxed, |whole_again| {
            whole_again.saturating_sub(interval_ns)
        });
    }

    /// Forgets all that was charged.
    pub(super) fn forget(&self) {
        self.whole_again_at_ns.store(0, Ordering::Relaxed);
    }

    /// Returns when the whole quota is there again.
    pub(super) fn whole_again_at_ns(&self) -> u64 {
        self.whole_again_at_ns.load(Ordering::Relaxed)
    }

    /// Returns what is left.
    pub fn standing(&self, limit: QuotaLimit, now: Duration) -> Standing {
        standing(self.whole_again_at_ns.load(Ordering::Relaxed), limit, nanos::from_duration(now))
    }
}

/// Returns when the quota is whole again after one more request at `now`.
fn charge_once(whole_again_at_ns: u64, limit: QuotaLimit, now_ns: u64) -> Result<u64, QuotaExhausted> {
    let charged = whole_again_at_ns.max(now_ns).saturating_add(limit.interval_ns());
    let latest = now_ns.saturating_add(limit.span_ns());
    match charged.checked_sub(latest) {
        None | Some(0) => Ok(charged),
        Some(too_far) => Err(QuotaExhausted { retry_after: Duration::from_nanos(too_far) }),
    }
}

fn standing(whole_again_at_ns: u64, limit: QuotaLimit, now_ns: u64) -> Standing {
    let owed_ns = whole_again_at_ns.saturating_sub(now_ns);
    let free_ns = limit.span_ns().saturating_sub(owed_ns);
    let remaining = u32::try_from(free_ns / limit.interval_ns()).unwrap_or(u32::MAX);
    Standing { remaining: remaining.min(limit.requests.get()), reset_after: Duration::from_nanos(owed_ns) }
}

#[cfg(test)]
mod tests;
