//! The embedded store: every storage port of the domain on one `SQLite` file in a data folder that one process has open.
//!
//! One thread writes: it runs the jobs that wait, each in a savepoint, and commits them together; a job is answered after
//! the commit is on the disk. A few threads read.

mod begin;
mod columns;
mod connection;
mod directory;
mod engine;
mod error;
mod events;
mod folder;
mod keys;
mod ledger;
mod migrations;
mod open_rows;
mod orders;
mod reader;
mod secrets;
mod services;
mod store;
mod tenants;
mod transactions;
mod withdraw;
mod workers;
mod writer;

pub use error::OpenError;
pub use folder::{FILES, exists};
pub use store::{Options, SqliteStore};
