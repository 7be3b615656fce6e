//! Real servers, each a test process's own: PostgreSQL, Redis, `PgBouncer`. They listen on loopback, on a random port, in a
//! new folder, and end with the test process, however that ends. `deploy/servers.sh install` gets what they need.

mod binaries;
mod certificates;
mod keeper;
mod pgbouncer;
mod ports;
mod postgres;
mod redis;

pub use pgbouncer::PgBouncer;
pub(crate) use ports::free_port;
pub use ports::free_ports;
pub use postgres::Postgres;
pub use redis::{Redis, Watched};
