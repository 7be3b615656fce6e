//! Brings the schema up to date: numbered SQL files, applied once each, in order, never back.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::OpenError;

/// A step of the schema.
struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 6] = [
    Migration {
        version: 1,
        name: "0001_tenants",
        sql: include_str!("../../../migrations/sqlite/0001_tenants.sql"),
    },
    Migration {
        version: 2,
        name: "0002_ledger",
        sql: include_str!("../../../migrations/sqlite/0002_ledger.sql"),
    },
    Migration {
        version: 3,
        name: "0003_transaction_logs",
        sql: include_str!("../../../migrations/sqlite/0003_transaction_logs.sql"),
    },
    Migration {
        version: 4,
        name: "0004_provider_status",
        sql: include_str!("../../../migrations/sqlite/0004_provider_status.sql"),
    },
    Migration {
        version: 5,
        name: "0005_retired_secrets",
        sql: include_str!("../../../migrations/sqlite/0005_retired_secrets.sql"),
    },
    Migration {
        version: 6,
        name: "0006_look_ups",
        sql: include_str!("../../../migrations/sqlite/0006_look_ups.sql"),
    },
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum BLOB NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

/// Applies what is missing. A database that a newer version has changed, or a migration that was changed since, is refused
/// before anything is done.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let refused = |source| OpenError::of(path, source);
    connection.execute_batch(CREATE_TABLE).map_err(refused)?;
    let found = newest_applied(connection).map_err(refused)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(OpenError::NewerSchema { path: path.to_path_buf(), found, known });
    }
    let mut missing = Vec::new();
    for migration in &MIGRATIONS {
        match checksum_applied(connection, migration.version).map_err(refused)? {
            None => missing.push(migration),
            Some(applied) if applied == checksum(migration.sql) => {}
            Some(_) => {
                return Err(OpenError::ChangedMigration { path: path.to_path_buf(), name: migration.name });
            }
        }
    }
    for migration in missing {
        apply(connection, migration).map_err(refused)?;
    }
    Ok(())
}

fn newest_applied(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("SELECT coalesce(max(version), 0) FROM schema_migrations", (), |row| row.get(0))
}

fn checksum_applied(connection: &Connection, version: u32) -> rusqlite::Result<Option<[u8; 32]>> {
    connection
        .query_row("SELECT checksum FROM schema_migrations WHERE version = ?1", [version], |row| row.get(0))
        .optional()
}

/// The migration and the note of it are one commit: a crash leaves both or neither.
fn apply(connection: &mut Connection, migration: &Migration) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at)
         VALUES (?1, ?2, ?3, unixepoch() * 1000)",
        params![migration.version, migration.name, checksum(migration.sql)],
    )?;
    transaction.commit()
}

fn checksum(sql: &str) -> [u8; 32] {
    Sha256::digest(sql.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_version_before_are_due_when_their_leases_are_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("earlier.db");
        let mut connection = crate::connection::open_writer(&path).unwrap();
        connection.execute_batch(CREATE_TABLE).unwrap();
        for migration in MIGRATIONS.iter().filter(|migration| migration.version < 6) {
            apply(&mut connection, migration).unwrap();
        }
        let row = |id: u8, state: &str, answer: &str| {
            format!(
                "INSERT INTO ledger VALUES (unhex('{id:032x}'), zeroblob(16), zeroblob(16), 'test', '{id}', 'sms.send',
                    zeroblob(32), 'msg91', '', '', 10, 40, 50, '{state}', {answer}, x'', {answer});"
            )
        };
        let log = "INSERT INTO transaction_logs VALUES (zeroblob(16), zeroblob(16), zeroblob(16), 'test', 'sms.get', NULL,
            NULL, NULL, '', 'success', NULL, 200, NULL, NULL, NULL, NULL, 0, 0, 0, '', NULL, NULL, 0, x'', x'', NULL)";
        let settled =
            row(3, "settled", "NULL").replace("'settled', NULL, x'', NULL", "'settled', 200, x'', x''");
        let rows = [row(1, "started", "NULL"), row(2, "unknown", "NULL"), settled, log.to_owned()];
        connection.execute_batch(&rows.join("\n")).unwrap();
        migrate(&mut connection, &path).unwrap();
        let read = |sql| -> Vec<(String, Option<u32>, Vec<u8>)> {
            let mut rows = connection.prepare(sql).unwrap();
            let rows = rows.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let ledger = read("SELECT state, look_up_at, attempt_lines FROM ledger ORDER BY transaction_id");
        let expected = [("started", Some(40)), ("unknown", Some(40)), ("settled", None)];
        assert_eq!(ledger, expected.map(|(state, at)| (state.to_owned(), at, Vec::new())));
        let log = read("SELECT status, NULL, attempt_lines FROM transaction_logs");
        assert_eq!(log, [("success".to_owned(), None, Vec::new())]);
    }
}
