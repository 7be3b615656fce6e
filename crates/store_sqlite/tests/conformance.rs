//! The suites of the testkit, against `SQLite`.
#![expect(clippy::unwrap_used, reason = "a broken test stops at once")]

use std::sync::Arc;

use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use testkit::conformance;

/// The folder goes when it is dropped, after the store.
fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { folder: folder.path().to_path_buf(), readers: 2, queue: 64 };
    (SqliteStore::open(options).unwrap(), folder)
}

#[tokio::test]
async fn it_keeps_tenants() {
    let (store, _folder) = open();
    conformance::tenants::passes(&store).await;
}

#[tokio::test]
async fn it_keeps_a_directory_of_tenants() {
    let (store, _folder) = open();
    conformance::directory::passes(conformance::directory::Ports {
        directory: &store,
        tenants: &store,
        keys: &store,
        services: &store,
    })
    .await;
}

#[tokio::test]
async fn it_keeps_platform_keys() {
    let (store, _folder) = open();
    conformance::keys::passes(&store, &store).await;
}

#[tokio::test]
async fn it_keeps_services() {
    let (store, _folder) = open();
    conformance::services::passes(&store, &store).await;
}

#[tokio::test]
async fn it_keeps_the_ledger() {
    let (store, _folder) = open();
    conformance::ledger::passes(&store, &store).await;
    conformance::ledger::leases_of_started_rows_can_be_ended(&store, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_concurrent_begins_with_one_key_start_once() {
    let (store, _folder) = open();
    conformance::ledger::a_thousand_twins_at_once_begin_once(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_keeps_rows_of_one_serial_apart() {
    let (store, _folder) = open();
    conformance::serials::passes(&store, &store).await;
    conformance::serials::a_thousand_at_once_begin_one(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_withdraws_what_may_have_been_begun() {
    let (store, _folder) = open();
    conformance::withdrawals::passes(&store, &store).await;
    conformance::withdrawals::a_row_that_is_begun_and_withdrawn_at_once_is_withdrawn(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_gives_out_rows_that_are_due() {
    let (store, _folder) = open();
    conformance::open_rows::passes(&store, &store).await;
    conformance::open_rows::a_due_row_goes_to_one(Arc::new(store)).await;
}

#[tokio::test]
async fn it_keeps_events() {
    let (store, _folder) = open();
    let ports = conformance::events::Ports { events: &store, log: &store, ledger: &store };
    conformance::events::passes(ports).await;
}

#[tokio::test]
async fn it_settles_the_ledger_with_the_log() {
    let (store, _folder) = open();
    conformance::settlement::passes(&store, &store).await;
}

#[tokio::test]
async fn it_keeps_the_transaction_log() {
    let (store, _folder) = open();
    conformance::transactions::passes(&store).await;
}

#[tokio::test]
async fn it_lists_orders() {
    let (store, _folder) = open();
    conformance::orders::passes(&store).await;
}

#[tokio::test]
async fn it_keeps_the_instances_secrets() {
    let (store, _folder) = open();
    conformance::secrets::passes(&store).await;
}

#[tokio::test]
async fn all_suites_pass_one_after_the_other_on_one_store() {
    let (store, _folder) = open();
    conformance::tenants::passes(&store).await;
    conformance::keys::passes(&store, &store).await;
    conformance::services::passes(&store, &store).await;
    conformance::ledger::passes(&store, &store).await;
    conformance::settlement::passes(&store, &store).await;
    conformance::serials::passes(&store, &store).await;
    conformance::withdrawals::passes(&store, &store).await;
    conformance::open_rows::passes(&store, &store).await;
    conformance::transactions::passes(&store).await;
    conformance::orders::passes(&store).await;
    conformance::events::passes(conformance::events::Ports { events: &store, log: &store, ledger: &store })
        .await;
    conformance::secrets::passes(&store).await;
}
