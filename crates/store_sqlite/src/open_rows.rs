//! Rows whose outcome is not known: giving them to whoever looks them up, and counting them.

use domain::ports::{Reroute, StoreError, Unsettled};
use domain::{LedgerEntry, TenantId, Timestamp, TransactionId};
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::columns::{id, ms, read, read_optional};
use crate::error::Task;
use crate::ledger::{ROW, read_entry};

const TAKE_OVER: Task = Task { doing: "taking over a ledger row", row: ROW };
const TAKE_DUE: Task = Task { doing: "taking over ledger rows that are due", row: ROW };
const REROUTE: Task = Task { doing: "giving a ledger row to another provider", row: ROW };
const COUNT: Task = Task { doing: "counting ledger rows that are unknown", row: "a number of rows" };
const LIST: Task = Task { doing: "listing ledger rows that are unknown", row: ROW };

/// A row that is taken over is due again when the lease is over.
const TAKE_OVER_SQL: &str = "UPDATE ledger SET state = 'started', lease_until = ?4, look_up_at = ?4
    WHERE transaction_id = ?2 AND user_id = ?1
        AND (state = 'unknown' OR (state = 'started' AND lease_until <= ?3))";

const DUE_SQL: &str = "SELECT * FROM ledger
    WHERE state <> 'settled' AND look_up_at <= ?1 AND (state = 'unknown' OR lease_until <= ?1)
    ORDER BY look_up_at LIMIT ?2";

const REROUTE_SQL: &str = "UPDATE ledger SET service_name = ?4, provider_key = ?5, attempt_lines = ?6
    WHERE transaction_id = ?2 AND user_id = ?1 AND state = 'started' AND service_name = ?3";

const COUNT_SQL: &str =
    "SELECT count(look_up_at) AS waiting, count(*) - count(look_up_at) AS needs_attention,
    min(started_at) AS oldest FROM ledger WHERE state = 'unknown'";

const LIST_SQL: &str = "SELECT * FROM ledger WHERE state = 'unknown' AND (NOT ?1 OR look_up_at IS NULL)
    ORDER BY started_at LIMIT ?2";

impl SqliteStore {
    pub(crate) async fn take_over_row(
        &self,
        (tenant, transaction): (TenantId, TransactionId),
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(TAKE_OVER, 1, move |connection| {
            Ok(take_over(connection, (tenant, transaction), now, until)?)
        })
        .await
    }

    pub(crate) async fn take_due_rows(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let rows = usize::try_from(limit).unwrap_or(usize::MAX);
        self.write(TAKE_DUE, rows, move |connection| {
            let mut due = connection.prepare_cached(DUE_SQL)?;
            let rows: Vec<_> =
                due.query_map(params![ms(now), limit], read_entry)?.collect::<Result<_, _>>()?;
            // Nobody else writes meanwhile.
            for row in &rows {
                take_over(connection, (row.tenant, row.transaction), now, until)?;
            }
            Ok(rows)
        })
        .await
    }

    pub(crate) async fn reroute_row(
        &self,
        (tenant, transaction): (TenantId, TransactionId),
        reroute: Reroute,
    ) -> Result<bool, StoreError> {
        self.write(REROUTE, 1, move |connection| {
            let rerouted = connection.prepare_cached(REROUTE_SQL)?.execute(params![
                id(tenant),
                id(transaction),
                reroute.from,
                reroute.to,
                reroute.provider_key,
                &*reroute.attempt_lines
            ])?;
            Ok(rerouted > 0)
        })
        .await
    }

    pub(crate) async fn count_unknown_rows(&self) -> Result<Unsettled, StoreError> {
        self.read(COUNT, |connection| {
            Ok(connection.prepare_cached(COUNT_SQL)?.query_row((), |row| {
                Ok(Unsettled {
                    waiting: read(row, "waiting")?,
                    needs_attention: read(row, "needs_attention")?,
                    oldest: read_optional(row, "oldest")?,
                })
            })?)
        })
        .await
    }

    pub(crate) async fn list_unknown_rows(
        &self,
        needs_attention: bool,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        self.read(LIST, move |connection| {
            let mut list = connection.prepare_cached(LIST_SQL)?;
            Ok(list.query_map(params![needs_attention, limit], read_entry)?.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn take_over(
    connection: &Connection,
    (tenant, transaction): (TenantId, TransactionId),
    now: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<bool> {
    let mut take_over = connection.prepare_cached(TAKE_OVER_SQL)?;
    Ok(take_over.execute(params![id(tenant), id(transaction), ms(now), ms(until)])? > 0)
}

#[cfg(test)]
mod tests {
    use crate::connection::plan_of;

    #[test]
    fn rows_are_found_by_an_index_and_nothing_is_sorted() {
        for (sql, index) in [
            (super::TAKE_OVER_SQL, "SEARCH ledger"),
            (super::REROUTE_SQL, "SEARCH ledger"),
            (super::DUE_SQL, "SEARCH ledger USING INDEX ledger_due"),
            (super::LIST_SQL, "USING INDEX ledger_unknown"),
            (super::COUNT_SQL, "USING COVERING INDEX ledger_unknown"),
        ] {
            let plan = plan_of(sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    }
}
