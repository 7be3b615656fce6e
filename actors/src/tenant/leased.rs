//! The quotas of a key whose limits nodes share: requests are spent from wallets, and those that find them empty wait for
//! one lease that they share. No mailbox: a mutex that is held for some instructions and never across an await.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ports::Lease;
use domain::{ApiKey, KeyId, RateLimits, TenantId};
use resilience::{Allowance, KeyQuotas, KeyWallets, LeaseAsk, LimitExceeded, Spending, Unspent};
use tokio::sync::oneshot;

use super::Charge;
use super::lessor::Lessor;
use crate::lock::lock;

/// What is asked for at once: of the minute, of the day.
type Asks = [Option<LeaseAsk>; 2];

/// A key's leased quotas.
#[derive(Debug)]
pub(crate) struct LeasedQuotas {
    tenant: TenantId,
    key: KeyId,
    lessor: Arc<Lessor>,
    /// What this node lets through by itself while the lessor is away. Requests on leases do not count here: a node that
    /// served all of a key's traffic would refuse a key that is within its limits.
    local: KeyQuotas,
    desk: Mutex<Desk>,
}

/// What is leased, and who waits.
#[derive(Debug)]
struct Desk {
    wallets: KeyWallets,
    waiting: VecDeque<Waiter>,
    /// The key's limits when it was last used. Others take effect with the next lease.
    limits: RateLimits,
    /// A lease is being asked for: one call a window at a time.
    is_asking: bool,
    /// Somebody looks when leases end.
    is_tended: bool,
}

/// A request that waits.
#[derive(Debug)]
struct Waiter {
    limits: RateLimits,
    answer: oneshot::Sender<Result<Allowance, LimitExceeded>>,
}

/// A charge that waits for a lease.
#[derive(Debug)]
pub struct Waiting {
    answer: oneshot::Receiver<Result<Allowance, LimitExceeded>>,
    quotas: Arc<LeasedQuotas>,
    limits: RateLimits,
}

impl Waiting {
    /// Waits for the decision.
    pub(super) async fn decided(self) -> Result<Allowance, LimitExceeded> {
        match self.answer.await {
            Ok(result) => result,
            // Nobody is left who would answer.
            Err(_closed) => self.quotas.charge_share(self.limits, self.quotas.lessor.now()),
        }
    }
}

impl Desk {
    /// Begins to ask for what is needed. `None` when nothing is, or somebody asks already.
    fn begin_asking(&mut self, nodes: u32, now: Duration) -> Option<Asks> {
        if self.is_asking {
            return None;
        }
        self.waiting.retain(|waiter| !waiter.answer.is_closed());
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let asks = self.wallets.ask(self.limits, nodes, waiting, now);
        self.is_asking = asks.iter().any(Option::is_some);
        self.is_asking.then_some(asks)
    }
}

impl LeasedQuotas {
    pub(super) fn new(lessor: Arc<Lessor>, key: &ApiKey) -> Self {
        let desk = Desk {
            wallets: KeyWallets::new(),
            waiting: VecDeque::new(),
            limits: key.limits,
            is_asking: false,
            is_tended: false,
        };
        Self { tenant: key.tenant, key: key.id, lessor, local: KeyQuotas::new(), desk: Mutex::new(desk) }
    }

    /// Charges one request. Decided here when both wallets have something or a refusal is known.
    pub(super) fn charge(self: &Arc<Self>, limits: RateLimits) -> Charge {
        let now = self.lessor.now();
        let mut desk = lock(&self.desk);
        desk.limits = limits;
        match desk.wallets.spend(limits, now) {
            Spending::Passed(allowance) => {
                let asks =
                    if desk.wallets.is_low(now) { desk.begin_asking(self.lessor.nodes(), now) } else { None };
                drop(desk);
                self.ask(asks);
                Charge::Done(Ok(allowance))
            }
            Spending::Exceeded(exceeded) => Charge::Done(Err(exceeded)),
            Spending::Away => {
                drop(desk);
                Charge::Done(self.charge_share(limits, now))
            }
            Spending::Empty => {
                let (sender, answer) = oneshot::channel();
                desk.waiting.push_back(Waiter { limits, answer: sender });
                let asks = desk.begin_asking(self.lessor.nodes(), now);
                drop(desk);
                self.ask(asks);
                Charge::Wait(Waiting { answer, quotas: Arc::clone(self), limits })
            }
        }
    }

