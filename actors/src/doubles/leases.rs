//! A lessor in memory: sliding windows that count each lease from the end of its spending on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{CacheError, Lease, LeaseRequest, QuotaLeases};
use domain::{Clock, KeyId, QuotaWindow};
use testkit::ManualClock;

use super::{Fault, Hold};

/// Divides limits among the trees of a test.
#[derive(Debug)]
pub(crate) struct LeasesDouble {
    clock: Arc<ManualClock>,
    windows: Mutex<HashMap<(KeyId, QuotaWindow), Vec<Taken>>>,
    pub(crate) calls: Hold,
    pub(crate) fault: Fault,
    pub(crate) requests: Mutex<Vec<LeaseRequest>>,
    pub(crate) given_back: Mutex<Vec<(QuotaWindow, u32)>>,
    pub(crate) nodes: AtomicU32,
    pub(crate) tellings: Hold,
    leases: AtomicU32,
}

#[derive(Debug)]
struct Taken {
    lease: String,
    requests: u32,
    counts_until: Duration,
}

impl LeasesDouble {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            windows: Mutex::default(),
            calls: Hold::default(),
            fault: Fault::default(),
            requests: Mutex::default(),
            given_back: Mutex::default(),
            nodes: AtomicU32::new(1),
            tellings: Hold::default(),
            leases: AtomicU32::new(0),
        }
    }

    /// Returns how many requests count in a window.
    pub(crate) fn taken(&self, key: KeyId, window: QuotaWindow) -> u32 {
        let windows = self.windows.lock().unwrap();
        windows.get(&(key, window)).map_or(0, |taken| taken.iter().map(|taken| taken.requests).sum())
    }

    /// Returns how many of a window were asked for, call by call.
    pub(crate) fn wanted(&self, window: QuotaWindow) -> Vec<u32> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.window == window).map(|request| request.want).collect()
    }

    fn strike(&self, doing: &'static str) -> Result<(), CacheError> {
        let away = |error| CacheError::Unavailable { doing, source: Box::new(error) };
        self.fault.strike(doing).map_err(away)
    }
}

#[async_trait]
impl QuotaLeases for LeasesDouble {
    async fn lease(&self, request: LeaseRequest) -> Result<Lease, CacheError> {
        self.requests.lock().unwrap().push(request);
        self.calls.pass().await;
        tokio::task::yield_now().await;
        self.strike("leasing")?;
        let now = self.clock.monotonic();
        let mut windows = self.windows.lock().unwrap();
        let taken = windows.entry((request.key, request.window)).or_default();
        taken.retain(|taken| taken.counts_until > now);
        let used: u32 = taken.iter().map(|taken| taken.requests).sum();
        let granted = request.want.min(request.limit.saturating_sub(used));
        let lease = self.leases.fetch_add(1, Ordering::SeqCst).to_string();
        if granted > 0 {
            let counts_until = now + request.spend_within + request.window.length();
            taken.push(Taken { lease: lease.clone(), requests: granted, counts_until });
        }
        let remaining = request.limit.saturating_sub(used + granted);
        let first = taken.iter().map(|taken| taken.counts_until).min().unwrap_or(now);
        let last = taken.iter().map(|taken| taken.counts_until).max().unwrap_or(now);
        let retry_after = if remaining > 0 { Duration::ZERO } else { first - now };
        Ok(Lease { id: lease.into(), granted, remaining, retry_after, reset_after: last - now })
    }

    async fn give_back(
        &self,
        key: KeyId,
        window: QuotaWindow,
        lease: &str,
        unspent: u32,
    ) -> Result<(), CacheError> {
        self.strike("giving back")?;
        self.given_back.lock().unwrap().push((window, unspent));
        if let Some(taken) = self.windows.lock().unwrap().get_mut(&(key, window)) {
            let of_lease = taken.iter_mut().find(|taken| taken.lease == lease);
            of_lease.into_iter().for_each(|taken| taken.requests -= unspent);
            taken.retain(|taken| taken.requests > 0);
        }
        Ok(())
    }

    async fn nodes(&self) -> Result<u32, CacheError> {
        self.tellings.pass().await;
        self.strike("counting nodes")?;
        Ok(self.nodes.load(Ordering::SeqCst))
    }
}
