//! The composition root: the only place that constructs. Everything else takes what it needs.

mod engines;
mod secrets;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use actors::{Tree, TreeParams};
use adapters::ADAPTERS;
use domain::ports::{StoreError, Transport};
use domain::{Clock, Entropy};
use resilience::{Schedule, ScheduleError, Shedder};
use tokio_util::task::TaskTracker;
use transport::HyperTransport;
use vault::{OsEntropy, Pepper, Vault};

use self::secrets::Secrets;
use crate::auth::{Issuer, Passwords};
use crate::caches::Caches;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::control::Untold;
use crate::http::Rebuilder;
use crate::limits::Limits;
use crate::pipeline::{Endpoints, Flights, Reconciler, TokenExchange, Turns};
use crate::stores::Stores;
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
    /// What nodes share.
    pub caches: Caches,
    /// Seals credentials.
    pub vault: Arc<Vault>,
    /// Hashes platform keys.
    pub pepper: Pepper,
    /// Signs people's tokens.
    pub issuer: Issuer,
    /// Hashes people's passwords.
    pub(crate) passwords: Passwords,
    /// Where the providers listen.
    pub endpoints: Arc<Endpoints>,
    /// Changes that other nodes are still to be told of.
    pub(crate) untold: Untold,
    /// Lets requests in, as many as can be served.
    pub shedder: Arc<Shedder>,
    /// Requests with an idempotency key that are under way.
    pub flights: Flights,
    /// When outcomes that are unknown are looked up.
    pub schedule: Schedule,
    /// Operations that wait for another one on the same order.
    pub turns: Turns,
    /// When keys were last used.
    pub(crate) key_uses: KeyUses,
    /// What addresses may ask, and how passwords may be guessed.
    pub limits: Limits,
    /// Operations under way: they finish before the gateway stops.
    pub tasks: TaskTracker,
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
    /// The embedded store does not open.
    #[error("{0}")]
    Store(#[from] store_sqlite::OpenError),
    /// PostgreSQL cannot be reached in this way.
    #[error("the setting store.postgres cannot be used: {0}")]
    Postgres(#[from] store_postgres::ConnectError),
    /// Redis cannot be reached in this way.
    #[error("the setting cache.redis cannot be used: {0}")]
    Redis(#[from] cache_redis::OptionsError),
    /// The journal does not open.
    #[error("{0}")]
    Journal(#[from] journal::OpenError),
    /// An engine is named without its address.
    #[error("the setting {0} is empty: say where it is")]
    NoUrl(&'static str),
    /// A file with certificates cannot be read.
    #[error("{0}")]
    Authorities(#[from] crate::config::AuthoritiesError),
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
    /// The times of look-ups are none.
    #[error("the setting reconcile.schedule_ms cannot be used: {0}")]
    Schedule(#[from] ScheduleError),
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
    let catalog = telemetry.catalog();
    let (stores, first) = engines::stores(&config).await?;
    let Secrets { vault, pepper, issuer } = Secrets::open(&config, &*stores.secrets, &entropy, first).await?;
    let caches = engines::caches(&config, &clock, &entropy, &catalog).await?;
    let journal = engines::journal(&config)?;

    let endpoints = Arc::new(Endpoints::try_new(&config.providers)?);
    let stores = wrap(stores.backed_by(Arc::clone(&caches.tenants), Arc::clone(&caches.usage)));
    let mut tree = actors::start(TreeParams {
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        directory: Arc::clone(&stores.directory),
        vault: Arc::clone(&vault),
        ledger: Arc::clone(&stores.ledger),
        log: Arc::clone(&stores.transactions),
        tokens: Arc::new(TokenExchange { transport: transport(&config)?, endpoints: Arc::clone(&endpoints) }),
        descriptors: ADAPTERS.into_iter().map(adapters::Adapter::descriptor).collect(),
        catalog: Arc::clone(&catalog),
        leases: caches.leases.clone(),
        changes: caches.changes.clone(),
        journal,
        settings: settings::actors(&config)?,
    })
    .map_err(|error| BuildError::Other(error.to_string()))?;
    let gateway = Arc::new(Gateway {
        clock,
        entropy,
        catalog,
        tenants: tree.tenants.clone(),
        providers: tree.providers.clone(),
        ledger: tree.ledger.clone(),
        log: tree.log.clone(),
        stores,
        caches,
        vault,
        pepper,
        issuer,
        passwords: Passwords::new(),
        endpoints,
        shedder: Arc::new(settings::shedder(&config)?),
        untold: Untold::default(),
        flights: Flights::default(),
        schedule: config.reconcile.schedule()?,
        turns: Turns::default(),
        key_uses: KeyUses::default(),
        limits: Limits::new(&config),
        tasks: TaskTracker::new(),
        config,
    });
    let worker = Worker { gateway: Arc::clone(&gateway), transport: transport(&gateway.config)? };
    tree.start_reconciler(Arc::new(Reconciler::new(worker, Arc::new(Rebuilder))));
    Ok((gateway, tree))
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
