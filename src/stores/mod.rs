//! What is kept, each concern by its port: on which engine is decided here, and what stands in front of it.

mod directory;
mod usage;

use std::sync::Arc;

use domain::ports::{
    Events, InstanceSecrets, Keys, Ledger, Services, StoreEngine, TenantCache, TenantDirectory, Tenants,
    TransactionLog, UsageCounters,
};

use directory::CachedDirectory;
use usage::CountedLog;

/// The store's concerns, each by its port.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Who signs in.
    pub tenants: Arc<dyn Tenants>,
    /// Platform keys.
    pub keys: Arc<dyn Keys>,
    /// Credentials.
    pub services: Arc<dyn Services>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// The transaction log.
    pub transactions: Arc<dyn TransactionLog>,
    /// What tenants are told of.
    pub events: Arc<dyn Events>,
    /// What serves a tenant.
    pub directory: Arc<dyn TenantDirectory>,
    /// The instance's own secrets.
    pub secrets: Arc<dyn InstanceSecrets>,
    /// The engine itself, for health, for chores and for closing.
    pub engine: Arc<dyn StoreEngine>,
}

impl Stores {
    /// Returns the ports of one engine.
    pub(crate) fn on<S>(store: S) -> Self
    where
        S: Tenants
            + Keys
            + Services
            + Ledger
            + TransactionLog
            + Events
            + TenantDirectory
            + InstanceSecrets
            + StoreEngine
            + 'static,
    {
        let shared = Arc::new(store);
        Self {
            tenants: Arc::clone(&shared) as Arc<dyn Tenants>,
            keys: Arc::clone(&shared) as Arc<dyn Keys>,
            services: Arc::clone(&shared) as Arc<dyn Services>,
            ledger: Arc::clone(&shared) as Arc<dyn Ledger>,
            transactions: Arc::clone(&shared) as Arc<dyn TransactionLog>,
            events: Arc::clone(&shared) as Arc<dyn Events>,
            directory: Arc::clone(&shared) as Arc<dyn TenantDirectory>,
            secrets: Arc::clone(&shared) as Arc<dyn InstanceSecrets>,
            engine: shared,
        }
    }

    /// Puts a cache behind the directory, for loads while the store is away, and counts what is logged.
    pub(crate) fn backed_by(mut self, cache: Arc<dyn TenantCache>, usage: Arc<dyn UsageCounters>) -> Self {
        self.directory = Arc::new(CachedDirectory { store: self.directory, cache });
        self.transactions = Arc::new(CountedLog { log: self.transactions, usage });
        self
    }
}
