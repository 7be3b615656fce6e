//! The engines that the configuration names: where everything is kept, what nodes share, what waits on disk.

use std::sync::Arc;

use cache_local::LocalCache;
use cache_redis::RedisCache;
use domain::ports::{Journal, Ledger};
use domain::{Clock, Entropy};
use journal::DiskJournal;
use store_postgres::PostgresStore;
use store_sqlite::SqliteStore;

use super::BuildError;
use super::secrets::FirstStart;
use crate::caches::{CacheThread, Caches};
use crate::config::{CacheEngine, Config, StoreEngine, read_authorities};
use crate::stores::Stores;

/// Opens the store.
pub(super) async fn stores(config: &Config) -> Result<(Stores, FirstStart), BuildError> {
    match config.store.engine {
        StoreEngine::Embedded => {
            let first =
                if store_sqlite::exists(&config.store.folder) { FirstStart::No } else { FirstStart::Yes };
            let store = SqliteStore::open(store_sqlite::Options {
                folder: config.store.folder.clone(),
                readers: config.store.readers,
                queue: 1024,
            })?;
            // No other process has this folder open: whoever held a lease is gone.
            store.expire_leases().await?;
            Ok((Stores::on(store), first))
        }
        StoreEngine::Postgres => {
            let settings = &config.store.postgres;
            let url = settings.url.clone().ok_or(BuildError::NoUrl("store.postgres.url"))?;
            let store = PostgresStore::connect(&store_postgres::Options {
                url,
                pool_size: settings.connections,
                connect_timeout: settings.connect(),
                checkout_timeout: settings.checkout(),
                statement_timeout: settings.statement(),
                max_lifetime: settings.lifetime(),
                prepared_statements: settings.prepared_statements,
                ca_pem: read_authorities(settings.ca_file.as_deref())?,
                retention_days: settings.retention_days,
            })?;
            let stores = Stores::on(store);
            stores.engine.check().await?;
            Ok((stores, FirstStart::Unless))
        }
    }
}

/// Opens the cache. A Redis that is away is waited for behind the scenes.
pub(super) async fn caches(
    config: &Config,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    catalog: &Arc<telemetry::Catalog>,
) -> Result<Caches, BuildError> {
    match config.cache.engine {
        CacheEngine::Local => Ok(Caches::alone(LocalCache::new(Arc::clone(clock)))),
        CacheEngine::Redis => {
            let settings = &config.cache.redis;
            let url = settings.url.as_ref().ok_or(BuildError::NoUrl("cache.redis.url"))?;
            let options = cache_redis::Options {
                url: url.expose().into(),
                ca_pem: read_authorities(settings.ca_file.as_deref())?,
                timeout: settings.timeout(),
                clock: Arc::clone(clock),
                entropy: Arc::clone(entropy),
                catalog: Arc::clone(catalog),
            };
            // Answers of Redis are due in milliseconds: a thread of their own reads them, which nothing else keeps busy.
            let thread = CacheThread::start().map_err(|error| BuildError::Other(error.to_string()))?;
            let cache = thread.run(RedisCache::connect(options)).await.ok_or_else(|| {
                BuildError::Other("the thread of the cache ended while it connected".to_owned())
            })??;
            Ok(Caches::shared(cache, thread))
        }
    }
}

/// Opens the journal. The embedded store has none: it is on this disk itself.
pub(super) fn journal(config: &Config) -> Result<Option<Arc<dyn Journal>>, BuildError> {
    if config.store.engine == StoreEngine::Embedded {
        return Ok(None);
    }
    let journal = DiskJournal::open(&journal::Options {
        folder: config.journal_folder(),
        capacity_bytes: config.journal.bytes,
        segment_bytes: config.journal.segment_bytes,
    })?;
    // What it holds for the store is told by who writes it.
    let found = journal.opened();
    if found.damaged_bytes > 0 {
        tracing::error!(
            bytes = found.damaged_bytes,
            "the disk has spoilt part of the journal: see its .damaged files"
        );
    }
    Ok(Some(Arc::new(journal)))
}
