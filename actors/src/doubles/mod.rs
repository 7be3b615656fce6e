//! Test doubles of the ports that the tree uses, and a stage that starts a tree on them.

mod changes;
mod hold;
mod journal;
mod leases;
mod ports;
mod stage;
mod stores;

pub(crate) use changes::ChangesDouble;
pub(crate) use hold::{Fault, Hold};
pub(crate) use journal::JournalDouble;
pub(crate) use leases::LeasesDouble;
pub(crate) use ports::{Directory, TokenShop};
pub(crate) use stage::{
    OTHER, PROVIDER, Stage, hash_of, key_id, ledger_entry, record, tenant_id, withdrawal,
};
pub(crate) use stores::{Committed, LedgerDouble, LogDouble};
