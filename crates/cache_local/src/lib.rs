//! The cache of a gateway that is alone: every cache port of the domain, in memory. Nothing of it is shared or survives.

mod answers;
mod cache;
mod changes;
mod leases;
mod tenants;
mod usage;
mod webhooks;
mod window;

pub use cache::LocalCache;
