//! The writer under bad luck: jobs that fail, panic, or find no room.

use std::path::Path;
use std::sync::{Mutex, mpsc};

use bytes::Bytes;
use domain::ports::{Begun, InstanceSecrets, Ledger, StoreEngine, StoreError};
use domain::{Environment, LedgerEntry, TenantId};
use rusqlite::Connection;
use tempfile::TempDir;
use testkit::conformance::samples;
use tokio::sync::oneshot;

use crate::error::{Failure, Task};
use crate::workers::Workers;
use crate::writer::Durability;
use crate::{Options, SqliteStore, connection, writer};

const TASK: Task = Task { doing: "testing", row: "a row" };

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { folder: folder.path().to_path_buf(), readers: 1, queue: 8 };
    (SqliteStore::open(options).unwrap(), folder)
}

fn insert(connection: &Connection, name: &str) -> Result<(), Failure> {
    connection.execute("INSERT INTO instance_secrets (name, sealed) VALUES (?1, x'00')", [name])?;
    Ok(())
}

/// Keeps the writer busy until `neighbours` are all in its queue, so that they are one group.
async fn as_one_group<T>(store: &SqliteStore, neighbours: impl Future<Output = T>) -> T {
    let (entered, is_busy) = oneshot::channel();
    let (open_gate, gate) = mpsc::channel();
    let once = Mutex::new(Some((entered, gate)));
    let busy = store.write(TASK, 1, move |_| {
        if let Some((entered, gate)) = once.lock().unwrap().take() {
            entered.send(()).unwrap();
            gate.recv().unwrap();
        }
        Ok(())
    });
    let all_queued = async {
        is_busy.await.unwrap();
        tokio::join!(biased; neighbours, async { open_gate.send(()).unwrap() }).0
    };
    let (held, answers) = tokio::join!(busy, all_queued);
    held.unwrap();
    answers
}

