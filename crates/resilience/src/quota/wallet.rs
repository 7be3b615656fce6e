//! A wallet: what a node has leased of one limit that all nodes share, and what it last heard of the rest. How much is
//! leased is decided here; who asks, and who waits meanwhile, is not.
//!
//! A quiet key leases one request at a time, for the request that waits for it: exact, as if there were one counter. A busy
//! key leases more, ahead: twice as much each time that it asks again before the last lease's end. What is not spent by
//! then is given back and never spent.

use std::collections::VecDeque;
use std::time::Duration;

use domain::QuotaWindow;
use domain::ports::Lease;

use super::Remaining;

/// A limit up to this is leased one request at a time.
const ALWAYS_EXACT: u32 = 200;
/// A node leases this fraction of a limit ahead at most.
const LARGEST_LEASE: u32 = 100;
/// All nodes together have at most a 20th of a limit lying unused. A node can have one and a half leases: one was half spent
/// when the next was asked for.
const SHARE_OF_A_NODE: u32 = 30;
/// How long a refusal is believed: others may have given back meanwhile.
const BELIEVE_REFUSAL: Duration = Duration::from_secs(1);
/// What is told when the answer names no time.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// How long a key is not asked for again after the lessor was away.
const AWAY_FOR: Duration = Duration::from_millis(100);

/// Leased requests of one limit.
#[derive(Debug)]
pub(super) struct Wallet {
    window: QuotaWindow,
    /// The one that ends first before the others.
    held: VecDeque<Held>,
    /// How much is leased ahead at a time.
    size: u32,
    last_asked: Option<Duration>,
    /// How many were left for all nodes.
    shared_left: u32,
    whole_again_at: Duration,
    next_at: Duration,
    refused_until: Duration,
    away_until: Duration,
}

/// A lease that is not spent.
#[derive(Debug)]
struct Held {
    lease: Box<str>,
    granted: u32,
    left: u32,
    spend: Spend,
}

/// When a lease may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spend {
    /// By those who wait for it as it comes.
    AtOnce,
    /// Until then.
    Until(Duration),
}

/// What a wallet allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has requests.
    Ready,
    /// All nodes together have none, for so long.
    Refused(Duration),
    /// It has none and the lessor did not answer a moment ago.
    Away,
    /// It has none and may ask.
    Empty,
}

/// A lease to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseAsk {
    /// Of which limit.
    pub window: QuotaWindow,
    /// How many requests the limit allows in the window.
    pub limit: u32,
    /// How many are wanted.
    pub want: u32,
    /// How long after `asked_at` they may be spent; zero when all are for requests that wait.
    pub spend_within: Duration,
    /// When this was decided.
    pub asked_at: Duration,
}

/// What is left of a lease and is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unspent {
    /// Of which limit.
    pub window: QuotaWindow,
    /// The lease.
    pub lease: Box<str>,
    /// How many; at least 1.
    pub requests: u32,
}

/// For whom is leased.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub(super) limit: u32,
    pub(super) nodes: u32,
    pub(super) waiting: u32,
}

impl Held {
    fn is_spendable(&self, now: Duration) -> bool {
        match self.spend {
            Spend::AtOnce => true,
            Spend::Until(end) => now <= end,
        }
    }
}

impl Wallet {
    pub(super) const fn new(window: QuotaWindow) -> Self {
        Self {
            window,
            held: VecDeque::new(),
            size: 1,
            last_asked: None,
            shared_left: u32::MAX,
            whole_again_at: Duration::ZERO,
            next_at: Duration::ZERO,
            refused_until: Duration::ZERO,
            away_until: Duration::ZERO,
        }
    }

    /// Returns how many requests may be spent.
    fn left(&self, now: Duration) -> u32 {
        let spendable = self.held.iter().filter(|held| held.is_spendable(now));
        spendable.fold(0, |sum, held| sum.saturating_add(held.left))
    }

    pub(super) fn standing(&self, now: Duration) -> Standing {
        if self.left(now) > 0 {
            Standing::Ready
        } else if now < self.refused_until {
            Standing::Refused(self.next_at.saturating_sub(now).max(SHORTEST_WAIT))
        } else if now < self.away_until {
            Standing::Away
        } else {
            Standing::Empty
        }
    }

    /// Spends one request, if there is one.
    pub(super) fn spend(&mut self, now: Duration) {
        let Some(index) = self.held.iter().position(|held| held.is_spendable(now)) else { return };
        let Some(held) = self.held.get_mut(index) else { return };
        held.left = held.left.saturating_sub(1);
        if held.left == 0 {
            self.held.remove(index);
        }
    }

    /// Returns whether so little is left that more is to be leased ahead. Never for a key that leases one at a time.
    pub(super) fn is_low(&self, now: Duration) -> bool {
        let may_ask = now >= self.refused_until && now >= self.away_until;
        may_ask && self.size > 1 && self.left(now) <= self.size / 2
    }

