//! Supervision of permanent children: whoever dies is started again with fresh state, unless it dies too often.
//!
//! actix's own `Supervisor` does not survive a panic: the actor is gone and each later send is `Closed`. Here an actor
//! holds a [`Life`], whose `Drop` is the death notice: it runs when the actor's task ends, however it ends.
//!
//! Escalation: a child that dies more often than its row of `tree::TABLE` allows is down. Its callers fail at once instead
//! of waiting, `Tree::observe` says so (health turns), and after a pause it is tried again: this process never gives
//! its log up.

mod child;
mod handle;
mod intensity;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::Clock;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) use child::{Child, ChildParams, Life};
pub(crate) use handle::{CallFailure, Handle, Place};
pub(crate) use intensity::{Intensity, Verdict};

/// A child as the supervisor sees it: without its actor's type.
pub(crate) trait Supervised: Send + Sync {
    /// Returns the child's name in the supervision table.
    fn name(&self) -> &'static str;

    /// Counts a death and returns what is to follow.
    fn died(&self, now: std::time::Duration) -> Verdict;

    /// Starts the actor anew, unless the child is to stay stopped.
    fn start(self: Arc<Self>);
}

/// Where death notices go.
pub(crate) type Deaths = UnboundedSender<Arc<dyn Supervised>>;

/// Restarts children. One task, alive as long as its arbiter.
pub(crate) struct Supervisor {
    notices: UnboundedReceiver<Arc<dyn Supervised>>,
    clock: Arc<dyn Clock>,
    catalog: Arc<telemetry::Catalog>,
}

impl Supervisor {
    /// Returns a supervisor and where to send death notices.
    pub(crate) fn new(clock: Arc<dyn Clock>, catalog: Arc<telemetry::Catalog>) -> (Self, Deaths) {
        let (deaths, notices) = unbounded_channel();
        (Self { notices, clock, catalog }, deaths)
    }

    /// Restarts whoever dies, until the arbiter stops. Holds one of the children's senders, so the channel never closes.
    pub(crate) async fn run(mut self) {
        while let Some(child) = self.notices.recv().await {
            let name = child.name();
            match child.died(self.clock.monotonic()) {
                Verdict::Stay => {}
                Verdict::Restart => {
                    tracing::warn!(actor = name, "actor died and is started again");
                    self.catalog.actor_restarted(name);
                    child.start();
                }
                Verdict::Escalate { pause } => {
                    tracing::error!(
                        actor = name,
                        pause_ms = pause.as_millis(),
                        "actor keeps dying; it is down until the pause is over"
                    );
                    self.catalog.actor_restarted(name);
                    actix_rt::spawn(async move {
                        actix_rt::time::sleep(pause).await;
                        child.start();
                    });
                }
            }
        }
    }
}