async fn names(store: &SqliteStore) -> Vec<String> {
    store
        .read(TASK, |connection| {
            let mut statement = connection.prepare("SELECT name FROM instance_secrets ORDER BY name")?;
            Ok(statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_failed_job_undoes_itself_and_not_its_neighbours() {
    let (store, _folder) = open();
    let failing = store.write(TASK, 1, |connection| {
        insert(connection, "half")?;
        Err::<(), _>(Failure::Conflict("something"))
    });
    let (before, failed, after) = as_one_group(&store, async {
        tokio::join!(
            biased;
            store.write(TASK, 1, |connection| insert(connection, "before")),
            failing,
            store.write(TASK, 1, |connection| insert(connection, "after")),
        )
    })
    .await;
    before.unwrap();
    assert!(matches!(failed, Err(StoreError::Conflict("something"))), "{failed:?}");
    after.unwrap();
    assert_eq!(names(&store).await, ["after", "before"]);
}

#[tokio::test]
async fn a_job_that_panics_undoes_itself_and_the_writer_goes_on() {
    let (store, _folder) = open();
    let panicking = store.write(TASK, 1, |connection| -> Result<(), Failure> {
        insert(connection, "half")?;
        panic!("a bug in a job");
    });
    let (panicked, after) = as_one_group(&store, async {
        tokio::join!(biased; panicking, store.write(TASK, 1, |connection| insert(connection, "after")))
    })
    .await;
    assert!(matches!(panicked, Err(StoreError::Unavailable { doing: "testing", .. })), "{panicked:?}");
    after.unwrap();
    let panicked = store.read(TASK, |_| -> Result<(), Failure> { panic!("a bug in a look-up") }).await;
    assert!(matches!(panicked, Err(StoreError::Unavailable { .. })), "{panicked:?}");
    assert_eq!(names(&store).await, ["after"]);
}

#[tokio::test]
async fn a_caller_that_has_gone_changes_nothing_for_the_others() {
    let (store, _folder) = open();
    let (job, answer) =
        writer::job(TASK, 1, Durability::BeforeAnswer, |connection| insert(connection, "gone"));
    drop(answer);
    let folder = tempfile::tempdir().unwrap();
    let connection = connection::open_writer(&folder.path().join("other.db")).unwrap();
    connection.execute_batch("CREATE TABLE instance_secrets (name TEXT, sealed BLOB)").unwrap();
    let alone = Workers::start("alone", 1, vec![move |inbox: &_| writer::run(&connection, inbox)]).unwrap();
    assert!(alone.send(job).await.is_ok());
    alone.close().await;
    let connection = connection::open_writer(&folder.path().join("other.db")).unwrap();
    let rows: u32 =
        connection.query_row("SELECT count(*) FROM instance_secrets", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
    store.check().await.unwrap();
}

#[tokio::test]
async fn jobs_that_wait_are_committed_together() {
    let (store, _folder) = open();
    // Each job tells how many rows were committed when it ran: none, because its neighbours are in the same transaction.
    let job = |name: &'static str| {
        store.write(TASK, 1, move |connection| {
            insert(connection, name)?;
            let other = connection::open_reader(Path::new(connection.path().unwrap())).unwrap();
            Ok(other.query_row("SELECT count(*) FROM instance_secrets", (), |row| row.get::<_, u32>(0))?)
        })
    };
    let (first, second, third) =
        as_one_group(&store, async { tokio::join!(job("first"), job("second"), job("third")) }).await;
    assert_eq!([first.unwrap(), second.unwrap(), third.unwrap()], [0, 0, 0]);
    assert_eq!(names(&store).await, ["first", "second", "third"]);
}

#[tokio::test]
async fn a_commit_that_is_refused_is_tried_again_job_by_job() {
    let (store, _folder) = open();
    let orphan = store.write(TASK, 1, |connection| {
        connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        connection.execute(
            "INSERT INTO service_credentials VALUES (zeroblob(16), 'stripe', 'test', '', NULL, 0, 0)",
            (),
        )?;
        Ok(())
    });
    let (before, orphan, after) = as_one_group(&store, async {
        tokio::join!(
            biased;
            store.write(TASK, 1, |connection| insert(connection, "before")),
            orphan,
            store.write(TASK, 1, |connection| insert(connection, "after")),
        )
    })
    .await;
    before.unwrap();
    assert!(matches!(orphan, Err(StoreError::Unavailable { .. })), "{orphan:?}");
    after.unwrap();
    assert_eq!(names(&store).await, ["after", "before"]);
}

/// Lets the database grow to `pages` pages from where it is, and no further.
async fn limit_growth(store: &SqliteStore, pages: u32) {
    store
        .write(TASK, 1, move |connection| {
            let used: u32 = connection.query_row("PRAGMA page_count", (), |row| row.get(0))?;
            let limit = used.saturating_add(pages);
            connection.query_row(&format!("PRAGMA max_page_count = {limit}"), (), |_| Ok(()))?;
            Ok(())
        })
        .await
        .unwrap();
}

fn large_batch(tenant: TenantId) -> Vec<LedgerEntry> {
    let request = Bytes::from(vec![b'x'; 10_000]);
    let entry = |n: u32| LedgerEntry {
        request: request.clone(),
        ..samples::entry(tenant, Some(&format!("large {n}")))
    };
    (0..200).map(entry).collect()
}

#[tokio::test]
async fn a_full_disk_fails_jobs_whole_spares_small_neighbours_and_passes() {
    let (store, _folder) = open();
    limit_growth(&store, 20).await;
    let tenant = samples::id();
    let (large, small) = as_one_group(&store, async {
        tokio::join!(
            biased;
            store.begin(large_batch(tenant)),
            store.begin(vec![samples::entry(tenant, Some("small"))]),
        )
    })
    .await;
    assert_eq!(small.unwrap(), [Begun::Started]);
    match large {
        Err(StoreError::Unavailable { doing: "beginning ledger entries", may_be_done: false, source }) => {
            assert!(source.to_string().contains("full"), "{source}");
        }
        other => panic!("no room was expected, not {other:?}"),
    }
    let first = Ledger::find(&store, tenant, Environment::Test, "large 0").await.unwrap();
    assert_eq!(first, None, "nothing of the large batch is there");
    store.check().await.unwrap();

    limit_growth(&store, 1_000_000).await;
    let begun = store.begin(large_batch(tenant)).await.unwrap();
    assert_eq!(begun, vec![Begun::Started; 200]);
    store.get_or_insert("after", Box::new([1])).await.unwrap();
}
