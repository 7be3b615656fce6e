//! Taking back a ledger row of which it is not known whether it was begun.

use domain::ports::StoreError;
use domain::{LedgerEntry, LedgerState};
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::columns::{id, ms};
use crate::error::{Failure, Task};
use crate::ledger::ROW;

const WITHDRAW: Task = Task { doing: "withdrawing a ledger row", row: ROW };

/// The primary key is what both beginnings of a row have in common: the one that comes second finds the first. Whoever has taken
/// the row over has given it another lease; a start ends all of them, for whoever is next.
const WITHDRAW_SQL: &str = "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, operation,
        fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until, request_payload,
        look_up_at, state, response_status, response_payload)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?11, 'settled', ?14, ?15)
    ON CONFLICT (transaction_id, user_id) DO UPDATE SET state = 'settled', idempotency_key = NULL, serial = NULL,
        response_status = excluded.response_status, response_payload = excluded.response_payload
    WHERE ledger.lease_until IN (0, excluded.lease_until) AND (ledger.state = 'started'
        OR (ledger.state = 'settled' AND ledger.response_payload = excluded.response_payload))";

impl SqliteStore {
    pub(crate) async fn withdraw_row(&self, row: LedgerEntry) -> Result<bool, StoreError> {
        self.write(WITHDRAW, 1, move |connection| withdraw(connection, &row)).await
    }
}

/// Writes a settled row in the place of its beginning; returns whether that was to be had.
fn withdraw(connection: &Connection, row: &LedgerEntry) -> Result<bool, Failure> {
    let LedgerState::Settled { status, body } = &row.state else { return Err(Failure::Corrupt(ROW)) };
    let written = connection.prepare_cached(WITHDRAW_SQL)?.execute(params![
        id(row.transaction),
        id(row.tenant),
        id(row.key),
        row.environment.as_str(),
        row.operation.as_str(),
        row.fingerprint,
        row.provider,
        row.provider_key,
        row.target,
        ms(row.started_at),
        ms(row.lease_until),
        ms(row.replay_until),
        &*row.request,
        status,
        &**body,
    ])?;
    Ok(written > 0)
}
