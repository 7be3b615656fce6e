//! The instance's own secrets: the master keys in a file, and what is sealed under them in the store.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Entropy;
use domain::ports::InstanceSecrets;
use vault::{Keyring, Pepper, Vault};

use super::BuildError;
use crate::auth::Issuer;
use crate::config::Config;

/// Whether nothing was ever sealed here: only then may master keys be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstStart {
    /// There is no data yet.
    Yes,
    /// There is data.
    No,
    /// Another node may have been first: what it sealed does not open with keys made here, which tells.
    Unless,
}

/// What opens and signs.
pub(super) struct Secrets {
    pub(super) vault: Arc<Vault>,
    pub(super) pepper: Pepper,
    pub(super) issuer: Issuer,
}

impl Secrets {
    /// Reads the master keys and opens the instance's secrets; makes them at the first start.
    ///
    /// # Errors
    /// [`BuildError`] when the file is missing beside sealed data, cannot be used, or is another instance's.
    pub(super) async fn open(
        config: &Config,
        store: &dyn InstanceSecrets,
        entropy: &Arc<dyn Entropy>,
        first: FirstStart,
    ) -> Result<Self, BuildError> {
        let path = config.master_key_file();
        let (keyring, is_new) = master_keys(&path, &**entropy, first)?;
        let vault = Arc::new(Vault::new(keyring, Arc::clone(entropy)));
        let opened = Self::unlock(config, store, &**entropy, vault, &path).await;
        match opened {
            Err(BuildError::WrongMasterKey { path: shown }) if is_new => {
                // Another node has sealed with its own: these open nothing, and are in the way of the right ones.
                std::fs::remove_file(&path).ok();
                Err(BuildError::NoMasterKey { path: shown })
            }
            opened => opened,
        }
    }

    async fn unlock(
        config: &Config,
        store: &dyn InstanceSecrets,
        entropy: &dyn Entropy,
        vault: Arc<Vault>,
        path: &Path,
    ) -> Result<Self, BuildError> {
        let get = async |name: &str| {
            let fresh = Pepper::generate_bytes(entropy);
            let sealed = vault.seal_instance(name, &*fresh).map_err(|error| other(&error))?;
            let kept = store.get_or_insert(name, sealed).await?;
            vault
                .open_instance(name, &kept)
                .map_err(|_refused| BuildError::WrongMasterKey { path: path.display().to_string() })
        };
        let pepper = Pepper::from_bytes(&get("pepper").await?).map_err(|error| other(&error))?;
        let lifetime = Duration::from_secs(config.auth.token_minutes.saturating_mul(60));
        let issuer = Issuer::from_seed(&get("issuer").await?, lifetime).map_err(|error| other(&error))?;
        Ok(Self { vault, pepper, issuer })
    }
}

/// Returns the master keys, and whether they were made just now.
fn master_keys(path: &Path, entropy: &dyn Entropy, first: FirstStart) -> Result<(Keyring, bool), BuildError> {
    let shown = path.display().to_string();
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::MasterKeyFile {
        path: shown.clone(),
        source,
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((Keyring::parse(&text).map_err(|error| broken(error.into()))?, false)),
        Err(error) if error.kind() == ErrorKind::NotFound && first == FirstStart::No => {
            Err(BuildError::NoMasterKey { path: shown })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let keyring = Keyring::generate(entropy);
            write_private(path, &keyring.to_text()).map_err(|error| broken(error.into()))?;
            Ok((keyring, true))
        }
        Err(error) => Err(broken(error.into())),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn other(error: &dyn std::error::Error) -> BuildError {
    BuildError::Other(error.to_string())
}
