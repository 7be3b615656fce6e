//! Tenants, sealed as the store has them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{CacheError, TenantCache};
use domain::{KeyHash, SealedTenant, TenantId};
use moka::sync::Cache;

use crate::LocalCache;

const KEYS_FOR: Duration = Duration::from_secs(5 * 60);
const CREDENTIALS_FOR: Duration = Duration::from_secs(10 * 60);
const ACCOUNT_FOR: Duration = Duration::from_secs(60 * 60);
/// How long after a change nothing is kept: longer than a read of the store that began before it takes to arrive here.
const FORGOTTEN_FOR: Duration = Duration::from_secs(10);
const MOST_TENANTS: u64 = 10_000;
const MOST_KEYS: u64 = 100_000;

#[derive(Debug)]
struct Kept {
    tenant: SealedTenant,
    until: Duration,
}

#[derive(Debug)]
pub(crate) struct KeptTenants {
    tenants: Cache<TenantId, Arc<Kept>>,
    owners: Cache<KeyHash, (TenantId, Duration)>,
    forgotten: Cache<TenantId, Duration>,
}

impl KeptTenants {
    pub(crate) fn new() -> Self {
        Self {
            tenants: Cache::builder().max_capacity(MOST_TENANTS).time_to_live(ACCOUNT_FOR).build(),
            owners: Cache::builder().max_capacity(MOST_KEYS).time_to_live(KEYS_FOR).build(),
            forgotten: Cache::builder().max_capacity(MOST_TENANTS).time_to_live(FORGOTTEN_FOR).build(),
        }
    }
}

/// All of a tenant goes with the part that goes first.
const fn lifetime_of(tenant: &SealedTenant) -> Duration {
    if !tenant.keys.is_empty() {
        KEYS_FOR
    } else if !tenant.services.is_empty() {
        CREDENTIALS_FOR
    } else {
        ACCOUNT_FOR
    }
}

fn hashes_of(tenant: &SealedTenant) -> impl Iterator<Item = KeyHash> {
    tenant.keys.iter().flat_map(|key| [Some(key.hash), key.retired.map(|retired| retired.hash)]).flatten()
}

#[async_trait]
impl TenantCache for LocalCache {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, CacheError> {
        let now = self.clock.monotonic();
        let owner = self.tenants.owners.get(&hash).filter(|(_, until)| now < *until);
        Ok(owner.map(|(tenant, _)| tenant))
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, CacheError> {
        let now = self.clock.monotonic();
        let kept = self.tenants.tenants.get(&tenant).filter(|kept| now < kept.until);
        Ok(kept.map(|kept| kept.tenant.clone()))
    }

    async fn keep(&self, tenant: &SealedTenant) -> Result<(), CacheError> {
        let now = self.clock.monotonic();
        let id = tenant.tenant.id;
        if self.tenants.forgotten.get(&id).is_some_and(|until| now < until) {
            return Ok(());
        }
        for hash in hashes_of(tenant) {
            self.tenants.owners.insert(hash, (id, now.saturating_add(KEYS_FOR)));
        }
        let until = now.saturating_add(lifetime_of(tenant));
        self.tenants.tenants.insert(id, Arc::new(Kept { tenant: tenant.clone(), until }));
        Ok(())
    }

    async fn forget(&self, tenant: TenantId) -> Result<(), CacheError> {
        let until = self.clock.monotonic().saturating_add(FORGOTTEN_FOR);
        self.tenants.forgotten.insert(tenant, until);
        if let Some(kept) = self.tenants.tenants.remove(&tenant) {
            for hash in hashes_of(&kept.tenant) {
                self.tenants.owners.invalidate(&hash);
            }
        }
        Ok(())
    }
}
