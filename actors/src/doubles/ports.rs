//! A directory of tenants and a shop for tokens, in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{StoreError, TenantDirectory};
use domain::{Credentials, KeyHash, ProviderId, SealedTenant, Secret, TenantId};

use super::{Fault, Hold};
use crate::{FetchedToken, TokenFailure, TokenSource};

/// Tenants and keys.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) tenants: Mutex<HashMap<TenantId, SealedTenant>>,
    pub(crate) owners: Mutex<HashMap<KeyHash, TenantId>>,
    /// Tenants whose loads panic.
    pub(crate) cursed: Mutex<HashSet<TenantId>>,
    pub(crate) searches: Hold,
    pub(crate) loads: Hold,
    pub(crate) search_fault: Fault,
    pub(crate) load_fault: Fault,
}

impl Directory {
    /// Changes a tenant's row.
    pub(crate) fn change(&self, tenant: TenantId, change: impl FnOnce(&mut SealedTenant)) {
        change(self.tenants.lock().unwrap().get_mut(&tenant).unwrap());
    }
}

#[async_trait]
impl TenantDirectory for Directory {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        self.searches.pass().await;
        self.search_fault.strike("looking up a key")?;
        Ok(self.owners.lock().unwrap().get(&hash).copied())
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        let sealed = self.tenants.lock().unwrap().get(&tenant).cloned();
        self.loads.pass().await;
        let is_cursed = self.cursed.lock().unwrap().contains(&tenant);
        if is_cursed || self.cursed.lock().unwrap().is_empty() {
            self.load_fault.strike("loading a tenant")?;
        }
        Ok(sealed)
    }
}

/// Sells tokens: `token-1`, `token-2`, …
#[derive(Debug)]
pub(crate) struct TokenShop {
    pub(crate) sales: Hold,
    pub(crate) fault: Fault,
    pub(crate) expires_in: Mutex<Duration>,
}

impl Default for TokenShop {
    fn default() -> Self {
        Self {
            sales: Hold::default(),
            fault: Fault::default(),
            expires_in: Mutex::new(Duration::from_secs(3600)),
        }
    }
}

#[async_trait]
impl TokenSource for TokenShop {
    async fn fetch(&self, _: ProviderId, _: &Credentials) -> Result<FetchedToken, TokenFailure> {
        self.sales.pass().await;
        let number = self.sales.count();
        self.fault.strike("selling a token").map_err(|_away| TokenFailure::Unreachable)?;
        let expires_in = *self.expires_in.lock().unwrap();
        Ok(FetchedToken { secret: Secret::new(format!("token-{number}")), expires_in })
    }
}
