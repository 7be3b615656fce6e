//! The server stopped, killed, standing still, and back again.

use std::time::Duration;

use crate::support::{COUNTED_SQL, Database};
use domain::ports::{Begun, Ledger, Record, StoreEngine, StoreError, TransactionLog};
use domain::{LedgerEntry, Transaction};
use store_postgres::PostgresStore;
use testkit::conformance::samples;
use testkit::servers::Postgres;
use tokio::task::JoinSet;

/// Far more than all timeouts of an impatient store together: one that waits longer does not give up.
const PATIENCE: Duration = Duration::from_secs(30);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

/// Everything that is asked for says that the store is away, and none waits for long.
async fn is_away(store: &PostgresStore) {
    let entry = samples::entry(samples::id(), Some("while away"));
    let (checked, begun, recorded) = soon(async {
        tokio::join!(
            store.check(),
            store.begin(vec![entry]),
            store.record(vec![Record {
                transaction: Some(samples::order(samples::id())),
                settlement: None,
                event: None
            }])
        )
    })
    .await;
    let begun = begun.map(|_| ());
    for outcome in [checked, begun, recorded] {
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
}

/// The store works again without being opened again.
async fn is_back(store: &PostgresStore) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while let Err(error) = store.check().await {
        assert!(tokio::time::Instant::now() < deadline, "{error:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..20 {
        let entry = samples::entry(samples::id(), Some("back again"));
        assert_eq!(store.begin(vec![entry]).await.unwrap(), [Begun::Started]);
    }
}

/// Uses all connections of the pool at once.
async fn warm(store: &PostgresStore) {
    let checks = (0..16).map(|_| store.check());
    for checked in futures_util::future::join_all(checks).await {
        checked.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_is_missed_and_found_again() {
    let server = Postgres::start();
    let store = Database::on(&server).await.with_partitions().open_impatient();
    warm(&store).await;
    server.stop();
    is_away(&store).await;
    is_away(&store).await;
    server.start_again();
    is_back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_missed_and_found_again() {
    let server = Postgres::start();
    let store = Database::on(&server).await.with_partitions().open_impatient();
    warm(&store).await;
    server.kill();
    is_away(&store).await;
    server.start_again();
    is_back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_is_given_up_on() {
    let server = Postgres::start();
    let store = Database::on(&server).await.with_partitions().open_impatient();
    warm(&store).await;
    server.pause();
    is_away(&store).await;
    is_away(&store).await;
    server.resume();
    is_back(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_never_there_is_missed_at_once() {
    let server = Postgres::start();
    let database = Database::on(&server).await.with_partitions();
    server.stop();
    let store = database.open_impatient();
    is_away(&store).await;
    server.start_again();
    is_back(&store).await;
}

/// A batch and its ledger rows: what a kill in between must not part.
fn batch(tenant: domain::TenantId) -> (Vec<LedgerEntry>, Vec<Record>) {
    let entries: Vec<_> = (0..50).map(|number| samples::entry(tenant, Some(&number.to_string()))).collect();
    let records = entries.iter().map(|entry| {
        let logged = Transaction { id: entry.transaction, ..samples::order(tenant) };
        let settlement = domain::Settlement::Settled { status: 201, body: bytes::Bytes::new() };
        let settlement = Some((tenant, entry.transaction, settlement));
        Record { transaction: Some(logged), settlement, event: None }
    });
    let records = records.collect();
    (entries, records)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_leaves_nothing_half_written_and_a_repeat_completes_it() {
    let server = Postgres::start();
    let database = Database::on(&server).await.with_partitions();
    let store = database.open_impatient();
    let batches: Vec<_> = (0..40).map(|_| batch(samples::id())).collect();
    let mut writing = JoinSet::new();
    {
        let (store, batches) = (store.clone(), batches.clone());
        writing.spawn(async move {
            for (entries, records) in batches {
                // Once the server is gone each call waits for it as long as it may: the rest is not tried.
                if store.begin(entries).await.is_err() || store.record(records).await.is_err() {
                    break;
                }
            }
        });
    }
    while database.psql("SELECT count(*) FROM transaction_logs") == "0" {
        tokio::task::yield_now().await;
    }
    server.kill();
    soon(writing.join_all()).await;
    server.start_again();
    is_back(&store).await;
    let half = "SELECT count(*) FROM (SELECT count(*) FROM transaction_logs GROUP BY user_id) AS rows (count)
        WHERE count <> 50";
    assert_eq!(database.psql(half), "0");
    let parted = "SELECT count(*) FROM ledger FULL JOIN transaction_logs USING (transaction_id)
        WHERE (ledger.state = 'settled') <> (transaction_logs.transaction_id IS NOT NULL)";
    assert_eq!(database.psql(parted), "0");
    for (entries, records) in batches {
        store.begin(entries).await.unwrap();
        store.record(records).await.unwrap();
    }
    assert_eq!(database.psql("SELECT count(*) FROM transaction_logs"), "2000");
    assert_eq!(database.psql(COUNTED_SQL), "2000");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_given_up_takes_its_connection_with_it() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    for _ in 0..50 {
        let (entries, records) = batch(samples::id());
        store.begin(entries).await.unwrap();
        let recording = store.record(records);
        tokio::time::timeout(Duration::from_micros(700), recording).await.ok();
    }
    is_back(&store).await;
    warm(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_answers_that_it_is_away() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    warm(&store).await;
    store.close().await;
    is_away(&store).await;
    store.close().await;
    let left = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'unified-gateway' AND datname = current_database()";
    soon(async {
        while database.psql(left) != "0" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_become_a_replica_is_let_go_of() {
    let database = Database::new().await;
    // Connections made from now on find a server that takes no writes, as those to a replica do.
    let set =
        |value| format!("ALTER DATABASE {} SET default_transaction_read_only = {value}", database.name());
    database.psql(&set("on"));
    let store = database.open();
    let refused = store.begin(vec![samples::entry(samples::id(), None)]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    database.psql(&format!("BEGIN READ WRITE; {}; COMMIT", set("off")));
    is_back(&store).await;
}
