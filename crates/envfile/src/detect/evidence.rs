//! What a provider's settings say about the environment: its mode variable, and the host of its address variable.

use domain::{Descriptor, Environment, VariableRole};

use super::classify::Finding;
use super::warn::{other, place};
use crate::file::Warning;
use crate::name::environment_of_word;

/// What the settings say.
pub(super) struct Evidence<'f, 'a> {
    /// The first setting that says something, and what.
    pub(super) told: Option<(&'f Finding<'a>, Environment)>,
    /// A sentence on two settings that say different things.
    pub(super) contradiction: Option<String>,
}

/// Reads the settings: modes before addresses, since a mode is what the application itself goes by.
pub(super) fn read<'f, 'a>(findings: &[&'f Finding<'a>], warnings: &mut Vec<Warning>) -> Evidence<'f, 'a> {
    let mut told: Vec<(&Finding<'_>, Environment)> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.role == VariableRole::Mode) {
        match mode(finding) {
            Some(environment) => told.push((finding, environment)),
            None if finding.value().is_empty() => {}
            None => {
                let message =
                    format!("{} says neither test nor live; it is left out.", finding.variable.name);
                warnings.push(Warning::new(finding.variable.line, message));
            }
        }
    }
    for finding in findings.iter().filter(|finding| finding.role == VariableRole::BaseUrl) {
        // An address for one environment (`PAYPAL_SANDBOX_URL`) does not say that the file is for it.
        if finding.by_name.is_none()
            && let Some(environment) = host_environment(finding.descriptor, finding.value())
        {
            told.push((finding, environment));
        }
    }
    let first = told.first().copied();
    let contradiction = first.and_then(|(one, environment)| {
        let (two, _) = told.iter().find(|(_, said)| *said != environment)?;
        Some(format!(
            "{} says {environment}, but {} says {}: make them agree.",
            place(one),
            place(two),
            other(environment)
        ))
    });
    Evidence { told: first, contradiction }
}

/// Reads a mode: a word (`sandbox`, `LIVE`), or yes and no to the word in the variable's name (`PAYPAL_IS_SANDBOX`).
fn mode(finding: &Finding<'_>) -> Option<Environment> {
    let value = finding.value().to_ascii_uppercase();
    // `Environment.Sandbox`, `PayPal\Environment::SANDBOX`: the last word counts.
    let word = value.rsplit(|char: char| !char.is_ascii_alphanumeric()).find(|word| !word.is_empty())?;
    if let Some(environment) = environment_of_word(word) {
        return Some(environment);
    }
    let asked = asked_environment(finding)?;
    match word {
        "TRUE" | "1" | "YES" | "ON" | "Y" => Some(asked),
        "FALSE" | "0" | "NO" | "OFF" | "N" => Some(other(asked)),
        _ => None,
    }
}

fn asked_environment(finding: &Finding<'_>) -> Option<Environment> {
    let has = |words: &[&str]| words.iter().any(|word| finding.name.has_word(word));
    if has(&["TESTMODE"]) {
        return Some(Environment::Test);
    }
    if has(&["LIVEMODE"]) {
        return Some(Environment::Live);
    }
    finding.by_name
}

/// A host with the word `sandbox` is the test one; any other of the provider's own is the live one where the provider
/// keeps the two apart. Other hosts (a proxy, localhost) say nothing.
fn host_environment(descriptor: &Descriptor, url: &str) -> Option<Environment> {
    let host = host(url)?.to_ascii_lowercase();
    if host.split(['.', '-']).any(|label| label == "sandbox") {
        return Some(Environment::Test);
    }
    let (test, live) = (host_of(descriptor, Environment::Test)?, host_of(descriptor, Environment::Live)?);
    let domain = registered_domain(live);
    let is_own = host == domain || host.strip_suffix(domain).is_some_and(|start| start.ends_with('.'));
    (test != live && is_own).then_some(Environment::Live)
}

fn host_of(descriptor: &Descriptor, environment: Environment) -> Option<&'static str> {
    host(descriptor.base_urls.of(environment))
}

fn host(url: &str) -> Option<&str> {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind_scheme.split(['/', ':', '?', '#']).next().filter(|host| !host.is_empty())
}

/// The last two labels of a host: `api-m.paypal.com` is one of `paypal.com`.
fn registered_domain(host: &str) -> &str {
    let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).collect();
    dots.get(1).and_then(|at| host.get(at.saturating_add(1)..)).unwrap_or(host)
}
