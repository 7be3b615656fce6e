//! Ports that nobody listens on.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Below the range that the system takes outgoing ports from: a server that is started again finds its port free.
const FIRST: u64 = 15_000;
const COUNT: u64 = 17_000;

/// Returns a port of loopback that is free now. Another test may still be faster: whoever listens tries again.
pub(crate) fn free_port() -> u16 {
    free_ports(1)
}

/// Returns the first of so many ports of loopback in a row that are free now.
pub fn free_ports(count: u16) -> u16 {
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    loop {
        let first = u16::try_from(FIRST + random() % COUNT).unwrap();
        if (first..first + count).all(is_free) {
            return first;
        }
    }
}

/// Returns a number that differs between processes and calls.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