    /// Returns what is left of both, as far as it is known here.
    pub(super) fn allowance(&self, limits: RateLimits) -> Allowance {
        lock(&self.desk).wallets.allowance(limits, self.lessor.now())
    }

    fn charge_share(&self, limits: RateLimits, now: Duration) -> Result<Allowance, LimitExceeded> {
        let charged = self.local.charge_share(limits, self.lessor.nodes(), now);
        if charged.is_ok() {
            self.lessor.note_local_share();
        }
        charged
    }

    fn ask(self: &Arc<Self>, asks: Option<Asks>) {
        if asks.is_some() {
            let asking = Asking { quotas: Arc::clone(self), asks };
            self.lessor.spawn(self.tenant, asking.run());
        }
    }

    /// Takes answers, shares them out among those who wait, and returns what is to be asked for next.
    fn land(self: &Arc<Self>, asks: Asks, answers: [Option<Lease>; 2]) -> Option<Asks> {
        let now = self.lessor.now();
        let mut desk = lock(&self.desk);
        for (ask, answer) in asks.iter().zip(answers) {
            match (ask, answer) {
                (Some(ask), Some(lease)) => desk.wallets.grant(ask, lease),
                (Some(ask), None) => desk.wallets.miss(ask, now),
                (None, _) => {}
            }
        }
        desk.is_asking = false;
        self.serve(&mut desk, now);
        let unspent = desk.wallets.drain(now);
        let next = desk.begin_asking(self.lessor.nodes(), now);
        let must_tend = !desk.is_tended && desk.wallets.next_end().is_some();
        desk.is_tended |= must_tend;
        drop(desk);
        self.give_back(unspent);
        if must_tend {
            self.lessor.spawn(self.tenant, Arc::clone(self).tend());
        }
        next
    }

    /// Answers those who wait, first come first served, until another lease is needed.
    fn serve(&self, desk: &mut Desk, now: Duration) {
        while let Some(waiter) = desk.waiting.pop_front() {
            if waiter.answer.is_closed() {
                continue;
            }
            let result = match desk.wallets.spend(waiter.limits, now) {
                Spending::Passed(allowance) => Ok(allowance),
                Spending::Exceeded(exceeded) => Err(exceeded),
                Spending::Away => self.charge_share(waiter.limits, now),
                Spending::Empty => {
                    desk.waiting.push_front(waiter);
                    return;
                }
            };
            // Who has gone this very moment is charged, as if gone a moment later.
            waiter.answer.send(result).ok();
        }
    }

    fn give_back(self: &Arc<Self>, unspent: Vec<Unspent>) {
        if !unspent.is_empty() {
            let quotas = Arc::clone(self);
            let giving = async move { quotas.lessor.give_back(quotas.key, unspent).await };
            self.lessor.spawn(self.tenant, giving);
        }
    }

    /// Gives back what leases leave at their ends, until none is held.
    async fn tend(self: Arc<Self>) {
        while let Some(wait) = self.look_after() {
            // A little longer: at its very end a lease may still be spent.
            tokio::time::sleep(wait.saturating_add(Duration::from_millis(1))).await;
        }
    }

    /// Gives back what is over, and returns when to look again.
    fn look_after(self: &Arc<Self>) -> Option<Duration> {
        let now = self.lessor.now();
        let mut desk = lock(&self.desk);
        let unspent = desk.wallets.drain(now);
        let next = desk.wallets.next_end();
        desk.is_tended = next.is_some();
        drop(desk);
        self.give_back(unspent);
        next.map(|end| end.saturating_sub(now))
    }
}

/// A call under way. However it ends, those who wait are answered.
struct Asking {
    quotas: Arc<LeasedQuotas>,
    asks: Option<Asks>,
}

impl Asking {
    async fn run(mut self) {
        while let Some([minute, day]) = self.asks {
            let (minutes, days) = tokio::join!(self.ask(minute), self.ask(day));
            self.asks = self.quotas.land([minute, day], [minutes, days]);
        }
    }

    async fn ask(&self, ask: Option<LeaseAsk>) -> Option<Lease> {
        self.quotas.lessor.ask(self.quotas.key, &ask?).await
    }
}

impl Drop for Asking {
    /// A lessor that panicked, or a thread that is stopping: as good as no answer.
    fn drop(&mut self) {
        while let Some(asks) = self.asks {
            self.asks = self.quotas.land(asks, [None, None]);
        }
    }
}

#[cfg(test)]
mod tests;
