//! The threads that the actors live on.

use actix_rt::{Arbiter, ArbiterHandle};

use super::table::{TABLE, Thread};
use crate::Settings;

/// The tree's threads.
#[derive(Debug)]
pub(super) struct Arbiters {
    pub(super) control: Arbiter,
    pub(super) ledger: Arbiter,
    pub(super) log: Arbiter,
    pub(super) reconciler: Arbiter,
    tenants: Vec<Arbiter>,
}

impl Arbiters {
    pub(super) fn start(settings: &Settings) -> Self {
        Self {
            control: Arbiter::new(),
            ledger: Arbiter::new(),
            log: Arbiter::new(),
            reconciler: Arbiter::new(),
            tenants: (0..settings.tenants.threads.max(1)).map(|_| Arbiter::new()).collect(),
        }
    }

    /// Returns the threads that a child of this name may live on, by the table.
    pub(super) fn of(&self, child: &str) -> Box<[ArbiterHandle]> {
        let thread = TABLE.iter().find(|row| row.child == child).map_or(Thread::Control, |row| row.thread);
        match thread {
            Thread::Control => Box::new([self.control.handle()]),
            Thread::Ledger => Box::new([self.ledger.handle()]),
            Thread::Reconciler => Box::new([self.reconciler.handle()]),
            Thread::Log => Box::new([self.log.handle()]),
            Thread::Tenants => self.tenants.iter().map(Arbiter::handle).collect(),
        }
    }

    /// Stops all threads and waits for their ends.
    pub(super) async fn stop(self) {
        let mut all = self.tenants;
        all.extend([self.reconciler, self.log, self.ledger, self.control]);
        for arbiter in &all {
            arbiter.stop();
        }
        let joining = actix_rt::task::spawn_blocking(move || {
            for arbiter in all {
                if arbiter.join().is_err() {
                    tracing::error!("an actor thread ended in a panic");
                }
            }
        });
        // An error is a panic inside, of which there is none, or a runtime that is gone before us.
        joining.await.ok();
    }
}
