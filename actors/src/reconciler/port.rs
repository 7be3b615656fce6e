//! What the reconciler is given: the look-ups themselves.

use std::pin::Pin;

use async_trait::async_trait;

/// The look-up of one row that was taken over. Dropped before its end, it gives the row back.
pub type Errand = Pin<Box<dyn Future<Output = ()>>>;

/// Looks unknown outcomes up. Always called on the reconciler's own thread, so that its connections may stay there.
#[async_trait(?Send)]
pub trait Reconcile: Send + Sync + std::fmt::Debug {
    /// Takes over rows that are due, at most `limit`, and returns what is to be done for each. Returns none while the store is
    /// away, and waits for no provider.
    async fn take(&self, limit: usize) -> Vec<Errand>;
}
