//! The instance's own secrets (pepper, signing key), sealed by the vault before they get here.

use async_trait::async_trait;

use super::StoreError;

/// Keeps sealed secrets of the instance by name.
#[async_trait]
pub trait InstanceSecrets: Send + Sync + std::fmt::Debug {
    /// Returns the secret of this name; stores `sealed` under it first when there is none. Two callers at once get the same.
    async fn get_or_insert(&self, name: &str, sealed: Box<[u8]>) -> Result<Box<[u8]>, StoreError>;
}
