//! Who divides limits among nodes, as seen from here: asks it in time, knows how many nodes there are, and has threads to do
//! so behind requests.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_rt::ArbiterHandle;
use domain::ports::{Lease, LeaseRequest, QuotaLeases};
use domain::{Clock, KeyId, TenantId};
use resilience::{LeaseAsk, Unspent};

use crate::placement::arbiter_of;

/// How often this node tells that it is there.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(5);

/// A net under the cache, which bounds its calls itself, as configured: above what anybody lets requests wait for Redis.
const AT_MOST: Duration = Duration::from_secs(2);

/// What a lessor needs.
pub(crate) struct LessorParams {
    pub(crate) leases: Arc<dyn QuotaLeases>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Arc<telemetry::Catalog>,
    /// The tenants' threads.
    pub(crate) arbiters: Box<[ArbiterHandle]>,
}

/// Divides limits among nodes; the same for all keys.
pub(crate) struct Lessor {
    params: LessorParams,
    nodes: AtomicU32,
}

impl fmt::Debug for Lessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lessor").field("nodes", &self.nodes()).finish_non_exhaustive()
    }
}

impl Lessor {
    pub(crate) const fn new(params: LessorParams) -> Self {
        Self { params, nodes: AtomicU32::new(1) }
    }

    /// Returns the time. A request's own time is when it came, and it may have waited since: too old to tell a lease's end.
    pub(super) fn now(&self) -> Duration {
        self.params.clock.monotonic()
    }

    /// Returns how many nodes there were when last heard; at least 1.
    pub(super) fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Notes that a request passed on this node's share.
    pub(super) fn note_local_share(&self) {
        self.params.catalog.passed_on_local_share();
    }

    /// Tells that this node is there, and notes how many there are; the last number stays while nobody answers.
    pub(crate) async fn tell(&self) {
        match tokio::time::timeout(AT_MOST, self.params.leases.nodes()).await {
            Ok(Ok(nodes)) => self.nodes.store(nodes.max(1), Ordering::Relaxed),
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "nodes could not be counted");
            }
            Err(_elapsed) => tracing::debug!("nodes were not counted in time"),
        }
    }

    /// Asks for a lease. `None` when there is no answer in time.
    pub(super) async fn ask(&self, key: KeyId, ask: &LeaseAsk) -> Option<Lease> {
        let request = LeaseRequest {
            key,
            window: ask.window,
            limit: ask.limit,
            want: ask.want,
            spend_within: ask.spend_within,
        };
        match tokio::time::timeout(AT_MOST, self.params.leases.lease(request)).await {
            Ok(Ok(lease)) => Some(lease),
            Ok(Err(error)) => {
                // The cache counts and tells its failures itself.
                tracing::debug!(error = &error as &dyn std::error::Error, "nothing could be leased");
                None
            }
            Err(_elapsed) => {
                tracing::warn!(timeout_ms = AT_MOST.as_millis(), "nothing was leased in time");
                None
            }
        }
    }

    /// Gives back what was not spent. What cannot be given back returns by itself when its window is over.
    pub(super) async fn give_back(&self, key: KeyId, unspent: Vec<Unspent>) {
        for Unspent { window, lease, requests } in unspent {
            let giving = self.params.leases.give_back(key, window, &lease, requests);
            if let Ok(Err(error)) = tokio::time::timeout(AT_MOST, giving).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a lease could not be given back");
            }
        }
    }

    /// Does something behind requests, on the tenant's thread.
    pub(super) fn spawn(&self, tenant: TenantId, work: impl Future<Output = ()> + Send + 'static) {
        arbiter_of(&self.params.arbiters, tenant).spawn(work);
    }
}
