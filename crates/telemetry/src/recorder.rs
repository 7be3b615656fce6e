//! The recorder behind the catalogue: keeps the metrics' values and renders them for Prometheus.

use std::sync::Arc;

use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::catalog::{Catalog, Kind, METRICS};

/// Why metrics cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The process has a recorder already.
    #[error("a metrics recorder is installed already")]
    AlreadyInstalled,
    /// A histogram of the table cannot be built.
    #[error("building the metrics recorder")]
    Build(#[source] BuildError),
}

/// The process's metrics: the catalogue to write them, and their rendering.
#[derive(Debug, Clone)]
pub struct Telemetry {
    catalog: Arc<Catalog>,
    handle: PrometheusHandle,
}

/// Builds the metrics and makes their recorder the process's own, so that libraries' metrics land in it too.
///
/// # Errors
/// [`InstallError::AlreadyInstalled`] the second time in a process.
pub fn install() -> Result<Telemetry, InstallError> {
    let recorder = Arc::new(build_recorder()?);
    metrics::set_global_recorder(Arc::clone(&recorder)).map_err(|_refused| InstallError::AlreadyInstalled)?;
    Ok(Telemetry::new(recorder))
}

impl Telemetry {
    /// Returns metrics of their own, which no other part of the process sees. For tests and benches.
    ///
    /// # Errors
    /// [`InstallError::Build`] when the table is broken; a test proves that it is not.
    pub fn local() -> Result<Self, InstallError> {
        Ok(Self::new(Arc::new(build_recorder()?)))
    }

    fn new(recorder: Arc<PrometheusRecorder>) -> Self {
        let handle = recorder.handle();
        Self { catalog: Arc::new(Catalog::new(recorder)), handle }
    }

    /// Returns the handles to write metrics by.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Returns all metrics in the Prometheus text format, each with `HELP` and `TYPE`.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Moves what histograms have gathered into their buckets. To be called every few seconds: without it, memory grows
    /// with every measurement between two renderings.
    pub fn run_upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn build_recorder() -> Result<PrometheusRecorder, InstallError> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(buckets) = metric.kind {
            let matcher = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, buckets).map_err(InstallError::Build)?;
        }
    }
    Ok(builder.build_recorder())
}

#[cfg(test)]
mod tests;
