//! Suites that every implementation of a cache port passes, one file a port.

pub mod answers;
pub mod changes;
pub mod leases;
pub mod schedules;
pub mod tenants;
pub mod usage;
pub mod webhooks;
