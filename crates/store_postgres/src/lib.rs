//! The production store: every storage port of the domain on PostgreSQL, with row-level security forced.

mod migrations;
#[cfg_attr(not(test), expect(dead_code, reason = "the ports that call it come next"))]
mod partitions;

pub use migrations::{MigrateError, MigrateOptions, MigrateReport, migrate};
