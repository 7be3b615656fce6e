//! Webhook events on their way from who took them in to who routes them.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use domain::TenantId;
use domain::ports::{CacheError, HandedOff, WebhookHandOff};

use crate::LocalCache;
use crate::cache::lock;

/// Of more, the oldest are let go: the rows in the store are the truth.
const MOST_WAITING: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<TenantId, Stream>>);

#[derive(Debug, Default)]
struct Stream {
    entries: VecDeque<Entry>,
    ids: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    event: Box<str>,
    taken_at: Option<Duration>,
}

#[async_trait]
impl WebhookHandOff for LocalCache {
    async fn push(&self, tenant: TenantId, event: &str) -> Result<(), CacheError> {
        let mut streams = lock(&self.streams.0);
        let stream = streams.entry(tenant).or_default();
        if stream.entries.len() >= MOST_WAITING {
            stream.entries.pop_front();
        }
        stream.ids = stream.ids.wrapping_add(1);
        stream.entries.push_back(Entry { id: stream.ids, event: event.into(), taken_at: None });
        Ok(())
    }

    async fn take(
        &self,
        tenant: TenantId,
        most: u16,
        abandoned_after: Duration,
    ) -> Result<Vec<HandedOff>, CacheError> {
        let now = self.clock.monotonic();
        let mut streams = lock(&self.streams.0);
        let Some(stream) = streams.get_mut(&tenant) else { return Ok(Vec::new()) };
        let is_free = |entry: &&mut Entry| {
            entry.taken_at.is_none_or(|taken_at| taken_at.saturating_add(abandoned_after) <= now)
        };
        let taken = stream.entries.iter_mut().filter(is_free).take(usize::from(most)).map(|entry| {
            entry.taken_at = Some(now);
            HandedOff { entry: entry.id.to_string().into(), event: entry.event.clone() }
        });
        Ok(taken.collect())
    }

    async fn done(&self, tenant: TenantId, entries: Vec<Box<str>>) -> Result<(), CacheError> {
        let mut streams = lock(&self.streams.0);
        let Some(stream) = streams.get_mut(&tenant) else { return Ok(()) };
        for id in entries.iter().filter_map(|entry| entry.parse::<u64>().ok()) {
            // Ids ascend.
            if let Ok(at) = stream.entries.binary_search_by_key(&id, |entry| entry.id) {
                stream.entries.remove(at);
            }
        }
        if stream.entries.is_empty() {
            streams.remove(&tenant);
        }
        Ok(())
    }
}
