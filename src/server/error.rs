//! Why the gateway does not run.

use std::io;
use std::net::SocketAddr;

use super::tls::TlsError;
use crate::app::BuildError;
use crate::config::ConfigError;

/// The gateway cannot run. One plain sentence each.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A setting is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Something that it is made of is not there.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// Somebody else listens there.
    #[error("port {port} is taken: stop the program that has it, or set another one with {option}")]
    PortTaken {
        /// Which.
        port: u16,
        /// How to set another.
        option: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate of the public port cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The schema is not brought up to date.
    #[error("{0}")]
    Migrate(String),
    /// The sandbox does not start.
    #[error("{0}")]
    Sandbox(#[from] sandbox::StartError),
    /// Nobody answers where a sandbox is said to be.
    #[error("no sandbox answers at {0}: start one with `sandbox --port {port}`", port = .0.port())]
    NoSandbox(SocketAddr),
    /// Old data cannot be removed.
    #[error("cannot remove {path}: {source}")]
    Forget {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Logs or metrics cannot be set up.
    #[error("cannot set up telemetry: {0}")]
    Telemetry(String),
    /// The demo tenant cannot be made.
    #[error("cannot make the demo tenant: {0}")]
    Demo(String),
    /// The terminal is gone.
    #[error("cannot write: {0}")]
    Output(#[source] io::Error),
}
