//! The composition root: the only place that constructs. Everything else takes what it needs.

mod settings;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actors::{Tree, TreeParams};
use adapters::ADAPTERS;
use domain::ports::{
    InstanceSecrets, Keys, Ledger, Services, StoreError, TenantDirectory, Tenants, TransactionLog, Transport,
};
use domain::{Clock, Entropy};
use store_sqlite::SqliteStore;
use tokio_util::task::TaskTracker;
use transport::HyperTransport;
use vault::{Keyring, OsEntropy, Pepper, Vault};

use crate::auth::Issuer;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::pipeline::{Endpoints, Flights, TokenExchange};
use crate::upkeep::KeyUses;

/// What all requests share.
#[derive(Debug)]
pub struct Gateway {
    /// The configuration.
    pub config: Config,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Metrics.
    pub catalog: Arc<telemetry::Catalog>,
    /// Tenants in memory.
    pub tenants: actors::Tenants,
    /// The ways to the providers.
    pub providers: actors::Providers,
    /// Where operations are begun.
    pub ledger: actors::LedgerHandle,
    /// Where transactions are logged.
    pub log: actors::LogHandle,
    /// Everything that is kept.
    pub stores: Stores,
    /// Seals credentials.
    pub vault: Arc<Vault>,
    /// Hashes platform keys.
    pub pepper: Pepper,
    /// Signs people's tokens.
    pub issuer: Issuer,
    /// Where the providers listen.
    pub endpoints: Arc<Endpoints>,
    /// Requests with an idempotency key that are under way.
    pub flights: Flights,
    /// When keys were last used.
    pub(crate) key_uses: KeyUses,
    /// Operations under way: they finish before the gateway stops.
    pub tasks: TaskTracker,
}

/// The store's concerns, each by its port.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Who signs in.
    pub tenants: Arc<dyn Tenants>,
    /// Platform keys.
    pub keys: Arc<dyn Keys>,
    /// Credentials.
    pub services: Arc<dyn Services>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// The transaction log.
    pub transactions: Arc<dyn TransactionLog>,
    /// What serves a tenant.
    pub directory: Arc<dyn TenantDirectory>,
    /// The engine itself, for health and for closing.
    pub engine: SqliteStore,
}

/// A worker thread's share: the connections it made.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What all share.
    pub gateway: Arc<Gateway>,
    /// This thread's way to the providers.
    pub transport: Arc<dyn Transport>,
}

/// The gateway cannot be put together. One plain sentence each.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store does not open.
    #[error("{0}")]
    Store(#[from] store_sqlite::OpenError),
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    StoreAway(#[from] StoreError),
    /// There is no file with master keys.
    #[error("there is no master key at {path}: restore the file, or start with an empty folder")]
    NoMasterKey {
        /// Where it was looked for.
        path: String,
    },
    /// The file with master keys cannot be read or written.
    #[error("the master key file {path} cannot be used: {source}")]
    MasterKeyFile {
        /// Which file.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The master key is not the one that this folder's data was sealed with.
    #[error(
        "the master key in {path} is not the one that sealed this folder's data: restore the right key file"
    )]
    WrongMasterKey {
        /// Which file.
        path: String,
    },
    /// A provider's address is none.
    #[error("{0}")]
    Endpoints(#[from] crate::pipeline::EndpointsError),
    /// Something of the machine is missing.
    #[error("the gateway cannot start: {0}")]
    Other(String),
}

/// Puts the gateway together. Called inside a running actix system, which the actors live in. `wrap` may put something in
/// front of the store; the program puts nothing there.
///
/// # Errors
/// [`BuildError`].
pub(crate) async fn build(
    config: Config,
    telemetry: &telemetry::Telemetry,
    wrap: impl FnOnce(Stores) -> Stores,
) -> Result<(Arc<Gateway>, Tree), BuildError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let is_first_start = !store_sqlite::exists(&config.store.folder);
    let engine = SqliteStore::open(store_sqlite::Options {
        folder: config.store.folder.clone(),
        readers: config.store.readers,
        queue: 1024,
    })?;
    let key_file = config.master_key_file();
    let keyring = master_keys(&key_file, &*entropy, is_first_start)?;
    let vault = Arc::new(Vault::new(keyring, Arc::clone(&entropy)));
    let secrets = InstanceKeys { vault: &vault, store: &engine, path: &key_file };
    let pepper_bytes = secrets.get("pepper", &*entropy).await?;
    let pepper = Pepper::from_bytes(&pepper_bytes).map_err(|error| BuildError::Other(error.to_string()))?;
    let seed = secrets.get("issuer", &*entropy).await?;
    let lifetime = Duration::from_secs(config.auth.token_minutes.saturating_mul(60));
    let issuer = Issuer::from_seed(&seed, lifetime).map_err(|error| BuildError::Other(error.to_string()))?;
    // No other process has this folder open: whoever held a lease is gone.
    engine.expire_leases().await?;

    let endpoints = Arc::new(Endpoints::try_new(&config.providers)?);
    let catalog = telemetry.catalog();
    let stores = wrap(Stores::embedded(engine));
    let tree = actors::start(TreeParams {
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        directory: Arc::clone(&stores.directory),
        vault: Arc::clone(&vault),
        ledger: Arc::clone(&stores.ledger),
        log: Arc::clone(&stores.transactions),
        journal: None,
        tokens: Arc::new(TokenExchange { transport: transport(&config)?, endpoints: Arc::clone(&endpoints) }),
        descriptors: ADAPTERS.into_iter().map(adapters::Adapter::descriptor).collect(),
        leases: None,
        changes: None,
        catalog: Arc::clone(&catalog),
        settings: settings::actors(&config)?,
    })
    .map_err(|error| BuildError::Other(error.to_string()))?;
    let gateway = Gateway {
        clock,
        entropy,
        catalog,
        tenants: tree.tenants.clone(),
        providers: tree.providers.clone(),
        ledger: tree.ledger.clone(),
        log: tree.log.clone(),
        stores,
        vault,
        pepper,
        issuer,
        endpoints,
        flights: Flights::default(),
        key_uses: KeyUses::default(),
        tasks: TaskTracker::new(),
        config,
    };
    Ok((Arc::new(gateway), tree))
}

