//! Who may import whom, and who alone has which outside crate: `cargo metadata` against the tables of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::tidy::refuse;
use crate::tidy::source::{SourceFile, root, rust_files};

/// Each crate with those of ours that it may import.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("telemetry", &[]),
    ("resilience", &["domain"]),
    ("envfile", &["domain"]),
    ("vault", &["domain"]),
    ("adapters", &["domain"]),
    ("store_sqlite", &["domain", "telemetry"]),
    ("store_postgres", &["domain", "telemetry"]),
    ("cache_local", &["domain", "telemetry"]),
    ("cache_redis", &["domain", "telemetry"]),
    ("journal", &["domain", "telemetry"]),
    ("transport", &["domain", "telemetry"]),
    ("actors", &["domain", "resilience", "vault", "telemetry"]),
    ("unified-gateway", EVERYTHING),
    ("testkit", &["domain"]),
    ("sandbox", &[]),
];
/// All that the gateway is put together from; the sandbox for `dev` only.
const EVERYTHING: &[&str] = &[
    "actors",
    "adapters",
    "cache_local",
    "cache_redis",
    "domain",
    "envfile",
    "journal",
    "resilience",
    "sandbox",
    "store_postgres",
    "store_sqlite",
    "telemetry",
    "transport",
    "vault",
];
/// What a crate's tests may import beyond that. Every crate's tests may have `testkit`, but the sandbox's.
const TESTS_MAY_IMPORT: [(&str, &[&str]); 1] = [("envfile", &["adapters"])];

/// Outside crates that only some have: whoever needs one of them elsewhere is about to do another layer's work.
const RESERVED: [(&str, &[&str]); 26] = [
    ("actix", &["actors"]),
    ("actix-web", &["unified-gateway"]),
    ("aes-gcm", &["vault"]),
    ("argon2", &["unified-gateway"]),
    ("bb8", &["store_postgres"]),
    ("clap", &["unified-gateway", "sandbox"]),
    ("crc32fast", &["journal"]),
    ("figment", &["unified-gateway"]),
    ("fred", &["cache_redis"]),
    ("hyper", &["transport", "sandbox"]),
    ("hyper-rustls", &["transport"]),
    ("hyper-util", &["transport", "sandbox"]),
    ("iso_currency", &["domain"]),
    ("jsonwebtoken", &["unified-gateway"]),
    ("metrics", &["telemetry"]),
    ("metrics-exporter-prometheus", &["telemetry"]),
    ("mimalloc", &["unified-gateway", "sandbox"]),
    ("moka", &["cache_local"]),
    ("postcard", &["journal"]),
    ("rand", &["vault"]),
    ("rusqlite", &["store_sqlite"]),
    ("serde_json", &["adapters", "cache_redis", "store_postgres", "unified-gateway", "sandbox"]),
    ("tokio-postgres", &["store_postgres"]),
    ("tracing-subscriber", &["telemetry"]),
    ("utoipa", &["unified-gateway"]),
    ("utoipa-swagger-ui", &["unified-gateway"]),
];

/// Crates that calculate and never wait: no runtime, no sockets, no files.
const PURE: [&str; 5] = ["domain", "resilience", "envfile", "vault", "adapters"];
/// What a pure crate has no use for.
const RUNTIMES: [&str; 7] =
    ["actix", "actix-rt", "actix-web", "futures-util", "hyper", "tokio", "tokio-util"];

#[test]
fn every_crate_stands_in_the_table() {
    let listed: BTreeSet<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let metadata = metadata();
    let real: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    assert_eq!(real, listed, "a new crate gets its line here and in ARCHITECTURE.md");
}

#[test]
fn a_crate_imports_only_the_layers_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into();
    let ours: BTreeSet<&str> = allowed.keys().copied().collect();
    refuse(imports().into_iter().filter_map(|(from, to, kind)| {
        let is_allowed = allowed.get(from.as_str()).is_some_and(|list| list.contains(&to.as_str()));
        let is_wrong = kind != DependencyKind::Development && ours.contains(to.as_str()) && !is_allowed;
        is_wrong.then(|| format!("{from} must not import {to}"))
    }));
}

