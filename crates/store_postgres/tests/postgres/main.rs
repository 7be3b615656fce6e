//! The store against real servers: one binary, so that its tests share one.
#![expect(clippy::unwrap_used, reason = "a broken test stops at once")]

mod away;
mod conformance;
mod log;
mod serials;
mod services;
mod support;
mod twins;
mod unsure;
