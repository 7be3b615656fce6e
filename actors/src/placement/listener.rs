//! The listener: hears of changes made elsewhere. A change of a tenant makes it outdated, what may have been missed makes all
//! of them suspect (`doubt.rs`).

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, Handler, MessageResult, WrapFuture};
use domain::ports::{Change, Changes};

use super::Placement;
use super::observe::Observe;
use crate::supervisor::Life;

/// Hears of changes as long as it lives.
pub(super) struct Listener {
    pub(super) placement: Arc<Placement>,
    pub(super) changes: Arc<dyn Changes>,
    pub(super) _life: Life,
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.placement.doubts.gain_listener();
        ctx.spawn(listen(Arc::clone(&self.placement), Arc::clone(&self.changes)).into_actor(self));
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.placement.doubts.lose_listener();
    }
}

impl Handler<Observe> for Listener {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, Observe: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(true)
    }
}

async fn listen(placement: Arc<Placement>, changes: Arc<dyn Changes>) {
    loop {
        placement.hear(changes.next().await);
        // A flood of changes leaves the thread to others as well.
        tokio::task::yield_now().await;
    }
}

impl Placement {
    /// Acts on what was told. Waits for nothing.
    fn hear(self: &Arc<Self>, change: Change) {
        match change {
            Change::Tenant(tenant) => {
                if let Some(slot) = self.outdate(tenant) {
                    let placement = Arc::clone(self);
                    self.arbiter(tenant).spawn(async move {
                        // Told where it failed; the next request tries again.
                        slot.load(&placement).await.ok();
                    });
                }
            }
            Change::CutOff => {
                tracing::warn!(
                    "changes made on other nodes are not heard: tenants are checked every few seconds"
                );
                self.doubts.cut_off();
            }
            Change::Resumed => {
                tracing::info!("changes made on other nodes are heard again: every tenant is checked once");
                self.unknown.forget_all();
                self.doubts.resume();
            }
        }
    }
}

#[cfg(test)]
mod tests;
