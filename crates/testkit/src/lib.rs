//! Test doubles for the ports (clock, entropy, transport), the conformance suites that every store passes, real servers for
//! what is tested against them, and a proxy that breaks connections. Tests only.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test support: a broken test stops at once")]

mod clock;
pub mod conformance;
mod entropy;
pub mod fault_proxy;
pub mod servers;
mod transport;

pub use clock::ManualClock;
pub use entropy::CountingEntropy;
pub use transport::ScriptedTransport;
