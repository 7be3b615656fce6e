//! How texts become values: secrets that are never shown, paths, and "empty means none".

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use domain::Secret;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

/// Settings that are never shown; each has a sibling `…_file` that names a file to read it from.
pub(super) const SECRETS: [&str; 3] = ["store.postgres.url", "store.postgres.owner_url", "cache.redis.url"];

/// Reads a secret; empty is none.
pub(super) fn secret_or_none<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(source)?;
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

/// Reads a path; empty is none.
pub(super) fn path_or_none<'de, D: Deserializer<'de>>(source: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(source)?;
    Ok((!path.as_os_str().is_empty()).then_some(path))
}

/// Reads networks: a list of texts, or one text with commas. An address stands for itself alone.
pub(super) fn networks<'de, D: Deserializer<'de>>(source: D) -> Result<Box<[IpNet]>, D::Error> {
    let texts = match Texts::deserialize(source)? {
        Texts::One(text) => text.split(',').map(str::to_owned).collect(),
        Texts::Several(texts) => texts,
    };
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts.map(network).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

fn network<E: serde::de::Error>(text: &str) -> Result<IpNet, E> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_refused| E::custom(format!("\"{text}\" is no network such as 10.0.0.0/8")))
}

/// Takes a secret from the file that is named instead of it. A line break at its end is not part of it.
///
/// # Errors
/// One sentence for a person; it holds nothing of the secret.
pub(super) fn fill_from_file(
    name: &str,
    secret: &mut Option<Secret>,
    file: Option<&Path>,
) -> Result<(), String> {
    let Some(file) = file else { return Ok(()) };
    if secret.is_some() {
        return Err(format!("{name} and {name}_file are both set: leave one empty"));
    }
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{name}_file: {} cannot be read: {error}", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("{name}_file: {} is empty", file.display()));
    }
    *secret = Some(Secret::new(text));
    Ok(())
}

/// A file with certificates cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the certificates in {path} cannot be read: {source}")]
pub struct AuthoritiesError {
    /// Which file.
    path: String,
    /// Why.
    source: std::io::Error,
}

/// Reads the authorities that a `ca_file` names, as PEM; `None` where the machine's are to be trusted.
///
/// # Errors
/// [`AuthoritiesError`] names the file.
pub(crate) fn read_authorities(file: Option<&Path>) -> Result<Option<Box<[u8]>>, AuthoritiesError> {
    let Some(path) = file else { return Ok(None) };
    let unreadable = |source| AuthoritiesError { path: path.display().to_string(), source };
    std::fs::read(path).map(|pem| Some(pem.into_boxed_slice())).map_err(unreadable)
}
