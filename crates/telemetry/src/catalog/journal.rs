//! What is told of the journal, and of the store that it stands in for.

use std::time::Duration;

use metrics::{Counter, Gauge};

use super::series::Registrar;
use super::{Catalog, from_count, table};

/// Handles of the journal's metrics.
pub(super) struct JournalSeries {
    refused: Counter,
    dropped: Counter,
    spooled: Gauge,
    entries: Gauge,
    bytes: Gauge,
    capacity: Gauge,
    failures: Counter,
    store_away: Gauge,
    journaled: Counter,
    twins: Counter,
}

impl JournalSeries {
    pub(super) fn new(registrar: &Registrar) -> Self {
        Self {
            refused: registrar.counter(&table::LOG_REFUSED, Vec::new()),
            dropped: registrar.counter(&table::LOG_DROPPED, Vec::new()),
            spooled: registrar.gauge(&table::LOG_SPOOLED, Vec::new()),
            entries: registrar.gauge(&table::JOURNAL_ENTRIES, Vec::new()),
            bytes: registrar.gauge(&table::JOURNAL_BYTES, Vec::new()),
            capacity: registrar.gauge(&table::JOURNAL_CAPACITY, Vec::new()),
            failures: registrar.counter(&table::JOURNAL_FAILURES, Vec::new()),
            store_away: registrar.gauge(&table::STORE_AWAY, Vec::new()),
            journaled: registrar.counter(&table::LEDGER_JOURNALED, Vec::new()),
            twins: registrar.counter(&table::LEDGER_TWINS, Vec::new()),
        }
    }
}

impl Catalog {
    /// Notes how the journal stands: entries that are not acknowledged, bytes on the disk and at most.
    pub fn journal_standing(&self, entries: u64, bytes: u64, capacity: u64) {
        self.journal.entries.set(from_number(entries));
        self.journal.bytes.set(from_number(bytes));
        self.journal.capacity.set(from_number(capacity));
    }

    /// Notes that the journal did not take or give an entry.
    pub fn journal_failed(&self) {
        self.journal.failures.increment(1);
    }

    /// Notes how many entries wait in the journal only.
    pub fn log_spooled(&self, entries: usize) {
        self.journal.spooled.set(from_count(entries));
    }

    /// Notes an entry that the store refused for good.
    pub fn log_refused(&self) {
        self.journal.refused.increment(1);
    }

    /// Notes records that were lost.
    pub fn log_dropped(&self, records: usize) {
        self.journal.dropped.increment(u64::try_from(records).unwrap_or(u64::MAX));
    }

    /// Notes for how long the store has been away; zero when it answers.
    pub fn store_away(&self, since: Duration) {
        self.journal.store_away.set(since.as_secs_f64());
    }

    /// Notes a ledger entry that was begun in the journal.
    pub fn ledger_journaled(&self) {
        self.journal.journaled.increment(1);
    }

    /// Notes a ledger entry begun in the journal whose key another node had used meanwhile.
    pub fn ledger_twin(&self) {
        self.journal.twins.increment(1);
    }
}

/// Exact up to 53 bits, which no disk exceeds.
fn from_number(n: u64) -> f64 {
    let high = u32::try_from(n >> 32).map_or(0.0, f64::from);
    let low = u32::try_from(n & u64::from(u32::MAX)).map_or(0.0, f64::from);
    high * 4_294_967_296.0 + low
}
