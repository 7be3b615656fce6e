//! Changes that a test tells.

use async_trait::async_trait;
use domain::TenantId;
use domain::ports::{CacheError, Change, Changes};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Fault, Hold};

/// What is told and what was asked for.
#[derive(Debug)]
pub(crate) struct ChangesDouble {
    told: UnboundedSender<Change>,
    heard: Mutex<UnboundedReceiver<Change>>,
    pub(crate) asked: Hold,
    pub(crate) fault: Fault,
}

impl Default for ChangesDouble {
    fn default() -> Self {
        let (told, heard) = unbounded_channel();
        Self { told, heard: Mutex::new(heard), asked: Hold::default(), fault: Fault::default() }
    }
}

impl ChangesDouble {
    /// Tells a change and waits until the listener, of whom there is one, has acted on it.
    pub(crate) async fn tell(&self, change: Change) {
        // It asks for the next one when it has acted on the last.
        let asked = self.asked.count().max(1);
        self.told.send(change).unwrap();
        self.asked.arrived(asked + 1).await;
    }
}

#[async_trait]
impl Changes for ChangesDouble {
    async fn publish(&self, tenant: TenantId) -> Result<(), CacheError> {
        self.told.send(Change::Tenant(tenant)).unwrap();
        Ok(())
    }

    async fn next(&self) -> Change {
        self.asked.pass().await;
        let change = self.heard.lock().await.recv().await.unwrap();
        self.fault.strike("hearing").unwrap();
        change
    }
}
