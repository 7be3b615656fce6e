//! Configuration: the only reader of files and variables. Defaults stand in `default.toml`, each with its unit.

mod check;
mod layers;
mod sections;
mod text;

use std::path::{Path, PathBuf};

use layers::Layers;
pub(crate) use layers::Row;
pub(crate) use sections::LimitSettings;
pub(crate) use sections::{CacheEngine, ListenTls, LogFormat, ProviderUrls, StoreEngine};
pub use sections::{Config, Overrides};
pub use text::AuthoritiesError;
pub(crate) use text::read_authorities;

/// The defaults, with a comment on every setting.
pub(crate) const DEFAULTS: &str = include_str!("default.toml");

/// The configuration cannot be used: at least one sentence on why. None holds a secret.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used: {}", .problems.join("; "))]
pub struct ConfigError {
    /// Everything that is wrong.
    pub problems: Vec<String>,
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Serve,
    /// Has the owner's URL, and may have no other.
    Migrate,
}

/// A configuration, looked at rather than used.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// Every setting.
    pub(crate) rows: Vec<Row>,
    /// Variables that begin like ours and are somebody else's.
    pub(crate) ignored: Vec<String>,
    /// What it makes.
    pub(crate) loaded: Result<Config, ConfigError>,
}

impl Config {
    /// Reads defaults, then `file`, then variables that start with `GATEWAY_`, then what the command line says.
    ///
    /// # Errors
    /// [`ConfigError`] names every setting that is unknown, of the wrong kind, or at odds with another.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::from_layers(&mut Layers::read(file, overrides), Purpose::Serve)
    }

    /// Looks at what [`Config::load`] would take, and shows all of it.
    pub(crate) fn inspect(file: Option<&Path>, overrides: &Overrides) -> Inspection {
        let mut layers = Layers::read(file, overrides);
        let (rows, ignored) = (layers.rows(), layers.ignored.clone());
        let loaded = Self::from_layers(&mut layers, Purpose::Serve);
        Inspection { rows, ignored, loaded }
    }

    /// As [`Config::load`], for one who needs no more than the owner of the tables; `owner_url` goes over every other place.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn load_for_migration(
        file: Option<&Path>,
        owner_url: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::read(file, &Overrides::default());
        if let Some(url) = owner_url {
            layers.own(url);
        }
        Self::from_layers(&mut layers, Purpose::Migrate)
    }

    fn from_layers(layers: &mut Layers, purpose: Purpose) -> Result<Self, ConfigError> {
        let config = layers.extract();
        let mut problems = std::mem::take(&mut layers.problems);
        match config {
            Some(mut config) => {
                config.read_secret_files(&mut problems);
                // What was of the wrong kind has its default by now, so that a second sentence on it would confuse.
                problems.extend(config.problems(purpose));
                if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
            }
            None => Err(ConfigError { problems }),
        }
    }

    fn read_secret_files(&mut self, problems: &mut Vec<String>) {
        let (postgres, redis) = (&mut self.store.postgres, &mut self.cache.redis);
        let files = [
            ("store.postgres.url", &mut postgres.url, &postgres.url_file),
            ("store.postgres.owner_url", &mut postgres.owner_url, &postgres.owner_url_file),
            ("cache.redis.url", &mut redis.url, &redis.url_file),
        ];
        for (name, secret, file) in files {
            problems.extend(text::fill_from_file(name, secret, file.as_deref()).err());
        }
    }

    /// Returns the file with the master keys.
    pub fn master_key_file(&self) -> PathBuf {
        if self.vault.master_key_file.as_os_str().is_empty() {
            self.store.folder.join("master.key")
        } else {
            self.vault.master_key_file.clone()
        }
    }

    /// Returns the folder of what waits on disk while the store is away.
    pub fn journal_folder(&self) -> PathBuf {
        self.journal.folder.clone().unwrap_or_else(|| self.store.folder.join("journal"))
    }
}

#[cfg(test)]
mod tests;
