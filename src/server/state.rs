//! How far the gateway is, for the health checks: starting, serving, on its way out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::app::Gateway;

/// What the health checks and the metrics page need beside the gateway.
#[derive(Debug)]
pub(crate) struct ServerState {
    /// Metrics.
    pub(crate) telemetry: telemetry::Telemetry,
    /// There once everything is up: the admin port is asked before that.
    gateway: OnceLock<Arc<Gateway>>,
    is_draining: AtomicBool,
}

/// How far the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not everything is up yet.
    Starting,
    /// Requests are welcome.
    Serving,
    /// Told to stop: whoever can should go elsewhere.
    Draining,
}

impl ServerState {
    pub(super) fn new(telemetry: telemetry::Telemetry) -> Self {
        Self { telemetry, gateway: OnceLock::new(), is_draining: AtomicBool::new(false) }
    }

    /// Notes that everything is up.
    pub(super) fn serve(&self, gateway: Arc<Gateway>) {
        self.gateway.set(gateway).ok();
    }

    /// Notes that the gateway is told to stop. There is no way back.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    /// Returns how far the gateway is.
    pub(crate) fn phase(&self) -> Phase {
        if self.is_draining.load(Ordering::SeqCst) {
            Phase::Draining
        } else if self.gateway.get().is_some() {
            Phase::Serving
        } else {
            Phase::Starting
        }
    }

    /// Returns the gateway, once it is up.
    pub(crate) fn gateway(&self) -> Option<&Arc<Gateway>> {
        self.gateway.get()
    }
}
