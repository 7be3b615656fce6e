//! What nodes share for speed, each concern by its port. Losing it costs time, never safety.

use std::fmt;
use std::io;
use std::sync::Arc;

use domain::ports::{Answers, CacheEngine, Changes, QuotaLeases, TenantCache, UsageCounters};
use tokio::runtime::{Builder, Runtime};

/// The cache's concerns, each by its port.
#[derive(Debug, Clone)]
pub struct Caches {
    /// Finished answers; absent where one process has the ledger beside it.
    pub answers: Option<Arc<dyn Answers>>,
    /// Limits divided among nodes; absent where there is one.
    pub leases: Option<Arc<dyn QuotaLeases>>,
    /// Copies of what serves a tenant.
    pub tenants: Arc<dyn TenantCache>,
    /// What nodes tell one another; absent where there is one.
    pub changes: Option<Arc<dyn Changes>>,
    /// Calls by service, tenant and day.
    pub usage: Arc<dyn UsageCounters>,
    /// The engine itself, for health and for closing.
    pub engine: Arc<dyn CacheEngine>,
    /// Where it lives, if it has a thread of its own.
    _thread: Option<Arc<CacheThread>>,
}

/// A thread with a runtime for a cache's connections. Dropped, it ends, and so do they.
pub(crate) struct CacheThread(Option<Runtime>);

impl Caches {
    /// Returns the ports of an engine that this process has for itself: it counts its limits alone.
    pub(crate) fn alone<C>(cache: C) -> Self
    where
        C: TenantCache + UsageCounters + CacheEngine + 'static,
    {
        let cache = Arc::new(cache);
        Self {
            answers: None,
            leases: None,
            tenants: Arc::clone(&cache) as Arc<dyn TenantCache>,
            changes: None,
            usage: Arc::clone(&cache) as Arc<dyn UsageCounters>,
            engine: cache,
            _thread: None,
        }
    }

    /// Returns the ports of an engine that many nodes share, whose connections live on `thread`.
    pub(crate) fn shared<C>(cache: C, thread: CacheThread) -> Self
    where
        C: Answers + QuotaLeases + TenantCache + Changes + UsageCounters + CacheEngine + 'static,
    {
        let cache = Arc::new(cache);
        Self {
            answers: Some(Arc::clone(&cache) as Arc<dyn Answers>),
            leases: Some(Arc::clone(&cache) as Arc<dyn QuotaLeases>),
            tenants: Arc::clone(&cache) as Arc<dyn TenantCache>,
            changes: Some(Arc::clone(&cache) as Arc<dyn Changes>),
            usage: Arc::clone(&cache) as Arc<dyn UsageCounters>,
            engine: cache,
            _thread: Some(Arc::new(thread)),
        }
    }
}

impl CacheThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The machine has no room for one more.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("cache").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `work` on the thread; `None` when it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.as_ref()?.spawn(work).await.ok()
    }
}

impl Drop for CacheThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for CacheThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheThread")
    }
}
