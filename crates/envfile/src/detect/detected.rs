//! What was detected in a file, as the onboarding shows it and configures from it.

use domain::{Descriptor, Environment, Feature, Secret};

use crate::Warning;

/// Everything a file holds.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The services, in the order of the descriptors, test before live. One provider may be there twice.
    pub services: Vec<DetectedService>,
    /// Names of the variables that belong to no detected service, in the order of their lines.
    pub unrecognised: Vec<String>,
    /// What is odd, by line: the file's own warnings and those about the services.
    pub warnings: Vec<Warning>,
}

/// One provider's credentials for one environment.
#[derive(Debug, Clone)]
pub struct DetectedService {
    /// The provider.
    pub descriptor: &'static Descriptor,
    /// Test or live.
    pub environment: Environment,
    /// Its variables in the order of their lines.
    pub variables: Vec<DetectedVariable>,
    /// Fields that are still needed to call the API; empty when nothing is.
    pub missing: Vec<&'static str>,
    /// Why the service must not be configured from this file, a sentence each; empty when it may be.
    pub conflicts: Vec<String>,
    /// What the provider can be used for.
    pub features: Vec<Feature>,
    /// The credentials by field name, in the descriptor's order.
    pub credentials: Vec<(&'static str, Secret)>,
}

impl DetectedService {
    /// Returns whether the service can be configured from the file as it is.
    pub const fn is_usable(&self) -> bool {
        self.missing.is_empty() && self.conflicts.is_empty()
    }
}

/// A variable of a detected service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedVariable {
    /// Its name as the file spells it.
    pub name: String,
    /// The line it starts on.
    pub line: u32,
    /// The credential field it fills, or `mode`, `base_url`, `setting` or `unsupported`.
    pub role: &'static str,
    /// `…` and the last four characters of a value of at least twelve, `…` alone for a shorter one.
    pub preview: String,
}

/// Values shorter than this many characters show nothing of themselves.
const SHORTEST_SHOWN_CHARS: usize = 12;

/// Returns what may be shown of a value.
pub(super) fn preview(value: &str) -> String {
    let chars = value.chars().count();
    let shown = if chars < SHORTEST_SHOWN_CHARS { chars } else { chars.saturating_sub(4) };
    std::iter::once('…').chain(value.chars().skip(shown)).collect()
}
