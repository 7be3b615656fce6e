//! How ledger entries begin: a row each, unless one is in the way.

use domain::ports::Begun;
use domain::{Environment, LedgerEntry, TenantId};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::columns::{id, ms};
use crate::error::Failure;
use crate::ledger::{FIND_BY_KEY_SQL, FIND_BY_TRANSACTION_SQL, ROW, read_entry};

/// Due to be looked up when its lease is over.
const BEGIN_SQL: &str =
    "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, idempotency_key,
    operation, fingerprint, service_name, provider_key, target, started_at, lease_until, replay_until, state,
    request_payload, serial, look_up_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'started', ?14, ?15, ?12) ON CONFLICT DO NOTHING";

/// A settled row gives way once its answer is no longer replayed.
const GIVE_WAY_SQL: &str = "DELETE FROM ledger
    WHERE user_id = ?1 AND environment = ?2 AND idempotency_key = ?3 AND transaction_id <> ?4
        AND state = 'settled' AND replay_until <= ?5";

/// A row that is settled is in nobody's way.
const FIND_BY_SERIAL_SQL: &str = "SELECT * FROM ledger
    WHERE user_id = ?1 AND environment = ?2 AND serial = ?3 AND state <> 'settled'";

/// Begins entries one after the other; the answers are in their order.
pub(crate) fn begin(connection: &Connection, entries: &[LedgerEntry]) -> Result<Vec<Begun>, Failure> {
    let mut insert = connection.prepare_cached(BEGIN_SQL)?;
    let mut begun = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_new = insert_entry(&mut insert, entry)?
            || (make_way(connection, entry)? && insert_entry(&mut insert, entry)?);
        begun.push(if is_new { Begun::Started } else { in_the_way(connection, entry)? });
    }
    Ok(begun)
}

/// Returns whether the row is new.
fn insert_entry(insert: &mut CachedStatement<'_>, entry: &LedgerEntry) -> rusqlite::Result<bool> {
    let inserted = insert.execute(params![
        id(entry.transaction),
        id(entry.tenant),
        id(entry.key),
        entry.environment.as_str(),
        entry.idempotency_key,
        entry.operation.as_str(),
        entry.fingerprint,
        entry.provider,
        entry.provider_key,
        entry.target,
        ms(entry.started_at),
        ms(entry.lease_until),
        ms(entry.replay_until),
        &*entry.request,
        entry.serial,
    ])?;
    Ok(inserted > 0)
}

/// Returns whether a row that is no longer replayed was in the way, and is gone.
fn make_way(connection: &Connection, entry: &LedgerEntry) -> rusqlite::Result<bool> {
    let Some(key) = &entry.idempotency_key else { return Ok(false) };
    let gone = connection.prepare_cached(GIVE_WAY_SQL)?.execute(params![
        id(entry.tenant),
        entry.environment.as_str(),
        key,
        id(entry.transaction),
        ms(entry.started_at),
    ])?;
    Ok(gone > 0)
}

/// Returns the row that was in the way: of the same key, when the same entry is begun again of the same transaction, and only
/// then of the same serial: a repeat finds its own row.
fn in_the_way(connection: &Connection, entry: &LedgerEntry) -> Result<Begun, Failure> {
    if let Some(key) = &entry.idempotency_key
        && let Some(existing) = find_by_key(connection, entry.tenant, entry.environment, key)?
    {
        return Ok(Begun::Existing(Box::new(existing)));
    }
    let itself = connection
        .prepare_cached(FIND_BY_TRANSACTION_SQL)?
        .query_row(params![id(entry.tenant), id(entry.transaction)], read_entry)
        .optional()?;
    if let Some(existing) = itself {
        return Ok(Begun::Existing(Box::new(existing)));
    }
    let occupant = connection
        .prepare_cached(FIND_BY_SERIAL_SQL)?
        .query_row(params![id(entry.tenant), entry.environment.as_str(), entry.serial], read_entry)
        .optional()?;
    occupant.map(|row| Begun::Occupied(Box::new(row))).ok_or(Failure::Corrupt(ROW))
}

/// Returns the row of an idempotency key.
pub(crate) fn find_by_key(
    connection: &Connection,
    tenant: TenantId,
    environment: Environment,
    key: &str,
) -> rusqlite::Result<Option<LedgerEntry>> {
    connection
        .prepare_cached(FIND_BY_KEY_SQL)?
        .query_row(params![id(tenant), environment.as_str(), key], read_entry)
        .optional()
}

#[cfg(test)]
mod tests {
    use crate::connection::plan_of;

    #[test]
    fn what_is_in_the_way_is_found_by_an_index() {
        for sql in [super::FIND_BY_KEY_SQL, super::GIVE_WAY_SQL, super::FIND_BY_SERIAL_SQL] {
            let plan = plan_of(sql);
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
        assert!(plan_of(super::FIND_BY_SERIAL_SQL).contains("ledger_by_serial"));
    }
}
