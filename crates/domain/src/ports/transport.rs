//! The way to a provider.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Endpoint, Reply, Request, TransportFailure};

/// Carries one request to a provider, once: no repeat, no redirect, no cookie.
#[async_trait]
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// Sends `request` and returns the whole answer, within `timeout`.
    ///
    /// # Errors
    /// [`TransportFailure`] says whether anything reached the provider: the caller's money depends on it.
    async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        timeout: Duration,
    ) -> Result<Reply, TransportFailure>;
}
