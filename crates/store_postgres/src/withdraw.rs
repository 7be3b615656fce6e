//! Taking back a ledger row of which it is not known whether it was begun.

use domain::{LedgerEntry, LedgerState};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text};
use crate::error::Failure;
use crate::ledger::{ROW, WRITER};
use crate::store::Statement;

/// The primary key is what both beginnings of a row have in common: the one that comes second finds the first, and one whose
/// commit is under way is waited for. Whoever has taken the row over has given it another lease.
const WITHDRAW_SQL: &str = "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, operation,
        fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until, request_payload,
        look_up_at, state, response_status, response_payload)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $11, 'settled', $14, $15)
    ON CONFLICT (transaction_id, user_id) DO UPDATE SET state = 'settled', idempotency_key = NULL, serial = NULL,
        response_status = excluded.response_status, response_payload = excluded.response_payload
    WHERE ledger.lease_until = excluded.lease_until AND (ledger.state = 'started'
        OR (ledger.state = 'settled' AND ledger.response_payload = excluded.response_payload))
    RETURNING 1";

/// A beginning that stands still in the middle of its commit is not waited for longer: the log's other rows are behind this one.
const LOCK_TIMEOUT_SQL: &str = "SELECT set_config('lock_timeout', '1000', true)";

/// Writes a settled row in the place of its beginning; returns whether that was to be had.
pub(crate) async fn withdraw(store: &PostgresStore, row: &LedgerEntry) -> Result<bool, Failure> {
    let LedgerState::Settled { status, body } = &row.state else { return Err(Failure::Corrupt(ROW)) };
    let parameters = [
        (&Column(row.transaction) as _, Type::UUID),
        (&Column(row.tenant) as _, Type::UUID),
        (&Column(row.key) as _, Type::UUID),
        (&row.environment.as_str() as _, Type::TEXT),
        (&row.operation.as_str() as _, Type::TEXT),
        (&row.fingerprint.as_slice() as _, Type::BYTEA),
        (&Text(&row.provider) as _, Type::TEXT),
        (&Text(&row.provider_key) as _, Type::TEXT),
        (&Text(&row.target) as _, Type::TEXT),
        (&Column(row.started_at) as _, Type::TIMESTAMPTZ),
        (&Column(row.lease_until) as _, Type::TIMESTAMPTZ),
        (&Column(row.replay_until) as _, Type::TIMESTAMPTZ),
        (&&*row.request as _, Type::BYTEA),
        (&i32::from(*status) as _, Type::INT4),
        (&&**body as _, Type::BYTEA),
    ];
    let statements = [Statement::new(LOCK_TIMEOUT_SQL, []), Statement::new(WITHDRAW_SQL, parameters)];
    match store.transact(WRITER, &statements).await {
        Ok(answers) => Ok(answers.last().is_some_and(|rows| !rows.is_empty())),
        Err(Failure::Refused { code, .. }) if code == SqlState::LOCK_NOT_AVAILABLE => {
            Err(Failure::Conflict("the row's beginning"))
        }
        Err(failure) => Err(failure),
    }
}
