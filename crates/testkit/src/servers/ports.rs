//! Ports that nobody listens on.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Below the range that the system takes outgoing ports from: a server that is started again finds its port free.
const FIRST: u64 = 15_000;
const COUNT: u64 = 17_000;

/// Returns a port of loopback that is free now. Another test may still be faster: whoever listens tries again.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = u16::try_from(FIRST + random() % COUNT).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Returns a number that differs between processes and calls.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
