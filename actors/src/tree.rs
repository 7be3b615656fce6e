//! The tree: every actor started, watched and stopped as `table.rs` says.

mod arbiters;
mod table;

use std::sync::Arc;
use std::time::Duration;

use actix_rt::System;
use domain::ports::{Changes, Journal, Ledger, QuotaLeases, TenantDirectory, TransactionLog};
use domain::{Clock, Descriptor, Entropy};
use resilience::RetryBudgetError;
use vault::Vault;

use crate::ledger_writer::{LedgerHandle, LedgerObservation, LedgerParams};
use crate::log_writer::{LogHandle, LogObservation, LogParams, Queue as LogQueue};
use crate::placement::{Tenants, TenantsObservation, TenantsParams, World};
use crate::provider::{ProviderObservation, Providers, ProvidersParams, TokenSource};
use crate::reconciler::{Reconcile, ReconcilerHandle, ReconcilerObservation, ReconcilerParams};
use crate::store_breaker::StoreBreaker;
use crate::supervisor::{Deaths, Intensity, Supervisor};
use crate::{Settings, SupervisionSettings};
use arbiters::Arbiters;
use table::{Row, TABLE};

/// What the tree needs from outside.
#[derive(Debug)]
pub struct TreeParams {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Spreads waits.
    pub entropy: Arc<dyn Entropy>,
    /// Where tenants are loaded from.
    pub directory: Arc<dyn TenantDirectory>,
    /// Opens their credentials.
    pub vault: Arc<Vault>,
    /// Where side effects are begun.
    pub ledger: Arc<dyn Ledger>,
    /// Where records go.
    pub log: Arc<dyn TransactionLog>,
    /// What takes their place while the store is away, and keeps records through the process's death. Absent where the store is
    /// on this machine anyway.
    pub journal: Option<Arc<dyn Journal>>,
    /// Buys tokens.
    pub tokens: Arc<dyn TokenSource>,
    /// The providers there are.
    pub descriptors: Vec<&'static Descriptor>,
    /// Divides keys' limits among nodes; none where this node is alone, which then counts by itself.
    pub leases: Option<Arc<dyn QuotaLeases>>,
    /// Where changes made on other nodes are heard of; none where this node is alone.
    pub changes: Option<Arc<dyn Changes>>,
    /// Where metrics go.
    pub catalog: Arc<telemetry::Catalog>,
    /// Every bound and time.
    pub settings: Settings,
}

/// Why the tree cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Arbiters belong to an actix system, and none runs on this thread.
    #[error("no actix system is running on this thread")]
    NoSystem,
    /// The settings make no retry budget.
    #[error("settings make no retry budget")]
    RetryBudget(#[from] RetryBudgetError),
}

/// The running tree. Handles may be cloned out of it and used from any thread.
#[derive(Debug)]
pub struct Tree {
    /// Tenants by key.
    pub tenants: Tenants,
    /// Tokens and attempts.
    pub providers: Providers,
    /// The ledger's writer.
    pub ledger: LedgerHandle,
    /// The log's writer.
    pub log: LogHandle,
    /// Absent until it is started: it needs the gateway, which needs the tree.
    reconciler: Option<ReconcilerHandle>,
    settings: Settings,
    arbiters: Arbiters,
    deaths: Deaths,
}

/// How the whole tree stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeObservation {
    /// Tenants.
    pub tenants: TenantsObservation,
    /// Each provider.
    pub providers: Vec<ProviderObservation>,
    /// The ledger's writer.
    pub ledger: LedgerObservation,
    /// The log's writer.
    pub log: LogObservation,
    /// The reconciler, once it is started.
    pub reconciler: Option<ReconcilerObservation>,
}

impl TreeObservation {
    /// Returns whether every permanent actor answers.
    pub fn is_up(&self) -> bool {
        let providers = self.providers.iter().all(|provider| provider.is_up);
        let reconciler = self.reconciler.is_none_or(|reconciler| reconciler.is_up);
        self.tenants.is_up && self.ledger.is_up && self.log.is_up && reconciler && providers
    }
}

/// What stopping left undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopReport {
    /// Children in the order in which they stopped.
    pub order: Vec<&'static str>,
    /// Ledger entries whose callers got no answer.
    pub unanswered: usize,
    /// Log records that were not written and that no journal has: lost.
    pub unwritten: usize,
    /// Entries that were not written and that the journal has: the next start writes them.
    pub spooled: usize,
}

/// Starts the tree. Blocks while what is open in the journal is looked through.
///
/// # Errors
/// [`TreeError::NoSystem`] outside an actix system, [`TreeError::RetryBudget`] for settings that cannot be.
pub fn start(params: TreeParams) -> Result<Tree, TreeError> {
    if System::try_current().is_none() {
        return Err(TreeError::NoSystem);
    }
    let arbiters = Arbiters::start(&params.settings);
    let (supervisor, deaths) = Supervisor::new(Arc::clone(&params.clock), Arc::clone(&params.catalog));
    arbiters.control.spawn(supervisor.run());
    log_table(&params.settings);
    let breaker = Arc::new(StoreBreaker::new(Arc::clone(&params.catalog)));
    let log = start_log(&params, &arbiters, &deaths, &breaker);
    Ok(Tree {
        tenants: start_tenants(&params, &arbiters, &deaths),
        providers: start_providers(&params, &arbiters, &deaths)?,
        ledger: start_ledger(&params, &arbiters, &deaths, (log.queue(), breaker)),
        log,
        reconciler: None,
        settings: params.settings,
        arbiters,
        deaths,
    })
}

