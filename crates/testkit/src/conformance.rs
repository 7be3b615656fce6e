//! Suites that every implementation of a port passes. One file a port.
