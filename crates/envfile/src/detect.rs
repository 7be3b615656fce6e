//! From variables to services: each variable is classified by its value first and its name second, the environment is
//! worked out for each provider, and what does not fit together is refused.

mod catalog;
mod classify;
mod detected;
mod evidence;
mod group;
mod homes;
mod service;
mod warn;

use std::collections::HashSet;

use domain::{Descriptor, VariableRole};

use crate::file::EnvFile;
use catalog::Catalog;
use classify::Finding;

pub use detected::{Detected, DetectedService, DetectedVariable};

/// Says which services' credentials a file holds.
///
/// The environment of a credential is, in this order: what its value says (`sk_live_…`); a word of its name (`SANDBOX`,
/// `TEST`, `PROD` …); that of the provider's other credentials; the provider's mode variable (`PAYPAL_MODE`,
/// `TWILIO_ENV`); the host of its address variable. A file that tells nothing is taken for test, with a warning: the
/// mistake costs a refused call and not money. One file may hold a test and a live pair: they are two services.
///
/// A publishable key where the secret one belongs, and test and live credentials that only make sense together, are
/// conflicts. Placeholders count as missing.
pub fn detect(file: &EnvFile, descriptors: &[&'static Descriptor]) -> Detected {
    let catalogs: Vec<Catalog> = descriptors.iter().copied().map(Catalog::new).collect();
    let mut warnings = file.warnings.clone();
    let findings = classify::classify(file, &catalogs, &mut warnings);
    let mut services = Vec::new();
    let mut recognised = HashSet::new();
    for catalog in &catalogs {
        let own: Vec<&Finding<'_>> =
            findings.iter().filter(|finding| finding.is_of(catalog.descriptor)).collect();
        warn::about_each(&own, &mut warnings);
        if own.iter().any(|finding| matches!(finding.role, VariableRole::Credential(_))) {
            recognised.extend(own.iter().map(|finding| finding.variable.line));
            services.extend(service::build(catalog.descriptor, &own, &mut warnings));
        }
    }
    let unrecognised = file
        .variables
        .iter()
        .filter(|variable| !recognised.contains(&variable.line))
        .filter(|variable| !classify::is_value_as_name(&variable.name, &catalogs))
        .map(|variable| variable.name.clone())
        .collect();
    warnings.sort_by_key(|warning| warning.line);
    Detected { services, unrecognised, warnings }
}

#[cfg(test)]
mod tests;
