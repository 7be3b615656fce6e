//! A ledger and a log, in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{
    Begun, Ledger, OrderFilter, Record, StoreError, StoredOrder, StoredTransaction, TransactionLog,
};
use domain::{Environment, LedgerEntry, TenantId, Timestamp, TransactionId};

use super::{Fault, Hold};

/// Something that a store has committed, by its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    Begun(u128),
    Recorded(u128),
}

type LedgerKey = (TenantId, Environment, Box<str>);

/// Begins entries as the port promises, and remembers the sizes of its commits.
#[derive(Debug, Default)]
pub(crate) struct LedgerDouble {
    pub(crate) commits: Hold,
    pub(crate) fault: Fault,
    pub(crate) batches: Mutex<Vec<usize>>,
    /// What was committed, in order; shared with the log.
    pub(crate) order: Arc<Mutex<Vec<Committed>>>,
    pub(crate) rows: Mutex<HashMap<LedgerKey, LedgerEntry>>,
}

#[async_trait]
impl Ledger for LedgerDouble {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        self.batches.lock().unwrap().push(entries.len());
        self.commits.pass().await;
        self.fault.strike("beginning entries")?;
        let mut rows = self.rows.lock().unwrap();
        let begun = entries.into_iter().map(|entry| {
            self.order.lock().unwrap().push(Committed::Begun(entry.transaction.as_u128()));
            let Some(key) = entry.idempotency_key.clone() else {
                return Begun::Started;
            };
            let key = (entry.tenant, entry.environment, key);
            if let Some(present) = rows.get(&key) {
                return Begun::Existing(Box::new(present.clone()));
            }
            rows.insert(key, entry);
            Begun::Started
        });
        Ok(begun.collect())
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        self.fault.strike("finding a row")?;
        Ok(self.rows.lock().unwrap().get(&(tenant, environment, key.into())).cloned())
    }

    async fn take_over(
        &self,
        _: TenantId,
        _: TransactionId,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        self.commits.pass().await;
        self.fault.strike("taking a row over")?;
        Ok(false)
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn take_due(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn reroute(
        &self,
        _: TenantId,
        _: TransactionId,
        _: (&str, &str),
        _: bytes::Bytes,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn unsettled(&self) -> Result<domain::ports::Unsettled, StoreError> {
        Ok(domain::ports::Unsettled::default())
    }

    async fn list_unknown(&self, _: bool, _: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn prune(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Keeps the ids of settled rows, in the order of writing.
#[derive(Debug, Default)]
pub(crate) struct LogDouble {
    pub(crate) writes: Hold,
    pub(crate) fault: Fault,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) rows: Mutex<Vec<u128>>,
    /// What was committed, in order; shared with the ledger.
    pub(crate) order: Arc<Mutex<Vec<Committed>>>,
    /// A row that is refused.
    pub(crate) refuses: Mutex<Option<u128>>,
    pub(crate) refuses_all: AtomicBool,
    /// A row over which every write panics.
    pub(crate) poison: Mutex<Option<u128>>,
}

fn number(record: &Record) -> u128 {
    record.settlement.as_ref().unwrap().1.as_u128()
}

#[async_trait]
impl TransactionLog for LogDouble {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        self.writes.pass().await;
        self.fault.strike("writing records")?;
        let poison = *self.poison.lock().unwrap();
        assert!(!records.iter().any(|record| Some(number(record)) == poison), "scripted panic over a record");
        let refused = *self.refuses.lock().unwrap();
        let has_refused = records.iter().any(|record| Some(number(record)) == refused);
        if has_refused || self.refuses_all.load(Ordering::SeqCst) {
            return Err(StoreError::Corrupt("a scripted row"));
        }
        self.batches.lock().unwrap().push(records.len());
        self.order.lock().unwrap().extend(records.iter().map(|record| Committed::Recorded(number(record))));
        self.rows.lock().unwrap().extend(records.iter().map(number));
        Ok(())
    }

    async fn find(
        &self,
        _: TenantId,
        _: Environment,
        _: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        Ok(None)
    }

    async fn list_orders(&self, _: TenantId, _: OrderFilter) -> Result<Vec<StoredOrder>, StoreError> {
        Ok(Vec::new())
    }
}
