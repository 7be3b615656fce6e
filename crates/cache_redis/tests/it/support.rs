//! Caches on a real Redis, with a budget that a busy machine keeps, and a way to let time pass there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_redis::{Away, Options, RedisCache};
use domain::ports::CacheError;
use domain::{KeyId, QuotaWindow};
use telemetry::Catalog;
use testkit::conformance::cache::leases::Passing;
use testkit::servers::Redis;
use testkit::{CountingEntropy, ManualClock};

/// More than Redis ever takes; a test that runs into it fails.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);

/// Caches of one deployment: each is another node.
pub(crate) struct Nodes {
    pub(crate) url: String,
    pub(crate) ca_pem: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<CountingEntropy>,
}

impl Nodes {
    pub(crate) fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca_pem: None,
            timeout: PATIENT,
            clock: Arc::default(),
            entropy: Arc::default(),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            url: self.url.as_str().into(),
            ca_pem: self.ca_pem.as_ref().map(|pem| pem.as_bytes().into()),
            timeout: self.timeout,
            clock: Arc::<ManualClock>::clone(&self.clock),
            entropy: Arc::<CountingEntropy>::clone(&self.entropy),
            catalog: Arc::new(Catalog::silent()),
        }
    }

    pub(crate) async fn connect(&self) -> RedisCache {
        RedisCache::connect(self.options()).await.unwrap()
    }
}

/// Lets time pass for a limit's leases by moving them into the past.
pub(crate) struct MovesBack<'a> {
    server: &'a Redis,
    begun: tokio::time::Instant,
}

impl<'a> MovesBack<'a> {
    pub(crate) fn on(server: &'a Redis) -> Self {
        Self { server, begun: tokio::time::Instant::now() }
    }
}

#[async_trait]
impl Passing for MovesBack<'_> {
    async fn pass(&self, key: KeyId, window: QuotaWindow, by: Duration) {
        const MOVE: &str = "local all = redis.call('ZRANGE', KEYS[1], 0, -1) \
            for _, member in ipairs(all) do redis.call('ZINCRBY', KEYS[1], '-' .. ARGV[1], member) end";
        let name = format!("ratelimit:{key}:{}", window.as_str());
        self.server.cli(&["EVAL", MOVE, "1", &name, &by.as_micros().to_string()]);
    }

    fn passed_by_itself(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Returns why the cache was away.
#[track_caller]
pub(crate) fn why(error: &CacheError) -> &Away {
    match error {
        CacheError::Unavailable { source, .. } => source.downcast_ref().unwrap(),
        CacheError::Corrupt(what) => panic!("{what} is corrupt"),
    }
}

/// Asks until it is so; generous, for what takes a moment on a busy machine.
pub(crate) async fn eventually<T, R>(mut ask: impl FnMut() -> R) -> T
where
    R: Future<Output = Option<T>>,
{
    for _ in 0..1_200 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to that in a minute");
}
