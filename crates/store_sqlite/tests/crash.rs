//! What was answered is there after the process was killed.
#![expect(clippy::unwrap_used, reason = "a broken test stops at once, its child process, too")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{Environment, TenantId, Transaction};
use store_sqlite::{Options, SqliteStore};
use testkit::conformance::samples;

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "STORE_SQLITE_CRASH_FOLDER";
const ANSWERS_BEFORE_THE_KILL: usize = 200;

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(Options { folder: folder.to_path_buf(), readers: 1, queue: 8 }).unwrap()
}

fn tenant() -> TenantId {
    TenantId::from_u128(7)
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_until_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_was_answered_survives_a_kill", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let answered: Vec<Transaction> = lines
        .filter_map(|line| line.unwrap().strip_prefix("answered ").map(|id| id.parse().unwrap()))
        .take(ANSWERS_BEFORE_THE_KILL)
        .map(|id| Transaction { id, ..samples::order(tenant()) })
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answered.len(), ANSWERS_BEFORE_THE_KILL);

    assert!(fs::metadata(folder.path().join("gateway.db-wal")).unwrap().len() > 0, "it was not closed");
    let store = open(folder.path());
    for Transaction { id, environment, .. } in answered {
        let logged = TransactionLog::find(&store, tenant(), environment, id).await.unwrap();
        assert_eq!(logged.map(|logged| logged.id), Some(id));
        let begun = Ledger::find(&store, tenant(), Environment::Test, &id.to_string()).await.unwrap();
        assert_eq!(begun.map(|begun| begun.transaction), Some(id));
    }
}

/// Tells each transaction after the store has answered, and never ends by itself.
async fn write_until_killed(folder: &Path) {
    let store = open(folder);
    loop {
        let order = samples::order(tenant());
        let mut entry = samples::entry(tenant(), Some(&order.id.to_string()));
        entry.transaction = order.id;
        let id = order.id;
        assert_eq!(store.begin(vec![entry]).await.unwrap(), [Begun::Started]);
        store.record(vec![Record { transaction: Some(order), settlement: None, event: None }]).await.unwrap();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "answered {id}").unwrap();
        stdout.flush().unwrap();
    }
}

#[tokio::test]
async fn what_was_asked_for_is_done_when_the_store_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let entry = samples::entry(tenant(), Some("dropped"));
    assert_eq!(store.begin(vec![entry.clone()]).await.unwrap(), [Begun::Started]);
    drop(store);
    let store = open(folder.path());
    assert_eq!(Ledger::find(&store, tenant(), Environment::Test, "dropped").await.unwrap(), Some(entry));
}
