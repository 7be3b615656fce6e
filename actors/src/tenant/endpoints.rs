//! What is left of a key's limits at single endpoints, and the charge of all of a key's limits: all of them, or none.
//!
//! Where nodes share limits each has an equal part of an endpoint's: these limits keep one kind of request from crowding out
//! the others, which a part does as well, and a lease for each key and endpoint would be one more call to the cache.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::QuotaWindow;
use resilience::{Allowance, LimitExceeded, Quota, QuotaLimit, Remaining};

use super::KeyEntry;
use super::lessor::Lessor;

/// Which of the limited endpoints: its place in [`crate::TenantSettings::endpoints`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointIndex(pub usize);

/// What is left of all that a request was charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charged {
    /// Of the key's own limits.
    pub key: Allowance,
    /// Of the endpoint's, where it has one.
    pub endpoint: Option<Remaining>,
}

/// A request beyond a limit; none was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit of the key is reached")]
pub struct KeyExhausted {
    /// The key's own limit that is reached; none: it is the endpoint's.
    pub which: Option<QuotaWindow>,
    /// How long until the next request passes. Greater than zero.
    pub retry_after: Duration,
    /// What is left of all of them.
    pub left: Charged,
}

/// A key's quotas at the endpoints that have one. Outlives the snapshot.
#[derive(Debug)]
pub(super) struct EndpointQuotas {
    limits: Arc<[NonZeroU32]>,
    quotas: Box<[Quota]>,
    lessor: Option<Arc<Lessor>>,
}

/// A request that an endpoint's quota was charged with. Dropped, it is given back.
#[derive(Debug)]
struct Held<'a> {
    quota: &'a Quota,
    limit: QuotaLimit,
    left: Remaining,
    is_kept: bool,
}

impl EndpointQuotas {
    /// Returns quotas of which nothing is used; nothing where no endpoint has a limit.
    pub(super) fn new(limits: &Arc<[NonZeroU32]>, lessor: Option<&Arc<Lessor>>) -> Option<Arc<Self>> {
        if limits.is_empty() {
            return None;
        }
        let quotas = limits.iter().map(|_| Quota::new()).collect();
        Some(Arc::new(Self { limits: Arc::clone(limits), quotas, lessor: lessor.cloned() }))
    }

    /// Charges an endpoint's quota; nothing where it has none.
    ///
    /// # Errors
    /// What is left, and how long until the next request passes.
    fn hold(
        &self,
        endpoint: EndpointIndex,
        now: Duration,
    ) -> Result<Option<Held<'_>>, (Remaining, Duration)> {
        let found = self.limits.get(endpoint.0).zip(self.quotas.get(endpoint.0));
        let Some((of_key, quota)) = found else { return Ok(None) };
        let nodes = self.lessor.as_ref().map_or(1, |lessor| lessor.nodes());
        let part = of_key.get().checked_div(nodes).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let limit = QuotaLimit { requests: part, window: QuotaWindow::Minute.length() };
        match quota.charge(limit, now) {
            Ok(left) => {
                let left = Remaining::of_minute(of_key.get(), left);
                Ok(Some(Held { quota, limit, left, is_kept: false }))
            }
            Err(exhausted) => {
                let left = Remaining::of_minute(of_key.get(), quota.standing(limit, now));
                Err((left, exhausted.retry_after))
            }
        }
    }
}

impl Held<'_> {
    fn keep(mut self) -> Remaining {
        self.is_kept = true;
        self.left
    }

    fn give_back(self, now: Duration) -> Remaining {
        let (quota, limit, of_key) = (self.quota, self.limit, self.left.limit);
        drop(self);
        Remaining::of_minute(of_key, quota.standing(limit, now))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.quota.give_back(self.limit);
        }
    }
}

impl KeyEntry {
    /// Charges one request to the key's limits and to the endpoint's, or to none of them. Decided at once where this node is
    /// alone, else as [`super::Charge`] is. Dropped while it waits, it gives the endpoint's back.
    ///
    /// # Errors
    /// [`KeyExhausted`] when a limit is reached.
    pub async fn charge_at(
        &self,
        endpoint: Option<EndpointIndex>,
        now: Duration,
    ) -> Result<Charged, KeyExhausted> {
        let quotas = self.quotas.endpoints.as_deref();
        let held = match quotas.zip(endpoint).map(|(quotas, endpoint)| quotas.hold(endpoint, now)).transpose()
        {
            Ok(held) => held.flatten(),
            Err((endpoint, retry_after)) => {
                let key = self.quotas.allowance(self.key.limits, now);
                let left = Charged { key, endpoint: Some(endpoint) };
                return Err(KeyExhausted { which: None, retry_after, left });
            }
        };
        // The key's last: what was leased for it is not given back easily.
        match self.charge(now).decided().await {
            Ok(key) => Ok(Charged { key, endpoint: held.map(Held::keep) }),
            Err(LimitExceeded { which, retry_after, allowance }) => {
                let endpoint = held.map(|held| held.give_back(now));
                let left = Charged { key: allowance, endpoint };
                Err(KeyExhausted { which: Some(which), retry_after, left })
            }
        }
    }
}

#[cfg(test)]
mod tests;
