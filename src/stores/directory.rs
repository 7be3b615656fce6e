//! The directory of tenants with a cache behind it: the store is asked first, so that what it has revoked is never served
//! from a copy; the copy serves those tenants that have to be loaded while the store is away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{CacheError, StoreError, TenantCache, TenantDirectory};
use domain::{KeyHash, SealedTenant, TenantId};

/// How long the store may take before the copy is looked at. A load is a millisecond where all is well.
const PATIENCE: Duration = Duration::from_secs(1);

/// A directory on a store, with copies of what was loaded.
#[derive(Debug)]
pub(super) struct CachedDirectory {
    pub(super) store: Arc<dyn TenantDirectory>,
    pub(super) cache: Arc<dyn TenantCache>,
}

#[async_trait]
impl TenantDirectory for CachedDirectory {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        match in_time("looking up whose key it is", self.store.owner_of_key(hash)).await {
            Err(away @ StoreError::Unavailable { .. }) => {
                // That the cache knows nothing says nothing: the key may still be good.
                copied(self.cache.owner_of_key(hash).await).map(Some).ok_or(away)
            }
            answered => answered,
        }
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        match in_time("loading a tenant", self.store.load(tenant)).await {
            Err(away @ StoreError::Unavailable { .. }) => {
                copied(self.cache.load(tenant).await).map(Some).ok_or(away)
            }
            Ok(Some(loaded)) => {
                if let Err(error) = self.cache.keep(&loaded).await {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a tenant was not copied");
                }
                Ok(Some(loaded))
            }
            answered => answered,
        }
    }
}

async fn in_time<T>(
    doing: &'static str,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let slow = |elapsed| StoreError::Unavailable { doing, may_be_done: false, source: Box::new(elapsed) };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|elapsed| Err(slow(elapsed)))
}

fn copied<T>(found: Result<Option<T>, CacheError>) -> Option<T> {
    found.unwrap_or_else(|error| {
        tracing::debug!(error = &error as &dyn std::error::Error, "a copy of a tenant cannot be read");
        None
    })
}

#[cfg(test)]
mod tests;
