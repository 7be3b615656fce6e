//! Opening and closing: one process at a time, migrations once, and plain errors for what cannot be opened.
#![expect(clippy::unwrap_used, reason = "a broken test stops at once")]

use std::fs;
use std::path::Path;

use domain::ports::{Begun, Ledger, StoreEngine, StoreError};
use rusqlite::Connection;
use store_sqlite::{OpenError, Options, SqliteStore};
use testkit::conformance::samples;

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(Options { folder: folder.to_path_buf(), readers: 1, queue: 8 })
}

/// Returns a folder with a closed store in it, after `sql` was done to its database.
fn folder_after(sql: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    Connection::open(folder.path().join("gateway.db")).unwrap().execute_batch(sql).unwrap();
    folder
}

#[tokio::test]
async fn a_store_opens_again_with_its_rows_and_migrates_once() {
    let folder = tempfile::tempdir().unwrap();
    let nested = folder.path().join("a/b");
    let entry = samples::entry(samples::id(), Some("kept"));
    for round in 0..3 {
        let store = open(&nested).unwrap();
        store.check().await.unwrap();
        let begun = store.begin(vec![entry.clone()]).await.unwrap();
        assert_eq!(begun == [Begun::Started], round == 0);
        store.close().await;
    }
    let database = Connection::open(nested.join("gateway.db")).unwrap();
    let migrations: Vec<u32> = database
        .prepare("SELECT version FROM schema_migrations ORDER BY version")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(migrations, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_no_other_from_being_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let entries = ["later", "now"].map(|key| samples::entry(samples::id(), Some(key)));
    store.begin(entries.to_vec()).await.unwrap();
    let later = "UPDATE ledger SET operation = 'orders.teleport' WHERE idempotency_key = 'later'";
    let database = Connection::open(folder.path().join("gateway.db")).unwrap();
    assert_eq!(database.execute(later, ()).unwrap(), 1);
    let (now, until) = (samples::moment(1_000_000), samples::moment(2_000_000));
    let due = store.take_due(now, until, 10).await.unwrap();
    assert_eq!(due, [entries[1].clone()]);
    let unsettled = store.unsettled().await.unwrap();
    assert_eq!((unsettled.needs_attention, unsettled.waiting), (0, 1), "it is looked at again later");
    assert_eq!(store.list_unknown(false, 10).await.unwrap(), []);
    assert_eq!(store.take_due(until, samples::moment(3_000_000), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_is_one_stores_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::FolderInUse { .. }), "{refused:?}");
    assert!(refused.to_string().ends_with("is in use by another process"), "{refused}");
    store.check().await.unwrap();
    let clone = store.clone();
    store.close().await;
    let next = open(folder.path()).unwrap();
    next.check().await.unwrap();
    let closed = clone.check().await;
    assert!(matches!(closed, Err(StoreError::Unavailable { .. })), "{closed:?}");
    let closed = clone.begin(vec![samples::entry(samples::id(), None)]).await;
    assert!(matches!(closed, Err(StoreError::Unavailable { .. })), "{closed:?}");
}

#[tokio::test]
async fn closing_leaves_one_file_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.begin(vec![samples::entry(samples::id(), None)]).await.unwrap();
    store.close().await;
    assert!(!folder.path().join("gateway.db-wal").exists());
    let database = Connection::open(folder.path().join("gateway.db")).unwrap();
    let rows: u32 = database.query_row("SELECT count(*) FROM ledger", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let folder = folder_after("INSERT INTO schema_migrations VALUES (99, '0099_future', x'00', 0)");
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::NewerSchema { found: 99, known: 6, .. }), "{refused:?}");
}

#[test]
fn a_migration_that_was_changed_later_is_refused() {
    let folder = folder_after("UPDATE schema_migrations SET checksum = zeroblob(32) WHERE version = 2");
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::ChangedMigration { name: "0002_ledger", .. }), "{refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_a_plain_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gateway.db"), "not a database, ".repeat(1000)).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused:?}");
    assert!(refused.to_string().ends_with("is damaged"), "{refused}");
}

#[test]
fn a_database_that_was_overwritten_in_part_is_a_plain_error() {
    let folder = folder_after("");
    let path = folder.path().join("gateway.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused:?}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_plain_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = open(&file.join("below")).unwrap_err();
    assert!(matches!(refused, OpenError::FolderNotWritable { .. }), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_is_in_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let store = open(&folder).unwrap();
    for path in [folder.clone(), folder.join("gateway.db"), folder.join("gateway.db-wal")] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
    drop(store);
}

#[test]
fn the_transaction_log_takes_new_rows_only() {
    let folder = folder_after("");
    let database = Connection::open(folder.path().join("gateway.db")).unwrap();
    database
        .execute_batch(
            "INSERT INTO transaction_logs (user_id, transaction_id, api_key_id, environment, operation, endpoint,
                status, response_status, duration_us, provider_duration_us, attempts, request_id, created_at,
                request_payload, response_payload)
             VALUES (zeroblob(16), zeroblob(16), zeroblob(16), 'test', 'sms.get', '', 'success', 200, 0, 0, 0, '', 0,
                x'', x'')",
        )
        .unwrap();
    for statement in ["UPDATE transaction_logs SET status = 'failed'", "DELETE FROM transaction_logs"] {
        let refused = database.execute(statement, ()).unwrap_err();
        assert!(refused.to_string().contains("takes new rows only"), "{refused}");
    }
}
