//! Test doubles for the ports (clock, entropy, transport) and the conformance suites that every store passes. Tests only.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: a broken test stops at once")]

mod clock;
pub mod conformance;
mod entropy;
mod transport;

pub use clock::ManualClock;
pub use entropy::CountingEntropy;
pub use transport::ScriptedTransport;
