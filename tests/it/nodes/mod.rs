//! Many gateways on one PostgreSQL and one Redis: what holds on one node holds on all, and whatever is lost.

mod changes;
mod deaths;
mod isolation;
mod limits;
mod load;
mod survival;
mod twins;
