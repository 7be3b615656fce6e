//! Rows whose outcome is not known: giving them to whoever looks them up, and counting them.

use std::time::Duration;

use domain::ports::{Reroute, StoreError, Unsettled};
use domain::{LedgerEntry, TenantId, Timestamp, TransactionId};
use rusqlite::{Connection, Row, params};

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

/// A row that cannot be read is in nobody's way for a while, and then a version that can may come by.
const SET_ASIDE_SQL: &str = "UPDATE ledger SET state = 'unknown', look_up_at = ?3
    WHERE transaction_id = ?2 AND user_id = ?1 AND state <> 'settled'";
/// For how long.
const ASIDE: Duration = Duration::from_secs(3600);

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
            let named =
                |row: &Row<'_>| Ok((read(row, "user_id")?, read(row, "transaction_id")?, readable(row)));
            let rows: Vec<(TenantId, TransactionId, Option<LedgerEntry>)> =
                due.query_map(params![ms(now), limit], named)?.collect::<Result<_, _>>()?;
            // Nobody else writes meanwhile. What this version cannot read is set aside, so that the others are looked up.
            for (tenant, transaction, entry) in &rows {
                if entry.is_some() {
                    take_over(connection, (*tenant, *transaction), now, until)?;
                } else {
                    let row = params![id(*tenant), id(*transaction), ms(now.after(ASIDE))];
                    connection.prepare_cached(SET_ASIDE_SQL)?.execute(row)?;
                }
            }
            Ok(rows.into_iter().filter_map(|(_, _, entry)| entry).collect())
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
            let rows = list.query_map(params![needs_attention, limit], |row| Ok(readable(row)))?;
            Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Returns a row, unless this version cannot read it, which is logged: a later one may have written it.
fn readable(row: &Row<'_>) -> Option<LedgerEntry> {
    let entry = read_entry(row).ok();
    if entry.is_none() {
        let transaction = read::<TransactionId>(row, "transaction_id").ok().map(tracing::field::display);
        tracing::error!(transaction, "a ledger row cannot be read: was it written by a later version?");
    }
    entry
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
            (super::SET_ASIDE_SQL, "SEARCH ledger"),
            (super::DUE_SQL, "SEARCH ledger USING INDEX ledger_due"),
            (super::LIST_SQL, "USING INDEX ledger_unknown"),
            (super::COUNT_SQL, "USING COVERING INDEX ledger_unknown"),
        ] {
            let plan = plan_of(sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    }
}
