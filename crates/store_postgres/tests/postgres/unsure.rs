//! What is known of work that failed: whether it may be done all the same.

use std::time::Duration;

use domain::ports::{Begun, Ledger, StoreError};
use domain::{LedgerEntry, LedgerState};
use testkit::conformance::samples;
use testkit::servers::Postgres;

use crate::support::Database;

/// Whatever waits for another transaction in this database.
const WAITING: &str = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_stands_still_is_not_waited_for_by_its_withdrawal() {
    let database = Database::new().await;
    let store = database.open();
    let row = samples::entry(samples::id(), Some("stands still"));
    assert_eq!(store.begin(vec![row.clone()]).await.unwrap(), [Begun::Started]);
    let other = database.superuser().await;
    other.batch_execute("BEGIN; SELECT FROM ledger FOR UPDATE").await.unwrap();
    let state = LedgerState::Settled { status: 503, body: "nothing was sent".into() };
    let settled = LedgerEntry { state, ..row.clone() };
    let refused = store.withdraw(settled.clone()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    assert!(store.withdraw(settled).await.unwrap());
    assert_eq!(store.find(row.tenant, row.environment, "stands still").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_ended_in_the_middle_leaves_it_open_and_a_refusal_does_not() {
    let database = Database::new().await;
    let store = database.open();
    let other = database.superuser().await;
    for (end, expected) in [("pg_terminate_backend", true), ("pg_cancel_backend", false)] {
        other.batch_execute("BEGIN; LOCK TABLE ledger").await.unwrap();
        let begin = store.begin(vec![samples::entry(samples::id(), None)]);
        let end = async {
            while database.psql(&format!("SELECT count(*) {WAITING}")) != "1" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            database.psql(&format!("SELECT {end}(pid) {WAITING}"));
        };
        let (begun, ()) = tokio::join!(begin, end);
        match begun {
            Err(StoreError::Unavailable { may_be_done, .. }) => assert_eq!(may_be_done, expected),
            other => panic!("{other:?}"),
        }
        other.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_found_no_connection_is_not_done() {
    let server = Postgres::start();
    let store = Database::on(&server).await.open_impatient();
    server.stop();
    let begun = store.begin(vec![samples::entry(samples::id(), None)]).await;
    assert!(matches!(begun, Err(StoreError::Unavailable { may_be_done: false, .. })), "{begun:?}");
}
