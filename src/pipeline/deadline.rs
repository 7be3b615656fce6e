//! Waiting for the store no longer than a request has time: what hangs is an answer late, and never none.

use std::future::Future;

use super::Meta;
use crate::app::Gateway;

impl Meta {
    /// Waits until the deadline at most; nothing when it has passed. Only for what may be left at any moment.
    pub(crate) async fn in_time<T>(&self, gateway: &Gateway, waiting: impl Future<Output = T>) -> Option<T> {
        let left = self.deadline.remaining(gateway.clock.monotonic())?;
        tokio::time::timeout(left, waiting).await.ok()
    }

    /// Returns whether a provider that is called now has a fair chance to answer. A call that is cut short is one of which nobody
    /// knows, so that none with a side effect is begun without.
    pub(super) fn leaves_fair_chance(&self, gateway: &Gateway) -> bool {
        let left = self.deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
        left >= gateway.config.calls.fair_chance()
    }
}
