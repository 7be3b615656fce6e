//! The production store: every storage port of the domain on PostgreSQL, with row-level security forced.
//!
//! Each piece of work is one transaction that says whose work it is, by role and by tenant, and is sent in one go: opening,
//! statements and commit share a round trip. Nothing outlives a transaction, so that a pooler may be in between.

mod batch;
mod begin;
mod columns;
mod directory;
mod engine;
mod error;
mod events;
mod in_the_way;
mod keys;
mod ledger;
mod log_row;
mod migrations;
mod open_rows;
mod options;
mod orders;
mod partitions;
mod record;
mod rollups;
mod secrets;
mod services;
mod session;
mod settlement;
mod store;
mod tenants;
mod tls;
mod transactions;
mod withdraw;

pub use error::ConnectError;
pub use migrations::{MigrateError, MigrateOptions, MigrateReport, migrate};
pub use options::Options;
pub use store::PostgresStore;
