//! The store is what is asked; the copy answers only while it is away.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use testkit::conformance::samples;

use super::*;

/// A store with one tenant, which can be away or stand still.
#[derive(Debug)]
struct Store {
    tenant: Mutex<Option<SealedTenant>>,
    is_away: AtomicBool,
    stands_still: AtomicBool,
}

/// Copies; counts what was asked.
#[derive(Debug, Default)]
struct Copies {
    kept: Mutex<HashMap<TenantId, SealedTenant>>,
    is_away: AtomicBool,
    asked: AtomicU32,
}

impl Store {
    async fn answer(&self) -> Result<Option<SealedTenant>, StoreError> {
        if self.stands_still.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                doing: "testing",
                may_be_done: false,
                source: "gone".into(),
            });
        }
        Ok(self.tenant.lock().unwrap().clone())
    }
}

#[async_trait]
impl TenantDirectory for Store {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        let found = self.answer().await?;
        Ok(found.filter(|t| t.keys.iter().any(|key| key.hash == hash)).map(|t| t.tenant.id))
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        Ok(self.answer().await?.filter(|found| found.tenant.id == tenant))
    }
}

#[async_trait]
impl TenantCache for Copies {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, CacheError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let kept = self.kept.lock().unwrap();
        let owner = kept.values().find(|tenant| tenant.keys.iter().any(|key| key.hash == hash));
        Ok(owner.map(|tenant| tenant.tenant.id))
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, CacheError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(CacheError::Corrupt("a copy"));
        }
        Ok(self.kept.lock().unwrap().get(&tenant).cloned())
    }

    async fn keep(&self, tenant: &SealedTenant) -> Result<(), CacheError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(CacheError::Corrupt("a copy"));
        }
        self.kept.lock().unwrap().insert(tenant.tenant.id, tenant.clone());
        Ok(())
    }

    async fn forget(&self, tenant: TenantId) -> Result<(), CacheError> {
        self.kept.lock().unwrap().remove(&tenant);
        Ok(())
    }
}

fn stage() -> (Arc<Store>, Arc<Copies>, CachedDirectory, SealedTenant) {
    let new = samples::tenant();
    let sealed = SealedTenant {
        keys: vec![samples::key(new.tenant.id)],
        services: Vec::new(),
        tenant: new.tenant,
        data_key: new.data_key,
    };
    let store = Arc::new(Store {
        tenant: Mutex::new(Some(sealed.clone())),
        is_away: AtomicBool::new(false),
        stands_still: AtomicBool::new(false),
    });
    let copies = Arc::new(Copies::default());
    let directory = CachedDirectory { store: Arc::clone(&store) as _, cache: Arc::clone(&copies) as _ };
    (store, copies, directory, sealed)
}

#[tokio::test]
async fn what_was_loaded_is_served_from_the_copy_while_the_store_is_away_or_stands_still() {
    let (store, _, directory, sealed) = stage();
    let (tenant, hash) = (sealed.tenant.id, sealed.keys[0].hash);
    directory.load(tenant).await.unwrap().unwrap();
    store.is_away.store(true, Ordering::SeqCst);
    assert_eq!(directory.owner_of_key(hash).await.unwrap(), Some(tenant));
    assert_eq!(directory.load(tenant).await.unwrap().unwrap().keys, sealed.keys);
    store.stands_still.store(true, Ordering::SeqCst);
    assert_eq!(directory.load(tenant).await.unwrap().unwrap().keys, sealed.keys);
}

#[tokio::test]
async fn the_copy_is_not_asked_while_the_store_answers() {
    let (store, copies, directory, sealed) = stage();
    let (tenant, hash) = (sealed.tenant.id, sealed.keys[0].hash);
    directory.load(tenant).await.unwrap().unwrap();
    // Revoked: the copy still has the key.
    store.tenant.lock().unwrap().as_mut().unwrap().keys.clear();
    assert_eq!(directory.owner_of_key(hash).await.unwrap(), None);
    assert_eq!(directory.load(tenant).await.unwrap().unwrap().keys, []);
    assert_eq!(copies.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn without_a_copy_nothing_is_said_about_the_key() {
    let (store, _, directory, sealed) = stage();
    store.is_away.store(true, Ordering::SeqCst);
    assert!(matches!(directory.owner_of_key(sealed.keys[0].hash).await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(directory.load(sealed.tenant.id).await, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn a_cache_that_is_away_keeps_nobody_from_being_loaded() {
    let (_, copies, directory, sealed) = stage();
    copies.is_away.store(true, Ordering::SeqCst);
    assert!(directory.load(sealed.tenant.id).await.unwrap().is_some());
}