    /// Returns what is to be leased now for this demand, if anything.
    pub(super) fn ask(&mut self, demand: Demand, now: Duration) -> Option<LeaseAsk> {
        if now < self.refused_until || now < self.away_until {
            return None;
        }
        let missing = demand.waiting.saturating_sub(self.left(now));
        if missing == 0 && !self.is_low(now) {
            return None;
        }
        self.size = self.next_size(demand, now);
        if missing == 0 && self.size == 1 {
            return None;
        }
        self.last_asked = Some(now);
        let spend_within = if self.size == 1 { Duration::ZERO } else { spend_time(self.window) };
        Some(LeaseAsk {
            window: self.window,
            limit: demand.limit,
            want: self.size.max(missing),
            spend_within,
            asked_at: now,
        })
    }

    fn next_size(&self, demand: Demand, now: Duration) -> u32 {
        let spend_time = spend_time(self.window);
        let size = match self.last_asked.map(|asked_at| now.saturating_sub(asked_at)) {
            Some(since) if since <= spend_time => self.size.saturating_mul(2),
            Some(since) if since <= spend_time.saturating_mul(2) => self.size,
            _ => 1,
        };
        size.min(largest_lease(demand)).max(1)
    }

    /// Takes the answer to `ask`.
    pub(super) fn grant(&mut self, ask: &LeaseAsk, lease: Lease) {
        self.shared_left = lease.remaining;
        self.whole_again_at = ask.asked_at.saturating_add(lease.reset_after);
        self.next_at = ask.asked_at.saturating_add(lease.retry_after);
        self.away_until = Duration::ZERO;
        // From before the asking on, so that it is believed no longer than it is true.
        let is_refusal = lease.granted == 0 || !lease.retry_after.is_zero();
        let believed = lease.retry_after.clamp(SHORTEST_WAIT, BELIEVE_REFUSAL);
        self.refused_until = if is_refusal { ask.asked_at.saturating_add(believed) } else { Duration::ZERO };
        if lease.granted == 0 {
            return;
        }
        let held = |spend| Held { lease: lease.id, granted: lease.granted, left: lease.granted, spend };
        if ask.spend_within.is_zero() {
            self.held.push_front(held(Spend::AtOnce));
        } else {
            self.held.push_back(held(Spend::Until(ask.asked_at.saturating_add(ask.spend_within))));
        }
    }

    /// Notes that `ask` got no answer.
    pub(super) fn miss(&mut self, now: Duration) {
        self.away_until = now.saturating_add(AWAY_FOR);
        // What was not leased was not spent: no reason for more.
        self.last_asked = None;
    }

    /// Takes out what must not be spent any more: leases past their end, and those of whom nobody waits any more. To be called
    /// when an answer has been shared out among those who waited.
    pub(super) fn drain(&mut self, now: Duration, unspent: &mut Vec<Unspent>) {
        let window = self.window;
        let mut size = self.size;
        self.held.retain_mut(|held| {
            let is_over = held.spend == Spend::AtOnce || !held.is_spendable(now);
            if is_over {
                size = size.min(held.granted.saturating_sub(held.left).max(1));
                unspent.push(Unspent { window, lease: std::mem::take(&mut held.lease), requests: held.left });
            }
            !is_over
        });
        self.size = size;
    }

    /// Returns when the next lease ends.
    pub(super) fn next_end(&self) -> Option<Duration> {
        self.held.iter().find_map(|held| match held.spend {
            Spend::AtOnce => None,
            Spend::Until(end) => Some(end),
        })
    }

    /// Returns what is left, as far as it is known here.
    pub(super) fn remaining(&self, limit: u32, now: Duration) -> Remaining {
        let is_refused = matches!(self.standing(now), Standing::Refused(_));
        // What was heard is of another time when all should be back.
        let shared_left = if now >= self.whole_again_at { limit } else { self.shared_left };
        Remaining {
            window: self.window,
            limit,
            remaining: if is_refused { 0 } else { self.left(now).saturating_add(shared_left).min(limit) },
            reset_after: self.whole_again_at.saturating_sub(now),
        }
    }
}

/// Returns how long a lease that is made ahead may be spent.
const fn spend_time(window: QuotaWindow) -> Duration {
    match window {
        QuotaWindow::Minute => Duration::from_secs(1),
        QuotaWindow::Day => Duration::from_secs(10),
    }
}

fn largest_lease(demand: Demand) -> u32 {
    if demand.limit <= ALWAYS_EXACT {
        return 1;
    }
    let fraction = demand.nodes.saturating_mul(SHARE_OF_A_NODE).max(LARGEST_LEASE);
    demand.limit.checked_div(fraction).unwrap_or(1).max(1)
}
