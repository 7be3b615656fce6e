//! The store's breaker: open while the store does not answer the ledger, so that requests do not each wait for its timeout.

use std::time::Duration;

use tokio::sync::watch;

/// Whether the store answers the ledger. Shared by the writers.
#[derive(Debug)]
pub(crate) struct StoreBreaker {
    /// Since when it does not, on the monotonic clock.
    away_since: watch::Sender<Option<Duration>>,
    catalog: std::sync::Arc<telemetry::Catalog>,
}

impl StoreBreaker {
    /// Returns a closed breaker.
    pub(crate) fn new(catalog: std::sync::Arc<telemetry::Catalog>) -> Self {
        Self { away_since: watch::Sender::new(None), catalog }
    }

    /// Returns whether the store is taken to be away.
    pub(crate) fn is_open(&self) -> bool {
        self.away_since.borrow().is_some()
    }

    /// The store has failed: it is away until someone finds that it is not.
    pub(crate) fn open(&self, now: Duration) {
        let is_first = self.away_since.send_if_modified(|since| {
            let is_first = since.is_none();
            since.get_or_insert(now);
            is_first
        });
        if is_first {
            tracing::error!("the store is away; what can be repeated without harm goes to the journal");
        }
    }

    /// The store has answered.
    pub(crate) fn close(&self) {
        if self.is_open() {
            self.away_since.send_replace(None);
            self.catalog.store_away(Duration::ZERO);
            tracing::info!("the store is back");
        }
    }

    /// Waits until it is open.
    pub(crate) async fn opened(&self) {
        // An error is a sender that is gone, and the sender is ourselves.
        self.away_since.subscribe().wait_for(Option::is_some).await.ok();
    }

    /// Tells the metric for how long the store has been away.
    pub(crate) fn tell(&self, now: Duration) {
        let away_for = self.away_since.borrow().map_or(Duration::ZERO, |since| now.saturating_sub(since));
        self.catalog.store_away(away_for);
    }
}
