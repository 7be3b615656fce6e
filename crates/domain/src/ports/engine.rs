//! The store as a whole.

use async_trait::async_trait;

use super::StoreError;
use crate::Timestamp;

/// The engine behind all storage ports.
#[async_trait]
pub trait StoreEngine: Send + Sync + std::fmt::Debug {
    /// Reads something, to see whether it can be read.
    async fn check(&self) -> Result<(), StoreError>;

    /// Does what the engine needs from time to time: room for the days to come, and letting go of what is past its retention.
    /// Any node may, at any time; what another node does at the moment is left to it.
    async fn tend(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Finishes what was asked for and lets go of files and connections. Later calls are answered
    /// [`StoreError::Unavailable`].
    async fn close(&self);
}
