//! `Load`: reads all that serves the tenant, opens its credentials, publishes the snapshot, and answers all who wait. Sent
//! by the actor to itself when it starts; a refresh is the same message in a later life.

use std::sync::Arc;

use actix::{ActorContext, ActorFutureExt, Handler, Message, ResponseActFuture, WrapFuture};
use domain::SealedTenant;

use super::unseal::unseal;
use super::{Snapshot, TenantActor};
use crate::placement::{Placement, World};

/// Why a tenant cannot be served now. A fault of the gateway or its store, never of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TenantUnavailable {
    /// As many loads as allowed are under way.
    #[error("too many tenants are being loaded")]
    Busy,
    /// The store failed or took too long.
    #[error("tenant store is away")]
    Store,
    /// The tenant's data key does not open under any master key.
    #[error("tenant data key does not open")]
    Sealed,
    /// The actor died twice while it loaded, or the gateway is stopping.
    #[error("tenant actor died while loading")]
    Lost,
}

/// How a load ended.
#[derive(Debug, Clone)]
pub(crate) struct Landed {
    /// It covers every change up to this one.
    pub(crate) generation: u64,
    /// The snapshot, `None` when there is no such tenant.
    pub(crate) result: Result<Option<Arc<Snapshot>>, TenantUnavailable>,
}

/// The message.
pub(super) struct Load;

impl Message for Load {
    type Result = ();
}

impl Handler<Load> for TenantActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, Load: Load, _: &mut Self::Context) -> Self::Result {
        let placement = Arc::clone(&self.placement);
        let tenant = self.slot.tenant();
        let reading = async move { read(placement.world(), tenant).await };
        Box::pin(reading.into_actor(self).map(|read, actor, ctx| {
            actor.settle(read);
            ctx.stop();
        }))
    }
}

impl TenantActor {
    /// Publishes what was read and answers all who wait.
    fn settle(&mut self, read: Result<Option<SealedTenant>, TenantUnavailable>) {
        match read {
            Ok(_) => self.placement.doubts().note_store_answered(),
            Err(_) => self.placement.doubts().note_store_failed(self.placement.world().clock.monotonic()),
        }
        let result = match read {
            Ok(Some(sealed)) => unseal(&self.placement, &self.slot, sealed, self.generation)
                .map(|snapshot| Some(self.publish(snapshot))),
            Ok(None) => {
                self.placement.forget(&self.slot);
                Ok(None)
            }
            Err(unavailable) => Err(unavailable),
        };
        self.slot.end_load();
        if let Some(landing) = self.landing.take() {
            landing.land(Landed { generation: self.generation, result });
        }
    }

    fn publish(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        self.slot.publish(Arc::clone(&snapshot), self.gaps);
        Placement::route(&self.placement, &self.slot, snapshot.key_ids());
        snapshot
    }
}

async fn read(world: &World, tenant: domain::TenantId) -> Result<Option<SealedTenant>, TenantUnavailable> {
    let timeout = world.settings.load_timeout;
    match tokio::time::timeout(timeout, world.directory.load(tenant)).await {
        Ok(Ok(sealed)) => Ok(sealed),
        Ok(Err(error)) => {
            tracing::error!(
                tenant.id = %tenant,
                error = &error as &dyn std::error::Error,
                "tenant could not be loaded"
            );
            Err(TenantUnavailable::Store)
        }
        Err(_elapsed) => {
            tracing::error!(
                tenant.id = %tenant,
                timeout_ms = timeout.as_millis(),
                "tenant was not loaded in time"
            );
            Err(TenantUnavailable::Store)
        }
    }
}
