//! Events: what tenants are told of beside the answers to their requests.

use async_trait::async_trait;

use super::StoreError;
use crate::{Environment, Event, EventId, TenantId};

/// Reads events. They are written with what they tell of, in one commit: see [`super::Record`].
#[async_trait]
pub trait Events: Send + Sync + std::fmt::Debug {
    /// Returns the tenant's events of an environment, newest first, older than `starting_after` where given, at most `limit`.
    async fn list(
        &self,
        tenant: TenantId,
        environment: Environment,
        starting_after: Option<EventId>,
        limit: u16,
    ) -> Result<Vec<Event>, StoreError>;
}
