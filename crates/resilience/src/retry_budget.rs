//! A bound on retries: a share of the calls made, and a few a second for those who make few.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{Quota, QuotaLimit};

/// One retry, in hundredths, which is what a call earns parts of.
const ONE_RETRY: u32 = 100;
/// What quiet times may save up at most, so that an outage does not begin with a storm of saved retries.
const MAX_SAVED_RETRIES: u32 = 100;

/// How many retries there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudgetSettings {
    /// Retries per hundred calls, 0 to 100.
    pub percent_of_calls: u8,
    /// Retries a second that are there however few calls are made.
    pub min_per_second: NonZeroU32,
}

/// Why settings are no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetryBudgetError {
    /// More retries than calls would multiply an outage.
    #[error("retry budget's share must be at most 100 percent of calls")]
    ShareTooLarge,
}

/// No retry is left for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("retry budget is spent")]
pub struct BudgetSpent;

/// What is left to retry with, shared by all calls to one provider; lock-free.
///
/// Calls earn parts of a retry, and there is a reserve that time refills. A retry takes from both where both have something,
/// so that the two bounds do not add up: over time there are as many retries as the larger one allows.
#[derive(Debug)]
pub struct RetryBudget {
    earned_per_call: u32,
    reserve_limit: QuotaLimit,
    earned: AtomicU32,
    reserve: Quota,
}

impl RetryBudget {
    /// Returns a budget with its reserve full and nothing earned.
    ///
    /// # Errors
    /// [`RetryBudgetError::ShareTooLarge`] above 100 %.
    pub fn try_new(settings: RetryBudgetSettings) -> Result<Self, RetryBudgetError> {
        if settings.percent_of_calls > 100 {
            return Err(RetryBudgetError::ShareTooLarge);
        }
        Ok(Self {
            earned_per_call: u32::from(settings.percent_of_calls),
            reserve_limit: QuotaLimit { requests: settings.min_per_second, window: Duration::from_secs(1) },
            earned: AtomicU32::new(0),
            reserve: Quota::new(),
        })
    }

    /// Notes a call; its retries are not calls.
    pub fn note_call(&self) {
        self.earned.update(Ordering::Relaxed, Ordering::Relaxed, |earned| {
            earned.saturating_add(self.earned_per_call).min(MAX_SAVED_RETRIES * ONE_RETRY)
        });
    }

    /// Takes one retry.
    ///
    /// # Errors
    /// [`BudgetSpent`] when neither calls nor time have earned one.
    pub fn try_retry(&self, now: Duration) -> Result<(), BudgetSpent> {
        let was_earned = self
            .earned
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |earned| earned.checked_sub(ONE_RETRY))
            .is_ok();
        let was_in_reserve = self.reserve.charge(self.reserve_limit, now).is_ok();
        if was_earned || was_in_reserve { Ok(()) } else { Err(BudgetSpent) }
    }
}

#[cfg(test)]
mod tests;
