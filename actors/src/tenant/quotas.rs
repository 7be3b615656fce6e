//! What is left of a key's limits: counted here where a node is alone, leased where nodes share them (`leased.rs`).

use std::sync::Arc;
use std::time::Duration;

use domain::{ApiKey, RateLimits};
use resilience::{Allowance, KeyQuotas, LimitExceeded};

use super::leased::{LeasedQuotas, Waiting};
use super::lessor::Lessor;

/// A key's quotas. Cheap to clone; outlive the snapshot.
#[derive(Debug, Clone)]
pub(crate) enum Quotas {
    /// This node counts alone.
    Alone(Arc<KeyQuotas>),
    /// Nodes share the key's limits.
    Leased(Arc<LeasedQuotas>),
}

/// How a request is charged.
#[derive(Debug)]
#[must_use = "a charge that is not looked at refuses nobody"]
pub enum Charge {
    /// It is decided.
    Done(Result<Allowance, LimitExceeded>),
    /// A lease is asked for, and decides. Dropped, it charges nothing that is not shared out already.
    Wait(Waiting),
}

impl Quotas {
    /// Returns quotas of which nothing is used.
    pub(super) fn new(lessor: Option<&Arc<Lessor>>, key: &ApiKey) -> Self {
        match lessor {
            None => Self::Alone(Arc::default()),
            Some(lessor) => Self::Leased(Arc::new(LeasedQuotas::new(Arc::clone(lessor), key))),
        }
    }

    /// Charges one request to both quotas, or to neither.
    pub(super) fn charge(&self, limits: RateLimits, now: Duration) -> Charge {
        match self {
            Self::Alone(quotas) => Charge::Done(quotas.charge(limits, now)),
            Self::Leased(quotas) => quotas.charge(limits),
        }
    }
}

impl Charge {
    /// Returns what is left, once it is decided: at once, or after one call to what divides the limits, which is bounded.
    ///
    /// # Errors
    /// [`LimitExceeded`] when a limit is reached.
    pub async fn decided(self) -> Result<Allowance, LimitExceeded> {
        match self {
            Self::Done(result) => result,
            Self::Wait(waiting) => waiting.decided().await,
        }
    }
}
