//! The cache against real Redis servers: what it promises, what it writes, and what becomes of both when Redis fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken test stops at once")]

mod conformance;
mod faults;
mod keys;
mod support;
