//! What is left of a key's limits: counted here where a node is alone, leased where nodes share them (`leased.rs`).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::{ApiKey, RateLimits};
use resilience::{Allowance, KeyQuotas, LimitExceeded};

use super::endpoints::EndpointQuotas;
use super::leased::{LeasedQuotas, Waiting};
use super::lessor::Lessor;

/// A key's quotas. Cheap to clone; outlive the snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Quotas {
    pub(super) of_key: KeyShare,
    /// None where no endpoint has a limit.
    pub(super) endpoints: Option<Arc<EndpointQuotas>>,
}

/// Who counts a key's own limits.
#[derive(Debug, Clone)]
pub(super) enum KeyShare {
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
    pub(super) fn new(lessor: Option<&Arc<Lessor>>, key: &ApiKey, endpoints: &Arc<[NonZeroU32]>) -> Self {
        let of_key = match lessor {
            None => KeyShare::Alone(Arc::default()),
            Some(lessor) => KeyShare::Leased(Arc::new(LeasedQuotas::new(Arc::clone(lessor), key))),
        };
        Self { of_key, endpoints: EndpointQuotas::new(endpoints, lessor) }
    }

    /// Charges one request to both quotas, or to neither.
    pub(super) fn charge(&self, limits: RateLimits, now: Duration) -> Charge {
        match &self.of_key {
            KeyShare::Alone(quotas) => Charge::Done(quotas.charge(limits, now)),
            KeyShare::Leased(quotas) => quotas.charge(limits),
        }
    }

    /// Returns what is left of both, as far as it is known here.
    pub(super) fn allowance(&self, limits: RateLimits, now: Duration) -> Allowance {
        match &self.of_key {
            KeyShare::Alone(quotas) => quotas.allowance(limits, now),
            KeyShare::Leased(quotas) => quotas.allowance(limits),
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
