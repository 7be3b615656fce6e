//! How far the gateway is, for the health checks: starting, serving, on its way out.

use std::sync::{Arc, OnceLock};

use super::farewell::Leaving;
use crate::app::Gateway;
use crate::http::LastLook;

/// What the health checks and the metrics page need beside the gateway.
#[derive(Debug)]
pub(crate) struct ServerState {
    /// Metrics.
    pub(crate) telemetry: telemetry::Telemetry,
    /// How the gateway was a moment ago.
    pub(crate) last_look: LastLook,
    /// There once everything is up: the admin port is asked before that.
    gateway: OnceLock<Arc<Gateway>>,
    leaving: Leaving,
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
        Self {
            telemetry,
            last_look: LastLook::default(),
            gateway: OnceLock::new(),
            leaving: Leaving::default(),
        }
    }

    /// Notes that everything is up.
    pub(super) fn serve(&self, gateway: Arc<Gateway>) {
        self.gateway.set(gateway).ok();
    }

    /// Notes that the gateway is told to stop. There is no way back.
    pub(super) fn drain(&self) {
        self.leaving.unready.cancel();
    }

    /// Notes that no connection is welcome any more.
    pub(super) fn close(&self) {
        self.drain();
        self.leaving.closed.cancel();
    }

    /// Returns what tells connections when to go.
    pub(super) fn leaving(&self) -> Leaving {
        self.leaving.clone()
    }

    /// Returns how far the gateway is.
    pub(crate) fn phase(&self) -> Phase {
        if self.leaving.unready.is_cancelled() {
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
