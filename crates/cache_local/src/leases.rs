//! Leases of limits: one node, so that dividing is only counting.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::ports::{CacheError, Lease, LeaseRequest, QuotaLeases};
use domain::{KeyId, QuotaWindow};

use crate::LocalCache;
use crate::cache::lock;
use crate::window::Window;

/// With fewer windows nobody looks for those that are over.
const FEW: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<Windows>);

#[derive(Debug, Default)]
struct Windows {
    windows: HashMap<(KeyId, QuotaWindow), Window>,
    /// How many there were after the last look for those that are over.
    lasting: usize,
}

#[async_trait]
impl QuotaLeases for LocalCache {
    async fn lease(&self, request: LeaseRequest) -> Result<Lease, CacheError> {
        let now = self.clock.monotonic();
        let mut limits = lock(&self.limits.0);
        if limits.windows.len() >= limits.lasting.max(FEW).saturating_mul(2) {
            limits.windows.retain(|(_, window), leases| !leases.is_over(window.length(), now));
            limits.lasting = limits.windows.len();
        }
        Ok(limits.windows.entry((request.key, request.window)).or_default().lease(&request, now))
    }

    async fn give_back(
        &self,
        key: KeyId,
        window: QuotaWindow,
        lease: &str,
        unspent: u32,
    ) -> Result<(), CacheError> {
        if let Some(leases) = lock(&self.limits.0).windows.get_mut(&(key, window)) {
            leases.give_back(lease, unspent);
        }
        Ok(())
    }

    async fn nodes(&self) -> Result<u32, CacheError> {
        Ok(1)
    }
}
