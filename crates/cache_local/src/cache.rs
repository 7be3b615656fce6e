//! The cache as a whole: what the ports keep, side by side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::Clock;
use domain::ports::{CacheEngine, CacheError};

use crate::answers::KeptAnswers;
use crate::changes::Heard;
use crate::leases::Limits;
use crate::tenants::KeptTenants;
use crate::usage::Counted;
use crate::webhooks::Streams;

/// Every cache port in this process's memory. Each keeps a bounded number of things; the oldest or least used go first.
#[derive(Debug)]
pub struct LocalCache {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) answers: KeptAnswers,
    pub(crate) tenants: KeptTenants,
    pub(crate) limits: Limits,
    pub(crate) heard: Heard,
    pub(crate) counted: Counted,
    pub(crate) streams: Streams,
}

impl LocalCache {
    /// Returns an empty cache.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            answers: KeptAnswers::new(),
            tenants: KeptTenants::new(),
            limits: Limits::default(),
            heard: Heard::default(),
            counted: Counted::default(),
            streams: Streams::default(),
        }
    }
}

#[async_trait]
impl CacheEngine for LocalCache {
    async fn check(&self) -> Result<(), CacheError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// Locks what no thread leaves half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
