//! The quotas of one platform key, a minute's and a day's: both are charged, or neither.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::{QuotaWindow, RateLimits};

use super::{Quota, QuotaExhausted, QuotaLimit, Standing};

/// What is left of one of a key's quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// Which one.
    pub window: QuotaWindow,
    /// How many requests it has in all.
    pub limit: u32,
    /// How many more would pass now.
    pub remaining: u32,
    /// How long until the whole quota is there again, if nothing else is asked.
    pub reset_after: Duration,
}

/// What is left of a key's quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The minute's.
    pub minute: Remaining,
    /// The day's.
    pub day: Remaining,
}

/// A request beyond a key's quotas; neither was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} requests a {}", self.exceeded().limit, which.as_str())]
pub struct LimitExceeded {
    /// Which quota is exhausted; where both are, the one that takes longer.
    pub which: QuotaWindow,
    /// How long until both let a request through. Greater than zero.
    pub retry_after: Duration,
    /// What is left of both.
    pub allowance: Allowance,
}

/// The quotas of one key: 16 bytes, lock-free.
#[derive(Debug, Default)]
pub struct KeyQuotas {
    minute: Quota,
    day: Quota,
}

/// Returns a window's limit.
pub(super) fn limit_of(window: QuotaWindow, limits: RateLimits) -> QuotaLimit {
    let requests = match window {
        QuotaWindow::Minute => limits.per_minute,
        QuotaWindow::Day => limits.per_day,
    };
    // A key's limits are at least 1; a row that says otherwise is read as 1.
    let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
    QuotaLimit { requests, window: window.length() }
}

impl Remaining {
    /// Returns what is left of a minute's quota that is no key's own.
    pub const fn of_minute(limit: u32, standing: Standing) -> Self {
        let Standing { remaining, reset_after } = standing;
        Self { window: QuotaWindow::Minute, limit, remaining, reset_after }
    }
}

impl Allowance {
    /// Returns the quota that will refuse first: the one with the fewest requests left, the minute's among equals.
    pub const fn tightest(&self) -> &Remaining {
        if self.day.remaining < self.minute.remaining { &self.day } else { &self.minute }
    }
}

impl LimitExceeded {
    /// Returns the quota that is exhausted.
    pub const fn exceeded(&self) -> &Remaining {
        match self.which {
            QuotaWindow::Minute => &self.allowance.minute,
            QuotaWindow::Day => &self.allowance.day,
        }
    }
}

impl KeyQuotas {
    /// Returns quotas of which nothing is used.
    pub const fn new() -> Self {
        Self { minute: Quota::new(), day: Quota::new() }
    }

    /// Charges one request to both quotas, or to neither, and returns what is left.
    ///
    /// # Errors
    /// [`LimitExceeded`] when either is exhausted.
    pub fn charge(&self, limits: RateLimits, now: Duration) -> Result<Allowance, LimitExceeded> {
        let minute = limit_of(QuotaWindow::Minute, limits);
        let day = limit_of(QuotaWindow::Day, limits);
        // A look first: without it a key whose day is used up would take from its minute and give back at each request,
        // and `give_back` is needed only when two requests race for the day's last one.
        if let Err(exhausted) = self.day.check(day, now) {
            return Err(self.day_exceeded(limits, now, exhausted));
        }
        let minute_left = match self.minute.charge(minute, now) {
            Ok(left) => left,
            Err(exhausted) => {
                return Err(self.exceeded(limits, now, QuotaWindow::Minute, exhausted));
            }
        };
        match self.day.charge(day, now) {
            Ok(day_left) => Ok(allowance(limits, minute_left, day_left)),
            Err(exhausted) => {
                self.minute.give_back(minute);
                Err(self.exceeded(limits, now, QuotaWindow::Day, exhausted))
            }
        }
    }

    /// Charges one request to a node's share of both quotas, an equal one for each of `nodes`. What is left is of the share;
    /// the limits told are the key's.
    ///
    /// # Errors
    /// [`LimitExceeded`] when either share is exhausted.
    pub fn charge_share(
        &self,
        limits: RateLimits,
        nodes: u32,
        now: Duration,
    ) -> Result<Allowance, LimitExceeded> {
        let share = |limit: u32| limit.checked_div(nodes).unwrap_or(limit).max(1);
        let shares = RateLimits { per_minute: share(limits.per_minute), per_day: share(limits.per_day) };
        let of_key = |mut allowance: Allowance| {
            allowance.minute.limit = limit_of(QuotaWindow::Minute, limits).requests.get();
            allowance.day.limit = limit_of(QuotaWindow::Day, limits).requests.get();
            allowance
        };
        self.charge(shares, now)
            .map(of_key)
            .map_err(|exceeded| LimitExceeded { allowance: of_key(exceeded.allowance), ..exceeded })
    }

    /// Returns what is left of both.
    pub fn allowance(&self, limits: RateLimits, now: Duration) -> Allowance {
        allowance(
            limits,
            self.minute.standing(limit_of(QuotaWindow::Minute, limits), now),
            self.day.standing(limit_of(QuotaWindow::Day, limits), now),
        )
    }

    /// The day is exhausted; the minute may be as well, and take longer.
    fn day_exceeded(&self, limits: RateLimits, now: Duration, day: QuotaExhausted) -> LimitExceeded {
        match self.minute.check(limit_of(QuotaWindow::Minute, limits), now) {
            Err(minute) if minute.retry_after > day.retry_after => {
                self.exceeded(limits, now, QuotaWindow::Minute, minute)
            }
            _ => self.exceeded(limits, now, QuotaWindow::Day, day),
        }
    }

    fn exceeded(
        &self,
        limits: RateLimits,
        now: Duration,
        which: QuotaWindow,
        exhausted: QuotaExhausted,
    ) -> LimitExceeded {
        LimitExceeded { which, retry_after: exhausted.retry_after, allowance: self.allowance(limits, now) }
    }
}

fn allowance(limits: RateLimits, minute: Standing, day: Standing) -> Allowance {
    let remaining = |window: QuotaWindow, standing: Standing| Remaining {
        window,
        limit: limit_of(window, limits).requests.get(),
        remaining: standing.remaining,
        reset_after: standing.reset_after,
    };
    Allowance { minute: remaining(QuotaWindow::Minute, minute), day: remaining(QuotaWindow::Day, day) }
}

#[cfg(test)]
mod tests;
