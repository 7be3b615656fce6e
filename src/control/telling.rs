//! Telling every node that something of a tenant was changed: now, or again and again until it is told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::TenantId;
use domain::ports::CacheError;
use tokio::sync::Notify;

use super::ControlError;
use crate::app::Gateway;

/// How long to wait before a change is told again that could not be told.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Tenants of whose change the other nodes have not been told yet.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    tenants: Mutex<BTreeSet<TenantId>>,
    added: Notify,
}

impl Untold {
    fn add(&self, tenant: TenantId) {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
        self.added.notify_one();
    }

    fn take(&self) -> BTreeSet<TenantId> {
        std::mem::take(&mut *self.tenants.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells everyone that something of a tenant was changed and is committed: this node before it returns, the others within a
/// second, or as soon as they can be told.
///
/// # Errors
/// [`ControlError::Tenant`] when this node cannot load the new state; the change stands.
pub(super) async fn tell_of_change(gateway: &Gateway, tenant: TenantId) -> Result<(), ControlError> {
    if let Err(error) = tell(gateway, tenant).await {
        tracing::warn!(
            tenant.id = %tenant,
            error = &error as &dyn std::error::Error,
            "other nodes cannot be told of a change yet"
        );
        gateway.untold.add(tenant);
    }
    gateway.tenants.refresh(tenant).await?;
    Ok(())
}

/// Tells again what could not be told, until the process ends.
pub(crate) async fn keep_telling(gateway: Arc<Gateway>) {
    loop {
        gateway.untold.added.notified().await;
        tokio::time::sleep(AGAIN_AFTER).await;
        for tenant in gateway.untold.take() {
            if tell(&gateway, tenant).await.is_err() {
                gateway.untold.add(tenant);
            }
        }
    }
}

/// The copy goes first: whoever is told loads again, and must not find it.
async fn tell(gateway: &Gateway, tenant: TenantId) -> Result<(), CacheError> {
    gateway.caches.tenants.forget(tenant).await?;
    match &gateway.caches.changes {
        Some(changes) => changes.publish(tenant).await,
        None => Ok(()),
    }
}