#[test]
fn tests_import_only_testkit_and_what_is_agreed_for_them() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into();
    let more: BTreeMap<&str, &[&str]> = TESTS_MAY_IMPORT.into();
    refuse(imports().into_iter().filter_map(|(from, to, kind)| {
        let is_in = |table: &BTreeMap<&str, &[&str]>| {
            table.get(from.as_str()).is_some_and(|list| list.contains(&to.as_str()))
        };
        let is_testkit = to == "testkit" && from != "sandbox";
        let is_allowed = is_testkit || is_in(&allowed) || is_in(&more);
        let is_wrong =
            kind == DependencyKind::Development && allowed.contains_key(to.as_str()) && !is_allowed;
        is_wrong.then(|| format!("the tests of {from} must not import {to}"))
    }));
}

#[test]
fn an_outside_crate_that_belongs_to_one_layer_stays_there() {
    let owners: BTreeMap<&str, &[&str]> = RESERVED.into();
    refuse(imports().into_iter().filter_map(|(from, to, kind)| {
        let is_reserved = owners.get(to.as_str()).is_some_and(|owners| !owners.contains(&from.as_str()));
        (kind != DependencyKind::Development && is_reserved).then(|| format!("{from} must not import {to}"))
    }));
}

#[test]
fn pure_crates_have_no_runtime() {
    refuse(imports().into_iter().filter_map(|(from, to, kind)| {
        let is_wrong = PURE.contains(&from.as_str()) && RUNTIMES.contains(&to.as_str());
        (kind != DependencyKind::Development && is_wrong).then(|| format!("{from} must not import {to}"))
    }));
}

#[test]
fn no_crate_has_features_of_its_own() {
    refuse(metadata().workspace_packages().iter().flat_map(|package| {
        package
            .features
            .keys()
            .map(|feature| format!("{}: feature {feature}", package.name))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn adapters_resilience_and_envfile_never_await() {
    let folders = ["crates/adapters/src/", "crates/resilience/src/", "crates/envfile/src/"];
    refuse(findings(&folders, |line| line.contains(".await") || line.contains("async fn")));
}

#[test]
fn only_http_picks_a_status() {
    let folders = ["src/auth/", "src/control/", "src/pipeline/", "src/config/", "actors/src/"];
    refuse(findings(&folders, |line| line.contains("StatusCode") || line.contains("HttpResponse")));
}

#[test]
fn nobody_but_adapters_knows_a_provider_by_name() {
    let folders = [
        "src/auth/",
        "src/control/",
        "src/pipeline/",
        "actors/src/",
        "crates/transport/src/",
        "crates/store_sqlite/src/",
    ];
    let names = ["razorpay", "paypal", "stripe", "twilio"];
    refuse(findings(&folders, |line| {
        let line = line.to_lowercase();
        names.iter().any(|name| line.contains(name))
    }));
}

#[test]
fn nobody_but_actors_sees_an_address_of_an_actor() {
    let folders = ["src/", "crates/"];
    refuse(findings(&folders, |line| line.contains("Addr<") || line.contains("actix::Addr")));
}

/// Returns `path:line` of production code in `folders` that is `wrong`.
fn findings(folders: &[&str], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let is_judged = |file: &&SourceFile| {
        !file.is_for_tests() && folders.iter().any(|folder| file.path.starts_with(folder))
    };
    let mut found = Vec::new();
    for file in rust_files().iter().filter(is_judged) {
        for (number, line) in file.code().filter(|(_, line)| wrong(line)) {
            found.push(format!("{}:{number}: {}", file.path, line.trim()));
        }
    }
    found
}

/// Returns every import: who, whom, and for what.
fn imports() -> Vec<(String, String, DependencyKind)> {
    let mut imports = Vec::new();
    for package in metadata().workspace_packages() {
        for dependency in &package.dependencies {
            imports.push((package.name.to_string(), dependency.name.clone(), dependency.kind));
        }
    }
    assert!(imports.len() > 50, "cargo metadata names too few imports");
    imports
}

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata")
}
