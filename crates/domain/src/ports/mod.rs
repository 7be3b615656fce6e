//! Ports: a trait for everything outside. Implementations live beside the outside thing; users take `Arc<dyn …>`.

mod cache;
mod engine;
mod events;
mod journal;
mod keys;
mod ledger;
mod secrets;
mod services;
mod tenants;
mod transactions;
mod transport;

pub use cache::{
    Answers, CacheEngine, CacheError, Change, Changes, HandedOff, KeptAnswer, Lease, LeaseRequest,
    QuotaLeases, ServiceUse, TenantCache, UsageCounters, WebhookHandOff,
};
pub use engine::StoreEngine;
pub use events::Events;
pub use journal::{Journal, JournalError, JournalStanding, Owed, Withdrawal};
pub use keys::Keys;
pub use ledger::{Begun, Ledger, Reroute, Unsettled};
pub use secrets::InstanceSecrets;
pub use services::{ServiceFeatures, Services};
pub use tenants::{NewTenant, TenantDirectory, Tenants};
pub use transactions::{OrderFilter, Record, StoredOrder, StoredTransaction, TransactionLog};
pub use transport::Transport;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something with this name is there already; nothing was changed.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The store cannot be reached, or has no room, or is too slow. It may be so only now.
    #[error("store is away while {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// Whether it may be done all the same, or yet: the store was asked, and did not say.
        may_be_done: bool,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row holds what this version cannot read.
    #[error("{0} cannot be read back")]
    Corrupt(&'static str),
}
