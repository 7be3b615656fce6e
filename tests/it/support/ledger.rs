//! A ledger with faults that a store has seldom, for a gateway in this process.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::ports::{Begun, Ledger, Reroute, StoreError, Unsettled};
use domain::{Environment, LedgerEntry, TenantId, Timestamp, TransactionId};

use super::StageOptions;

/// What is wrong with a ledger.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LedgerFaults {
    /// Its rows are as much older than they are.
    pub(crate) age: Duration,
    /// It never says that its first row is begun, and commits it so late.
    pub(crate) commits_late: Option<Duration>,
    /// It withdraws nothing for so long, from when it is asked first.
    pub(crate) withdraws_late: Option<Duration>,
    /// It takes so long to begin a row, and to give one to another provider.
    pub(crate) is_slow: Option<Duration>,
    /// It does not give rows to other providers.
    pub(crate) keeps_providers: bool,
}

#[derive(Debug)]
struct FaultyLedger {
    ledger: Arc<dyn Ledger>,
    faults: LedgerFaults,
    has_begun: AtomicBool,
    withdraws_from: OnceLock<Instant>,
}

impl LedgerFaults {
    /// Returns these options with a ledger that has these faults.
    pub(crate) fn in_stage(self, options: StageOptions) -> StageOptions {
        let wrap = options.wrap;
        let wrap = move |stores: gateway::Stores| {
            let mut stores = wrap(stores);
            stores.ledger = Arc::new(FaultyLedger {
                ledger: Arc::clone(&stores.ledger),
                faults: self,
                has_begun: AtomicBool::default(),
                withdraws_from: OnceLock::new(),
            });
            stores
        };
        StageOptions { wrap: Box::new(wrap), ..options }
    }
}

impl FaultyLedger {
    fn row(&self, row: LedgerEntry) -> LedgerEntry {
        let age = u64::try_from(self.faults.age.as_millis()).expect("an age");
        LedgerEntry { started_at: Timestamp::from_unix_ms(row.started_at.unix_ms() - age), ..row }
    }

    fn rows(&self, rows: Vec<LedgerEntry>) -> Vec<LedgerEntry> {
        rows.into_iter().map(|row| self.row(row)).collect()
    }
}

fn away(doing: &'static str) -> StoreError {
    let source = std::io::Error::from(std::io::ErrorKind::TimedOut).into();
    StoreError::Unavailable { doing, may_be_done: false, source }
}

#[async_trait]
impl Ledger for FaultyLedger {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        if let Some(late) = self.faults.commits_late
            && !self.has_begun.swap(true, Ordering::Relaxed)
        {
            let ledger = Arc::clone(&self.ledger);
            tokio::spawn(async move {
                tokio::time::sleep(late).await;
                ledger.begin(entries).await
            });
            return pending().await;
        }
        tokio::time::sleep(self.faults.is_slow.unwrap_or_default()).await;
        let begun = self.ledger.begin(entries).await?;
        let aged = |begun| match begun {
            Begun::Existing(row) => Begun::Existing(Box::new(self.row(*row))),
            other => other,
        };
        Ok(begun.into_iter().map(aged).collect())
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(self.ledger.find(tenant, environment, key).await?.map(|row| self.row(row)))
    }

    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.ledger.take_over(tenant, transaction, now, until).await
    }

    async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(self.rows(self.ledger.take_due(now, until, limit).await?))
    }

    async fn withdraw(&self, row: LedgerEntry) -> Result<bool, StoreError> {
        if let Some(late) = self.faults.withdraws_late {
            let from = *self.withdraws_from.get_or_init(|| Instant::now() + late);
            if Instant::now() < from {
                return Err(away("withdrawing"));
            }
        }
        self.ledger.withdraw(row).await
    }

    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, StoreError> {
        if self.faults.keeps_providers {
            return Err(away("rerouting"));
        }
        tokio::time::sleep(self.faults.is_slow.unwrap_or_default()).await;
        self.ledger.reroute(tenant, transaction, reroute).await
    }

    async fn unsettled(&self) -> Result<Unsettled, StoreError> {
        self.ledger.unsettled().await
    }

    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(self.rows(self.ledger.list_unknown(needs_attention, limit).await?))
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        self.ledger.expire_leases().await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.ledger.prune(before, limit).await
    }
}
