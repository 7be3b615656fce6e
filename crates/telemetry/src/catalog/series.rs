//! How series come to be: label values made presentable, handles asked from the recorder.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString};

use super::family::Labels;
use super::table::{self, Kind, METRICS, Metric};

/// The label value of what is outside its closed set.
pub(super) const OTHER: &str = "other";

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Longest label value, in bytes.
const MAX_LABEL_BYTES: usize = 64;

/// The labels of an answered request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RequestKey {
    pub(super) route: &'static str,
    pub(super) method: &'static str,
    pub(super) status: u16,
}

impl Labels for RequestKey {
    const OTHER: Self = Self { route: OTHER, method: OTHER, status: 0 };
}

/// What is written for an answered request.
#[derive(Clone)]
pub(super) struct RequestSeries {
    pub(super) count: Counter,
    pub(super) gateway: Histogram,
    pub(super) provider: Histogram,
}

/// The labels of a provider call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CallKey {
    pub(super) provider: &'static str,
    pub(super) operation: &'static str,
    pub(super) outcome: &'static str,
}

impl Labels for CallKey {
    const OTHER: Self = Self { provider: OTHER, operation: OTHER, outcome: OTHER };
}

/// What is written for a provider call.
#[derive(Clone)]
pub(super) struct CallSeries {
    pub(super) count: Counter,
    pub(super) took: Histogram,
}

/// Label names and values of one series.
pub(super) type LabelPairs = Vec<(&'static str, SharedString)>;

/// Asks the recorder for handles.
pub(super) struct Registrar {
    recorder: Arc<dyn Recorder + Send + Sync>,
}

impl Registrar {
    pub(super) fn new(recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        Self { recorder }
    }

    pub(super) fn describe_all(&self) {
        for metric in METRICS {
            let (name, unit, help) =
                (metric.name.into(), metric.unit.map(table::Unit::of_metrics), metric.help.into());
            match metric.kind {
                Kind::Counter => self.recorder.describe_counter(name, unit, help),
                Kind::Gauge => self.recorder.describe_gauge(name, unit, help),
                Kind::Histogram(_) => self.recorder.describe_histogram(name, unit, help),
            }
        }
    }

    pub(super) fn counter(&self, metric: &Metric, labels: LabelPairs) -> Counter {
        self.recorder.register_counter(&key(metric, labels), &METADATA)
    }

    pub(super) fn gauge(&self, metric: &Metric, labels: LabelPairs) -> Gauge {
        self.recorder.register_gauge(&key(metric, labels), &METADATA)
    }

    pub(super) fn histogram(&self, metric: &Metric, labels: LabelPairs) -> Histogram {
        self.recorder.register_histogram(&key(metric, labels), &METADATA)
    }

    pub(super) fn request(&self, key: RequestKey) -> RequestSeries {
        let method = if METHODS.contains(&key.method) { key.method } else { OTHER };
        let status = match key.status {
            100..=599 => SharedString::from(key.status.to_string()),
            _ => SharedString::from(OTHER),
        };
        let place = vec![("route", word(key.route)), ("method", method.into())];
        let mut whole = place.clone();
        whole.push(("status", status));
        RequestSeries {
            count: self.counter(&table::REQUESTS, whole),
            gateway: self.histogram(&table::REQUEST_SECONDS, place.clone()),
            provider: self.histogram(&table::REQUEST_PROVIDER_SECONDS, place),
        }
    }

    pub(super) fn call(&self, key: CallKey) -> CallSeries {
        let place = vec![("provider", word(key.provider)), ("operation", word(key.operation))];
        let mut whole = place.clone();
        whole.push(("outcome", word(key.outcome)));
        CallSeries {
            count: self.counter(&table::PROVIDER_CALLS, whole),
            took: self.histogram(&table::PROVIDER_SECONDS, place),
        }
    }
}

static METADATA: Metadata<'static> = Metadata::new("telemetry", Level::INFO, None);

fn key(metric: &Metric, labels: LabelPairs) -> Key {
    debug_assert!(labels.iter().map(|(name, _)| name).eq(metric.labels), "labels of {}", metric.name);
    let labels: Vec<Label> = labels.into_iter().map(|(name, value)| Label::new(name, value)).collect();
    Key::from_parts(metric.name, labels)
}

/// Returns a label value as it may be shown: a short word or a route's pattern, and `other` for anything else. Values are
/// words of the source code anyway; a leaked text with an id or a secret in it would not look like one.
pub(super) fn word(value: &'static str) -> SharedString {
    let is_word = !value.is_empty()
        && value.len() <= MAX_LABEL_BYTES
        && value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-./{}:*".contains(&byte));
    if is_word { value.into() } else { OTHER.into() }
}
