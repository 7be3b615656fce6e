//! The gateway: its HTTP faces, the data plane that does operations, the control plane that sets tenants up, and the wiring.

mod abilities;
mod app;
mod auth;
mod caches;
pub mod cli;
mod clock;
mod config;
mod control;
mod dev;
mod http;
mod limits;
mod pipeline;
mod server;
mod stores;
mod upkeep;

pub use abilities::abilities_table;
pub use app::{BuildError, Gateway, Worker};
pub use caches::Caches;
pub use clock::SystemClock;
pub use config::{AuthoritiesError, Config, ConfigError, Overrides};
pub use dev::point_at_sandbox;
pub use http::openapi_document;
pub use server::{RunError, Running, start};
pub use stores::Stores;
