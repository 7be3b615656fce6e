//! The way to the providers: HTTP/1.1 over kept connections, each request sent at most once, and a failure that says for
//! certain whether anything of it was sent.
//!
//! Nothing here repeats a request, follows a redirect, keeps a cookie or asks the environment for a proxy.

mod client;
mod connector;
mod download;
mod endpoint;
mod failure;
mod handover;
mod reply;
mod request;
mod tls;
mod upload;

pub use client::{BuildError, HyperTransport, Options};
pub use endpoint::{EndpointError, endpoint};

#[cfg(test)]
mod tests;
