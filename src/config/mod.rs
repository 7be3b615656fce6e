//! Configuration: the only reader of files and variables. Defaults stand in `default.toml`, each with its unit.

mod sections;

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};

pub use sections::{Config, Overrides};
pub(crate) use sections::{LogFormat, ProviderUrls};

/// The defaults, with a comment on every setting.
pub(crate) const DEFAULTS: &str = include_str!("default.toml");

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads defaults, then `file`, then variables that start with `GATEWAY_`, then what the command line says.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting that is missing, unknown or of the wrong kind.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        let mut config: Self = figment
            .merge(Env::prefixed("GATEWAY_").split("__"))
            .extract()
            .map_err(|error| ConfigError(error.to_string()))?;
        config.apply(overrides);
        config.check()?;
        Ok(config)
    }

    fn apply(&mut self, overrides: &Overrides) {
        if let Some(public) = overrides.public {
            self.listen.public = public;
        }
        if let Some(admin) = overrides.admin {
            self.listen.admin = admin;
        }
        if let Some(folder) = &overrides.folder {
            self.store.folder.clone_from(folder);
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("calls.deadline_ms", self.calls.deadline_ms),
            ("calls.replay_hours", self.calls.replay_hours),
            ("transport.connect_ms", self.transport.connect_ms),
            ("auth.token_minutes", self.auth.token_minutes),
        ];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(ConfigError(format!("{name} must be greater than zero"))),
            None => Ok(()),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_whole_configuration() {
        let config = Config::load(None, &Overrides::default()).expect("defaults");
        assert_eq!(config.listen.public.port(), 8080);
        assert_eq!(config.providers.len(), adapters::ADAPTERS.len());
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), "[listen]\npubic = \"127.0.0.1:1\"\n").expect("write");
        let error = Config::load(Some(file.path()), &Overrides::default()).expect_err("unknown setting");
        assert!(error.to_string().contains("pubic"), "{error}");
    }
}
