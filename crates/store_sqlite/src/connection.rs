//! Connections to the database, and the settings that each needs.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::OpenError;

/// How long a statement waits for a lock that another program (a backup, a shell) has on the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared per connection; more than there are.
const STATEMENTS: usize = 64;

/// Kept by each connection for itself. FULL: a commit is on the disk before it returns. Recursive triggers: a REPLACE
/// is refused by the log's triggers, too.
const WRITER_SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA recursive_triggers = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
";

const READER_SETTINGS: &str = "
    PRAGMA query_only = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
";

/// Opens the connection that writes.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags)?;
    let journal_mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|source| OpenError::of(path, source))?;
    if journal_mode != "wal" {
        return Err(OpenError::NoWriteAheadLog { path: path.to_path_buf() });
    }
    connection.execute_batch(WRITER_SETTINGS).map_err(|source| OpenError::of(path, source))?;
    Ok(connection)
}

/// Opens a connection that reads. The writer has made the database by then.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.execute_batch(READER_SETTINGS).map_err(|source| OpenError::of(path, source))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let connection =
        Connection::open_with_flags(path, flags).map_err(|source| OpenError::of(path, source))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|source| OpenError::of(path, source))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Returns how a statement would be done on a new database.
#[cfg(test)]
pub(crate) fn plan_of(sql: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.db");
    let mut connection = open_writer(&path).unwrap();
    crate::migrations::migrate(&mut connection, &path).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = String::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push_str(&row.get::<_, String>("detail").unwrap());
        steps.push('\n');
    }
    steps
}