fn start_tenants(params: &TreeParams, arbiters: &Arbiters, deaths: &Deaths) -> Tenants {
    Tenants::start(TenantsParams {
        world: World {
            clock: Arc::clone(&params.clock),
            directory: Arc::clone(&params.directory),
            vault: Arc::clone(&params.vault),
            descriptors: params.descriptors.clone(),
            catalog: Arc::clone(&params.catalog),
            breaker: Arc::new(params.settings.tenants.breaker),
            settings: params.settings.tenants.clone(),
            leases: params.leases.clone(),
        },
        changes: params.changes.clone(),
        arbiters: arbiters.of("tenant"),
        keeper: arbiters.control.handle(),
        intensity: intensity(&params.settings.supervision),
        deaths: deaths.clone(),
    })
}

fn start_providers(
    params: &TreeParams,
    arbiters: &Arbiters,
    deaths: &Deaths,
) -> Result<Providers, RetryBudgetError> {
    Providers::start(&ProvidersParams {
        descriptors: params.descriptors.clone(),
        source: Arc::clone(&params.tokens),
        clock: Arc::clone(&params.clock),
        entropy: Arc::clone(&params.entropy),
        catalog: Arc::clone(&params.catalog),
        settings: params.settings.providers.clone(),
        intensity: intensity(&params.settings.supervision),
        arbiter: arbiters.control.handle(),
        deaths: deaths.clone(),
    })
}

fn start_ledger(
    params: &TreeParams,
    arbiters: &Arbiters,
    deaths: &Deaths,
    (log, breaker): (Arc<LogQueue>, Arc<StoreBreaker>),
) -> LedgerHandle {
    LedgerHandle::start(LedgerParams {
        ledger: Arc::clone(&params.ledger),
        log,
        breaker,
        clock: Arc::clone(&params.clock),
        catalog: Arc::clone(&params.catalog),
        settings: params.settings.ledger.clone(),
        intensity: intensity(&params.settings.supervision),
        arbiter: arbiters.ledger.handle(),
        deaths: deaths.clone(),
    })
}

fn start_log(
    params: &TreeParams,
    arbiters: &Arbiters,
    deaths: &Deaths,
    breaker: &Arc<StoreBreaker>,
) -> LogHandle {
    LogHandle::start(LogParams {
        log: Arc::clone(&params.log),
        ledger: Arc::clone(&params.ledger),
        journal: params.journal.clone(),
        breaker: Arc::clone(breaker),
        clock: Arc::clone(&params.clock),
        entropy: Arc::clone(&params.entropy),
        catalog: Arc::clone(&params.catalog),
        settings: params.settings.log.clone(),
        intensity: intensity(&params.settings.supervision),
        arbiter: arbiters.log.handle(),
        deaths: deaths.clone(),
    })
}

const fn intensity(settings: &SupervisionSettings) -> Intensity {
    Intensity::new(settings.restarts, settings.within, settings.pause)
}

fn log_table(settings: &Settings) {
    for row in &TABLE {
        tracing::debug!(
            child = row.child,
            parent = row.parent,
            restart = ?row.restart,
            thread = ?row.thread,
            bound = (row.bound)(settings),
            "supervised"
        );
    }
}

impl Tree {
    /// Starts the reconciler. It looks for unknown outcomes at once: a crash may have left some.
    pub fn start_reconciler(&mut self, port: Arc<dyn Reconcile>) {
        self.reconciler = Some(ReconcilerHandle::start(ReconcilerParams {
            port,
            settings: self.settings.reconciler.clone(),
            intensity: intensity(&self.settings.supervision),
            arbiter: self.arbiters.reconciler.handle(),
            deaths: self.deaths.clone(),
        }));
    }

    /// Returns how every actor stands.
    pub async fn observe(&self) -> TreeObservation {
        TreeObservation {
            tenants: self.tenants.observe().await,
            providers: self.providers.observe().await,
            ledger: self.ledger.observe().await,
            log: self.log.observe().await,
            reconciler: match &self.reconciler {
                Some(reconciler) => Some(reconciler.observe().await),
                None => None,
            },
        }
    }

    /// Has the reconciler take no more rows, and waits until its look-ups under way are over, or `grace` is.
    pub async fn stop_looking(&self, grace: Duration) {
        if let Some(reconciler) = &self.reconciler {
            reconciler.stop(grace).await;
        }
    }

    /// Stops the tree in the table's order; to be called when the last request is answered. Each writer has
    /// `Settings::stop_grace` to finish what it was given; handles that are still held refuse from then on.
    pub async fn stop(self) -> StopReport {
        let grace = self.settings.stop_grace;
        let mut report = StopReport { order: Vec::new(), unanswered: 0, unwritten: 0, spooled: 0 };
        let mut rows: Vec<&Row> = TABLE.iter().collect();
        rows.sort_by_key(|row| row.stops);
        for row in rows {
            match row.child {
                "reconciler" => self.stop_looking(grace).await,
                "keeper" => self.tenants.stop(),
                "listener" => self.tenants.stop_listening(),
                "provider" => self.providers.stop(),
                "ledger_writer" => report.unanswered = self.ledger.stop(grace).await,
                "log_writer" => {
                    let left = self.log.stop(grace).await;
                    (report.unwritten, report.spooled) = (left.unwritten, left.spooled);
                }
                // Lives only as long as its load; ends with its thread.
                _ => {}
            }
            report.order.push(row.child);
        }
        self.arbiters.stop().await;
        report
    }
}

#[cfg(test)]
mod tests;
