//! What nodes share for speed, on Redis: every cache port of the domain, on one server, behind Sentinels, or on a cluster.
//!
//! Two connections, one of them to listen. A slow or dead Redis costs a caller the timeout once: then a breaker answers for it.
//! All that is kept may be gone or garbage at any time, and is as good as none then.

mod address;
mod answers;
mod away;
mod breaker;
mod cache;
mod changes;
mod command;
mod leases;
mod link;
mod options;
mod tenants;
mod tls;
mod usage;
mod webhooks;

pub use away::Away;
pub use cache::RedisCache;
pub use options::{Options, OptionsError};