/// Returns a thread's own way to the providers.
///
/// # Errors
/// [`BuildError::Other`] when the machine has no root certificates.
pub(crate) fn transport(config: &Config) -> Result<Arc<dyn Transport>, BuildError> {
    let options = transport::Options {
        connect_timeout: Duration::from_millis(config.transport.connect_ms),
        pool_idle_timeout: Duration::from_secs(config.transport.idle_seconds),
        max_idle_per_host: config.transport.idle_connections,
        max_reply_bytes: config.transport.reply_bytes,
        extra_roots_pem: None,
    };
    HyperTransport::new(options)
        .map(|transport| Arc::new(transport) as Arc<dyn Transport>)
        .map_err(|error| BuildError::Other(error.to_string()))
}

impl Stores {
    fn embedded(engine: SqliteStore) -> Self {
        let shared = Arc::new(engine.clone());
        Self {
            tenants: Arc::clone(&shared) as Arc<dyn Tenants>,
            keys: Arc::clone(&shared) as Arc<dyn Keys>,
            services: Arc::clone(&shared) as Arc<dyn Services>,
            ledger: Arc::clone(&shared) as Arc<dyn Ledger>,
            transactions: Arc::clone(&shared) as Arc<dyn TransactionLog>,
            directory: shared,
            engine,
        }
    }
}

fn master_keys(path: &Path, entropy: &dyn Entropy, is_first_start: bool) -> Result<Keyring, BuildError> {
    let shown = path.display().to_string();
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::MasterKeyFile {
        path: shown.clone(),
        source,
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Keyring::parse(&text).map_err(|error| broken(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if !is_first_start {
                return Err(BuildError::NoMasterKey { path: shown });
            }
            let keyring = Keyring::generate(entropy);
            write_private(path, &keyring.to_text()).map_err(|error| broken(error.into()))?;
            Ok(keyring)
        }
        Err(error) => Err(broken(error.into())),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The instance's own secrets: made at the first start, sealed under the master key.
struct InstanceKeys<'a> {
    vault: &'a Vault,
    store: &'a SqliteStore,
    path: &'a Path,
}

impl InstanceKeys<'_> {
    async fn get(
        &self,
        name: &str,
        entropy: &dyn Entropy,
    ) -> Result<impl std::ops::Deref<Target = Vec<u8>> + use<>, BuildError> {
        let fresh = Pepper::generate_bytes(entropy);
        let sealed =
            self.vault.seal_instance(name, &*fresh).map_err(|error| BuildError::Other(error.to_string()))?;
        let kept = self.store.get_or_insert(name, sealed).await?;
        self.vault
            .open_instance(name, &kept)
            .map_err(|_refused| BuildError::WrongMasterKey { path: self.path.display().to_string() })
    }
}
