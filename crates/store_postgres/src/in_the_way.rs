//! The rows that keep ledger entries from beginning.

use std::collections::HashMap;

use domain::{Environment, LedgerEntry, LedgerState, TenantId, TransactionId};

use crate::PostgresStore;
use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, Text, without_nul};
use crate::error::Failure;
use crate::ledger::{WRITER, read_entry};

/// The row in the way has the same key; when the same entry is begun again, the same transaction; or it is open and has the
/// same serial.
const IN_THE_WAY_SQL: &str =
    "SELECT ledger.* FROM unnest($1, $2, $3) AS wanted (user_id, environment, idempotency_key)
    JOIN ledger USING (user_id, environment, idempotency_key)
    UNION ALL
    SELECT ledger.* FROM unnest($4, $1) AS wanted (transaction_id, user_id)
    JOIN ledger USING (transaction_id, user_id)
    UNION ALL
    SELECT ledger.* FROM (SELECT DISTINCT * FROM unnest($1, $2, $5)) AS wanted (user_id, environment, serial)
    JOIN ledger USING (user_id, environment, serial) WHERE ledger.state <> 'settled'";

/// A name and what it is unique in.
pub(crate) type Unique = (TenantId, Environment, Box<str>);

/// The rows that kept entries from beginning.
#[derive(Debug, Default)]
pub(crate) struct InTheWay {
    by_key: HashMap<Unique, LedgerEntry>,
    by_transaction: HashMap<(TenantId, TransactionId), LedgerEntry>,
    by_serial: HashMap<Unique, LedgerEntry>,
}

/// What an entry meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Met<'a> {
    /// The row of its key, or its own.
    Same(&'a LedgerEntry),
    /// An open row of its serial.
    SameSerial(&'a LedgerEntry),
}

impl InTheWay {
    /// Finds the rows.
    pub(crate) async fn look_up(
        store: &PostgresStore,
        waiting: &[(usize, &LedgerEntry)],
    ) -> Result<Self, Failure> {
        let mut wanted = Arrays::new([
            ColumnType::UUID,
            ColumnType::TEXT,
            ColumnType::TEXT,
            ColumnType::UUID,
            ColumnType::TEXT,
        ]);
        for (_, entry) in waiting {
            wanted.push(&[
                &Column(entry.tenant),
                &entry.environment.as_str(),
                &Text::optional(entry.idempotency_key.as_deref()),
                &Column(entry.transaction),
                &Text::optional(entry.serial.as_deref()),
            ])?;
        }
        let rows = store.query(WRITER, IN_THE_WAY_SQL, wanted.parameters()).await?;
        let mut found = Self::default();
        for row in &rows {
            found.take_up(read_entry(row)?);
        }
        Ok(found)
    }

    fn take_up(&mut self, row: LedgerEntry) {
        if let Some(key) = key_of(&row) {
            self.by_key.insert(key, row.clone());
        }
        if let Some(serial) = serial_of(&row)
            && !matches!(row.state, LedgerState::Settled { .. })
        {
            self.by_serial.insert(serial, row.clone());
        }
        self.by_transaction.insert((row.tenant, row.transaction), row);
    }

    /// Returns the row that an entry meets. Its key comes first: a repeat finds its own row.
    pub(crate) fn met_by(&self, entry: &LedgerEntry) -> Option<Met<'_>> {
        let same = key_of(entry)
            .and_then(|key| self.by_key.get(&key))
            .or_else(|| self.by_transaction.get(&(entry.tenant, entry.transaction)));
        let same_serial = || serial_of(entry).and_then(|serial| self.by_serial.get(&serial));
        same.map(Met::Same).or_else(|| same_serial().map(Met::SameSerial))
    }
}

/// Returns an entry's key as it would be read back.
pub(crate) fn key_of(entry: &LedgerEntry) -> Option<Unique> {
    unique(entry, entry.idempotency_key.as_deref())
}

/// Returns an entry's serial as it would be read back.
pub(crate) fn serial_of(entry: &LedgerEntry) -> Option<Unique> {
    unique(entry, entry.serial.as_deref())
}

fn unique(entry: &LedgerEntry, name: Option<&str>) -> Option<Unique> {
    name.map(|name| (entry.tenant, entry.environment, without_nul(name).into()))
}
