//! The suites of the testkit, against PostgreSQL: directly, through a pooler that gives each transaction another connection,
//! and over TLS.

use std::sync::Arc;

use crate::support::{Database, LOGIN};
use domain::Secret;
use domain::ports::{Ledger, StoreEngine, StoreError};
use store_postgres::{Options, PostgresStore};
use testkit::conformance;
use testkit::servers::{PgBouncer, Postgres};

/// Runs every suite, one after the other, on one store.
async fn passes_all(store: PostgresStore) {
    store.check().await.unwrap();
    conformance::tenants::passes(&store).await;
    conformance::directory::passes(conformance::directory::Ports {
        directory: &store,
        tenants: &store,
        keys: &store,
        services: &store,
    })
    .await;
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
    let ledger: Arc<dyn Ledger> = Arc::new(store);
    conformance::ledger::a_thousand_twins_at_once_begin_once(Arc::clone(&ledger)).await;
    conformance::serials::a_thousand_at_once_begin_one(Arc::clone(&ledger)).await;
    conformance::withdrawals::a_row_that_is_begun_and_withdrawn_at_once_is_withdrawn(Arc::clone(&ledger))
        .await;
    conformance::open_rows::a_due_row_goes_to_one(ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_passes_all_suites() {
    let database = Database::new().await.with_partitions();
    passes_all(database.open()).await;
    assert_eq!(database.psql("SELECT count(*) FROM partitions.transaction_logs_default"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_passes_all_suites_for_days_without_a_partition() {
    let database = Database::new().await;
    passes_all(database.open()).await;
    assert_ne!(database.psql("SELECT count(*) FROM partitions.transaction_logs_default"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_passes_all_suites_without_a_statement_that_outlives_its_transaction() {
    let database = Database::new().await;
    let options = Options { prepared_statements: false, ..database.options() };
    passes_all(PostgresStore::connect(&options).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_passes_all_suites_through_a_pooler() {
    let database = Database::new().await;
    let pooler = PgBouncer::start(Postgres::shared(), &[LOGIN]);
    let url = Secret::new(pooler.url(LOGIN, database.name()));
    let options = Options { url, prepared_statements: false, ..database.options() };
    passes_all(PostgresStore::connect(&options).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_passes_all_suites_over_tls() {
    let server = Postgres::start_with_tls();
    let database = Database::on_encrypted(&server).await.with_partitions();
    let ca_pem = Some(server.ca_pem().as_bytes().into());
    passes_all(PostgresStore::connect(&Options { ca_pem, ..database.options() }).unwrap()).await;
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_not_trusted() {
    let server = Postgres::start_with_tls();
    let options = Database::on_encrypted(&server).await.with_partitions().options();
    assert!(options.url.expose().contains("sslmode=require"));
    let refused = PostgresStore::connect(&options).unwrap().check().await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_where_tls_is_a_must() {
    let database = Database::new().await;
    let url = Secret::new(format!("{}?sslmode=verify-full", database.options().url.expose()));
    let options = Options { url, ..database.options() };
    let refused = PostgresStore::connect(&options).unwrap().check().await;
    assert!(format!("{refused:?}").contains("does not support TLS"), "{refused:?}");
}
