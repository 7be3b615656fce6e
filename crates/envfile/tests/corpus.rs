//! The corpus: `.env` files as people have them, each with what must be found in it.
//!
//! `tests/envfiles/NNN-name.env` stands beside `NNN-name.json`. Expected warnings and conflicts are fragments of the
//! sentences, in the order of the lines; everything else is compared whole. All credentials are made up.

#![expect(clippy::expect_used, reason = "a test that cannot read its own corpus has to say so and stop")]

use std::fs;
use std::path::{Path, PathBuf};

use adapters::{ADAPTERS, Adapter};
use domain::Feature;
use envfile::{Detected, FileError};
use serde::Deserialize;

/// Why the file is refused, or what is found in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    refused: Option<String>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    unrecognised: Vec<String>,
    #[serde(default)]
    warnings: Vec<Warning>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    service: String,
    environment: String,
    variables: Vec<Variable>,
    missing: Vec<String>,
    conflicts: Vec<String>,
    features: Vec<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Warning {
    line: u32,
    message: String,
}

#[test]
fn every_file_of_the_corpus_is_understood() {
    let mut failures = Vec::new();
    let files = corpus();
    for file in &files {
        let problems = compare(file);
        if !problems.is_empty() {
            failures.push(format!("{}\n  {}", file.display(), problems.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} of {} files:\n{}", failures.len(), files.len(), failures.join("\n"));
}

#[test]
fn the_corpus_is_large_and_covers_every_provider() {
    let files = corpus();
    assert!(files.len() >= 120, "{} files", files.len());
    for adapter in ADAPTERS {
        let id = adapter.descriptor().id.as_str();
        let count = files.iter().filter(|file| usable(file).iter().any(|service| service == id)).count();
        assert!(count >= 15, "{id} is complete in {count} files only");
    }
}

#[test]
fn nothing_shown_of_a_file_contains_a_value() {
    for path in corpus() {
        let bytes = fs::read(&path).expect("a corpus file");
        let Ok(file) = envfile::lex(&bytes) else { continue };
        let shown = shown(&detect(&file));
        for variable in &file.variables {
            let value = variable.value.expose();
            let is_telling =
                value.len() >= 12 && !file.variables.iter().any(|other| other.name.contains(value));
            if is_telling {
                assert!(
                    !shown.iter().any(|text| text.contains(value)),
                    "{}: {}",
                    path.display(),
                    variable.name
                );
            }
        }
    }
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/envfiles");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "env"))
        .collect();
    files.sort();
    files
}

fn detect(file: &envfile::EnvFile) -> Detected {
    let descriptors: Vec<_> = ADAPTERS.into_iter().map(Adapter::descriptor).collect();
    envfile::detect(file, &descriptors)
}

fn usable(path: &Path) -> Vec<String> {
    let Ok(file) = envfile::lex(&fs::read(path).expect("a corpus file")) else { return Vec::new() };
    let services = detect(&file).services;
    services
        .iter()
        .filter(|service| service.is_usable())
        .map(|service| service.descriptor.id.to_string())
        .collect()
}

fn shown(detected: &Detected) -> Vec<String> {
    let mut shown = detected.unrecognised.clone();
    shown.extend(detected.warnings.iter().map(|warning| warning.message.clone()));
    for service in &detected.services {
        shown.extend(service.conflicts.iter().cloned());
        shown.extend(service.variables.iter().map(|variable| variable.preview.clone()));
    }
    shown
}

fn compare(path: &Path) -> Vec<String> {
    let expected = fs::read_to_string(path.with_extension("json")).expect("the expected result");
    let expected: Expected = serde_json::from_str(&expected).expect("the form of an expected result");
    match (envfile::lex(&fs::read(path).expect("a corpus file")), &expected.refused) {
        (Err(error), Some(refused)) => {
            let word = match error {
                FileError::TooLarge { .. } => "too_large",
                FileError::TooManyVariables => "too_many_variables",
                FileError::NotText { .. } => "not_text",
            };
            if word == refused { Vec::new() } else { vec![format!("refused as {word}, expected {refused}")] }
        }
        (Ok(file), None) => differences(&detect(&file), &expected),
        (Err(error), None) => vec![format!("refused: {error}")],
        (Ok(_), Some(refused)) => vec![format!("taken, expected to be refused as {refused}")],
    }
}

fn differences(detected: &Detected, expected: &Expected) -> Vec<String> {
    let mut problems = Vec::new();
    let name = |service: &str, environment: &str| format!("{service}.{environment}");
    let got: Vec<_> = detected
        .services
        .iter()
        .map(|service| name(service.descriptor.id.as_str(), service.environment.as_str()))
        .collect();
    let wanted: Vec<_> =
        expected.services.iter().map(|service| name(&service.service, &service.environment)).collect();
    note(&mut problems, "services", &got, &wanted);
    for (service, expected) in detected.services.iter().zip(&expected.services) {
        let id = name(&expected.service, &expected.environment);
        let variables: Vec<_> = service
            .variables
            .iter()
            .map(|variable| Variable { name: variable.name.clone(), role: variable.role.to_owned() })
            .collect();
        note(&mut problems, &format!("{id} variables"), &variables, &expected.variables);
        let missing: Vec<_> = service.missing.iter().map(|field| (*field).to_owned()).collect();
        note(&mut problems, &format!("{id} missing"), &missing, &expected.missing);
        // Every provider has the passthrough: the files do not repeat it.
        let own = service.features.iter().filter(|feature| **feature != Feature::Proxy);
        let features: Vec<_> = own.map(ToString::to_string).collect();
        note(&mut problems, &format!("{id} features"), &features, &expected.features);
        if !fragments_match(service.conflicts.iter(), expected.conflicts.iter()) {
            problems
                .push(format!("{id} conflicts: {:?}, expected {:?}", service.conflicts, expected.conflicts));
        }
    }
    note(&mut problems, "unrecognised", &detected.unrecognised, &expected.unrecognised);
    let lines: Vec<_> = detected.warnings.iter().map(|warning| warning.line).collect();
    let wanted: Vec<_> = expected.warnings.iter().map(|warning| warning.line).collect();
    let messages = detected.warnings.iter().map(|warning| &warning.message);
    if lines != wanted || !fragments_match(messages, expected.warnings.iter().map(|warning| &warning.message))
    {
        let got: Vec<_> = detected
            .warnings
            .iter()
            .map(|warning| format!("\n    {}: {}", warning.line, warning.message))
            .collect();
        let wanted: Vec<_> = expected
            .warnings
            .iter()
            .map(|warning| format!("\n    {}: {}", warning.line, warning.message))
            .collect();
        problems.push(format!("warnings:{}\n  expected:{}", got.concat(), wanted.concat()));
    }
    problems
}

fn note<T: PartialEq + std::fmt::Debug>(problems: &mut Vec<String>, what: &str, got: &[T], expected: &[T]) {
    if got != expected {
        problems.push(format!("{what}: {got:?}, expected {expected:?}"));
    }
}

fn fragments_match<'a>(
    got: impl ExactSizeIterator<Item = &'a String>,
    expected: impl ExactSizeIterator<Item = &'a String>,
) -> bool {
    got.len() == expected.len() && got.zip(expected).all(|(text, fragment)| text.contains(fragment.as_str()))
}
