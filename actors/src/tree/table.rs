//! THE SUPERVISION TABLE: who is whose child, who is restarted how, what is bounded by what, and who stops when.

use crate::Settings;

/// When a child that died comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    /// At once, by the supervisor. More deaths than `SupervisionSettings` allows: down for the pause, which health shows,
    /// and then again. Never given up.
    Permanent,
    /// With the next request that needs it, without limit: one tenant's fault is no reason to count, and no one else's.
    OnDemand,
}

/// Which thread a child lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thread {
    /// With the supervisor: what is rare and short.
    Control,
    /// Alone: every call with a side effect waits for it.
    Ledger,
    /// Alone: it copies large batches.
    Log,
    /// Alone: its connections to providers are its own.
    Reconciler,
    /// One of the tenants' threads, by the tenant's id.
    Tenants,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) child: &'static str,
    pub(super) parent: &'static str,
    pub(super) restart: Restart,
    pub(super) thread: Thread,
    /// What bounds the work it is given.
    pub(super) bound: fn(&Settings) -> usize,
    /// Place in the order of stopping. Whoever gives work to another stops before it; the log is last, because what all
    /// others do ends there.
    pub(super) stops: u8,
}

/// The table.
pub(super) static TABLE: [Row; 7] = [
    Row {
        child: "reconciler",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Reconciler,
        bound: |settings| settings.reconciler.at_once,
        stops: 0,
    },
    Row {
        child: "keeper",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Control,
        bound: |_| 16,
        stops: 1,
    },
    Row {
        child: "listener",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Control,
        bound: |_| 16,
        stops: 1,
    },
    Row {
        child: "tenant",
        parent: "keeper",
        restart: Restart::OnDemand,
        thread: Thread::Tenants,
        bound: |settings| settings.tenants.loads,
        stops: 1,
    },
    Row {
        child: "provider",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Control,
        bound: |settings| settings.providers.token_purchases,
        stops: 2,
    },
    Row {
        child: "ledger_writer",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Ledger,
        bound: |settings| settings.ledger.queue,
        stops: 3,
    },
    Row {
        child: "log_writer",
        parent: "supervisor",
        restart: Restart::Permanent,
        thread: Thread::Log,
        bound: |settings| settings.log.queue,
        stops: 4,
    },
];
