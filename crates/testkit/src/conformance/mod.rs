//! Suites that every implementation of a storage or cache port passes, one file a port. Each suite brings tenants of its own, so that
//! they can run against one store one after the other; none needs an empty store.

pub mod cache;
pub mod directory;
pub mod events;
pub mod keys;
pub mod ledger;
pub mod open_rows;
pub mod orders;
pub mod samples;
pub mod secrets;
pub mod serials;
pub mod services;
pub mod settlement;
pub mod tenants;
pub mod transactions;
pub mod withdrawals;
