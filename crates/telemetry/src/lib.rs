//! What the gateway tells about itself: metrics, logs, and the redaction that keeps secrets out of both. Knows nothing of ours.

mod catalog;
mod logging;
mod recorder;
mod redact;

pub use catalog::{Catalog, CircuitLabels, CircuitLevel, Kind, METRICS, Metric, Unit};
pub use logging::{Format, LoggingError, UnknownFormat, init};
pub use recorder::{InstallError, Telemetry, install};
pub use redact::{redact_json, redact_payload, redact_text};
