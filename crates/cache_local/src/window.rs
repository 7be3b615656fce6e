//! One limit's sliding window over leases: who holds how many requests, and until when they count. `now` is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use domain::ports::{Lease, LeaseRequest};

/// Up to this many leases are counted one by one; of more, those of the same slice are counted together.
const MOST_EXACT: usize = 200;
const SLICES: u32 = 200;

/// The leases of a limit, by the last moment at which they may be spent.
#[derive(Debug, Default)]
pub(crate) struct Window {
    leases: VecDeque<Held>,
    ids: u64,
}

#[derive(Debug)]
struct Held {
    id: u64,
    /// The last moment at which it may be spent. It counts for a window's length after that.
    last: Duration,
    count: u32,
}

impl Window {
    pub(crate) fn lease(&mut self, request: &LeaseRequest, now: Duration) -> Lease {
        let length = request.window.length();
        self.let_go(length, now);
        let used = self.leases.iter().fold(0_u32, |sum, held| sum.saturating_add(held.count));
        let granted = request.want.min(request.limit.saturating_sub(used));
        let id = if granted == 0 { 0 } else { self.hold(request, granted, now) };
        let used = used.saturating_add(granted);
        Lease {
            id: format!("{id}/{granted}").into(),
            granted,
            remaining: request.limit.saturating_sub(used),
            retry_after: self.until_used_is_below(request.limit, used, length, now),
            reset_after: self.leases.back().map_or(Duration::ZERO, |held| left(held.last, length, now)),
        }
    }

    pub(crate) fn give_back(&mut self, lease: &str, unspent: u32) {
        let Some((id, granted)) = parse(lease) else { return };
        let Some(at) = self.leases.iter().position(|held| held.id == id) else { return };
        if let Some(held) = self.leases.get_mut(at) {
            held.count = held.count.saturating_sub(unspent.min(granted));
            if held.count == 0 {
                self.leases.remove(at);
            }
        }
    }

    /// Returns whether nothing counts any more.
    pub(crate) fn is_over(&mut self, length: Duration, now: Duration) -> bool {
        self.let_go(length, now);
        self.leases.is_empty()
    }

    fn let_go(&mut self, length: Duration, now: Duration) {
        while self.leases.front().is_some_and(|held| left(held.last, length, now).is_zero()) {
            self.leases.pop_front();
        }
    }

    fn hold(&mut self, request: &LeaseRequest, count: u32, now: Duration) -> u64 {
        let length = request.window.length();
        let last = now.saturating_add(request.spend_within.min(length));
        let after = self.leases.partition_point(|held| held.last <= last);
        if self.leases.len() >= MOST_EXACT {
            let slice = |last: Duration| last.as_nanos() / (length / SLICES).as_nanos().max(1);
            // The newest of the slice: it may be made to last a little longer, and the order stays.
            let beyond = self.leases.partition_point(|held| slice(held.last) <= slice(last));
            let newest = beyond.checked_sub(1).and_then(|at| self.leases.get_mut(at));
            if let Some(held) = newest.filter(|held| slice(held.last) == slice(last)) {
                held.last = held.last.max(last);
                held.count = held.count.saturating_add(count);
                return held.id;
            }
        }
        self.ids = self.ids.wrapping_add(1);
        self.leases.insert(after, Held { id: self.ids, last, count });
        self.ids
    }

    fn until_used_is_below(&self, limit: u32, used: u32, length: Duration, now: Duration) -> Duration {
        let mut used = used;
        if used < limit {
            return Duration::ZERO;
        }
        for held in &self.leases {
            used = used.saturating_sub(held.count);
            if used < limit {
                return left(held.last, length, now);
            }
        }
        length
    }
}

/// How long something spent at `last` still counts.
fn left(last: Duration, length: Duration, now: Duration) -> Duration {
    last.saturating_add(length).saturating_sub(now)
}

fn parse(lease: &str) -> Option<(u64, u32)> {
    let (id, granted) = lease.split_once('/')?;
    Some((id.parse().ok()?, granted.parse().ok()?))
}

#[cfg(test)]
mod tests;
