//! The wallets of one platform key, a minute's and a day's: a request is spent from both, or from neither.

use std::time::Duration;

use domain::ports::Lease;
use domain::{QuotaWindow, RateLimits};

use super::key::limit_of;
use super::wallet::{Demand, LeaseAsk, Standing, Unspent, Wallet};
use super::{Allowance, LimitExceeded};

/// What a node has leased of one key's limits.
#[derive(Debug)]
pub struct KeyWallets {
    minute: Wallet,
    day: Wallet,
}

/// What came of spending a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// It is spent.
    Passed(Allowance),
    /// All nodes together have none left.
    Exceeded(LimitExceeded),
    /// Nothing is leased, and the lessor did not answer a moment ago.
    Away,
    /// Nothing is leased: to be asked for.
    Empty,
}

impl Default for KeyWallets {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyWallets {
    /// Returns empty wallets.
    pub const fn new() -> Self {
        Self { minute: Wallet::new(QuotaWindow::Minute), day: Wallet::new(QuotaWindow::Day) }
    }

    /// Spends one request of both limits, or of neither.
    pub fn spend(&mut self, limits: RateLimits, now: Duration) -> Spending {
        match (self.minute.standing(now), self.day.standing(now)) {
            (Standing::Ready, Standing::Ready) => {
                self.minute.spend(now);
                self.day.spend(now);
                Spending::Passed(self.allowance(limits, now))
            }
            (Standing::Refused(minute), Standing::Refused(day)) if day >= minute => {
                self.exceeded(limits, now, QuotaWindow::Day, day)
            }
            (Standing::Refused(wait), _) => self.exceeded(limits, now, QuotaWindow::Minute, wait),
            (_, Standing::Refused(wait)) => self.exceeded(limits, now, QuotaWindow::Day, wait),
            (Standing::Away, _) | (_, Standing::Away) => Spending::Away,
            (Standing::Empty, _) | (_, Standing::Empty) => Spending::Empty,
        }
    }

    /// Returns whether more is to be leased ahead.
    pub fn is_low(&self, now: Duration) -> bool {
        self.minute.is_low(now) || self.day.is_low(now)
    }

    /// Returns what is to be leased now, with so many requests waiting and so many nodes at work. Each is to be answered by
    /// [`Self::grant`] or [`Self::miss`] before this is called again.
    pub fn ask(
        &mut self,
        limits: RateLimits,
        nodes: u32,
        waiting: u32,
        now: Duration,
    ) -> [Option<LeaseAsk>; 2] {
        let demand = |window| Demand { limit: limit_of(window, limits).requests.get(), nodes, waiting };
        [self.minute.ask(demand(QuotaWindow::Minute), now), self.day.ask(demand(QuotaWindow::Day), now)]
    }

    /// Takes the answer to `ask`. Those who wait are to spend it next, then [`Self::drain`] takes out what is over.
    pub fn grant(&mut self, ask: &LeaseAsk, lease: Lease) {
        self.wallet(ask.window).grant(ask, lease);
    }

    /// Notes that `ask` got no answer.
    pub fn miss(&mut self, ask: &LeaseAsk, now: Duration) {
        self.wallet(ask.window).miss(now);
    }

    /// Takes out what must not be spent any more, to be given back.
    pub fn drain(&mut self, now: Duration) -> Vec<Unspent> {
        let mut unspent = Vec::new();
        self.minute.drain(now, &mut unspent);
        self.day.drain(now, &mut unspent);
        unspent
    }

    /// Returns when the next lease ends, if any is held.
    pub fn next_end(&self) -> Option<Duration> {
        [self.minute.next_end(), self.day.next_end()].into_iter().flatten().min()
    }

    /// Returns what is left of both, as far as it is known here.
    pub fn allowance(&self, limits: RateLimits, now: Duration) -> Allowance {
        let limit = |window| limit_of(window, limits).requests.get();
        Allowance {
            minute: self.minute.remaining(limit(QuotaWindow::Minute), now),
            day: self.day.remaining(limit(QuotaWindow::Day), now),
        }
    }

    const fn wallet(&mut self, window: QuotaWindow) -> &mut Wallet {
        match window {
            QuotaWindow::Minute => &mut self.minute,
            QuotaWindow::Day => &mut self.day,
        }
    }

    fn exceeded(
        &self,
        limits: RateLimits,
        now: Duration,
        which: QuotaWindow,
        retry_after: Duration,
    ) -> Spending {
        Spending::Exceeded(LimitExceeded { which, retry_after, allowance: self.allowance(limits, now) })
    }
}

#[cfg(test)]
mod tests;
