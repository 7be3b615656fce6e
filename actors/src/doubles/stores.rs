//! A ledger and a log, in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{
    Begun, Ledger, OrderFilter, Record, Reroute, StoreError, StoredOrder, StoredTransaction, TransactionLog,
    Unsettled,
};
use domain::{Environment, LedgerEntry, LedgerState, TenantId, Timestamp, TransactionId};

use super::{Fault, Hold};

/// Something that a store has committed, by its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    Begun(u128),
    Withdrawn(u128),
    Recorded(u128),
}

type LedgerKey = (TenantId, Environment, Box<str>);

/// Does with entries that have a key as the port promises, and remembers the sizes of its commits.
#[derive(Debug, Default)]
pub(crate) struct LedgerDouble {
    pub(crate) commits: Hold,
    pub(crate) fault: Fault,
    pub(crate) batches: Mutex<Vec<usize>>,
    /// What was committed, in order; shared with the log.
    pub(crate) order: Arc<Mutex<Vec<Committed>>>,
    pub(crate) rows: Mutex<HashMap<LedgerKey, LedgerEntry>>,
    /// What stands in the place of rows that were withdrawn.
    pub(crate) withdrawn: Mutex<HashMap<(TenantId, TransactionId), LedgerEntry>>,
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
            if let Some(row) = self.withdrawn.lock().unwrap().get(&(entry.tenant, entry.transaction)) {
                return Begun::Existing(Box::new(row.clone()));
            }
            let Some(key) = entry.idempotency_key.clone() else {
                return Begun::Started;
            };
            let key = (entry.tenant, entry.environment, key);
            if let Some(present) = rows.get(&key) {
                return Begun::Existing(Box::new(present.clone()));
            }
            if let Some(occupant) = rows.values().find(|row| is_in_the_way(row, &entry)) {
                return Begun::Occupied(Box::new(occupant.clone()));
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
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.commits.pass().await;
        self.fault.strike("taking a row over")?;
        let mut rows = self.rows.lock().unwrap();
        let row = rows.values_mut().find(|row| (row.tenant, row.transaction) == (tenant, transaction));
        let row = row.filter(|row| is_free(row, now));
        Ok(row.map(|row| take_over(row, until)).is_some())
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        self.fault.strike("taking over rows")?;
        let mut rows = self.rows.lock().unwrap();
        let is_due =
            |row: &LedgerEntry| is_free(row, now) && row.look_ups.next.is_some_and(|next| next <= now);
        let mut due: Vec<&mut LedgerEntry> = rows.values_mut().filter(|row| is_due(row)).collect();
        due.sort_by_key(|row| (row.look_ups.next, row.transaction));
        due.truncate(usize::try_from(limit).unwrap());
        Ok(due.into_iter().map(|row| take_over(row, until)).collect())
    }

    async fn withdraw(&self, row: LedgerEntry) -> Result<bool, StoreError> {
        self.commits.pass().await;
        self.fault.strike("withdrawing a row")?;
        let mut rows = self.rows.lock().unwrap();
        let is_own = |kept: &LedgerEntry| (kept.tenant, kept.transaction) == (row.tenant, row.transaction);
        let is_taken = rows.values().any(|kept| {
            is_own(kept) && !(kept.state == LedgerState::Started && kept.lease_until == row.lease_until)
        });
        if !is_taken {
            rows.retain(|_, kept| !is_own(kept));
            self.order.lock().unwrap().push(Committed::Withdrawn(row.transaction.as_u128()));
            self.withdrawn.lock().unwrap().insert((row.tenant, row.transaction), row);
        }
        Ok(!is_taken)
    }

    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        reroute: Reroute,
    ) -> Result<bool, StoreError> {
        self.fault.strike("giving a row to another provider")?;
        let mut rows = self.rows.lock().unwrap();
        let row = rows.values_mut().find(|row| (row.tenant, row.transaction) == (tenant, transaction));
        let row = row.filter(|row| row.state == LedgerState::Started && row.provider == reroute.from);
        let Some(row) = row else { return Ok(false) };
        (row.provider, row.provider_key) = (reroute.to, reroute.provider_key);
        row.look_ups.attempt_lines = reroute.attempt_lines;
        Ok(true)
    }

    async fn unsettled(&self) -> Result<Unsettled, StoreError> {
        let unknown = self.list_unknown(false, u32::MAX).await?;
        let waiting = unknown.iter().filter(|row| row.look_ups.next.is_some()).count();
        Ok(Unsettled {
            waiting: u64::try_from(waiting).unwrap(),
            needs_attention: u64::try_from(unknown.len() - waiting).unwrap(),
            oldest: unknown.first().map(|row| row.started_at),
        })
    }

    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        self.fault.strike("listing rows")?;
        let rows = self.rows.lock().unwrap();
        let is_asked_for = |row: &&LedgerEntry| {
            row.state == LedgerState::Unknown && !(needs_attention && row.look_ups.next.is_some())
        };
        let mut unknown: Vec<LedgerEntry> = rows.values().filter(is_asked_for).cloned().collect();
        unknown.sort_by_key(|row| (row.started_at, row.transaction));
        unknown.truncate(usize::try_from(limit).unwrap());
        Ok(unknown)
    }

    async fn prune(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Returns whether an open row has a new entry's serial.
fn is_in_the_way(row: &LedgerEntry, entry: &LedgerEntry) -> bool {
    let place = |of: &LedgerEntry| (of.tenant, of.environment, of.serial.clone());
    entry.serial.is_some() && place(row) == place(entry) && !matches!(row.state, LedgerState::Settled { .. })
}

/// Returns whether a row may be taken over.
fn is_free(row: &LedgerEntry, now: Timestamp) -> bool {
    match row.state {
        LedgerState::Started => row.lease_until <= now,
        LedgerState::Unknown => true,
        LedgerState::Settled { .. } => false,
    }
}

/// Takes a row over; returns it as it was.
fn take_over(row: &mut LedgerEntry, until: Timestamp) -> LedgerEntry {
    let before = row.clone();
    (row.state, row.lease_until, row.look_ups.next) = (LedgerState::Started, until, Some(until));
    before
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
