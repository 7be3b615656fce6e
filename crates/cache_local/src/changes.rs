//! Changes, told to the one listener there is: this process.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::TenantId;
use domain::ports::{CacheError, Change, Changes};
use tokio::sync::Notify;

use crate::LocalCache;
use crate::cache::lock;

/// More than that wait for nobody: all of them are replaced by the word that something was missed.
const MOST_WAITING: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct Heard {
    waiting: Mutex<VecDeque<Change>>,
    more: Notify,
}

#[async_trait]
impl Changes for LocalCache {
    async fn publish(&self, tenant: TenantId) -> Result<(), CacheError> {
        {
            let mut waiting = lock(&self.heard.waiting);
            if waiting.len() >= MOST_WAITING {
                waiting.clear();
                waiting.extend([Change::CutOff, Change::Resumed]);
            }
            waiting.push_back(Change::Tenant(tenant));
        }
        self.heard.more.notify_one();
        Ok(())
    }

    async fn next(&self) -> Change {
        loop {
            if let Some(change) = lock(&self.heard.waiting).pop_front() {
                return change;
            }
            self.heard.more.notified().await;
        }
    }
}
