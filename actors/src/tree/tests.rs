//! The tree starts whole, tells how it is, and stops in its order.

use crate::doubles::{Stage, hash_of, ledger_entry, record};
use crate::{Fallback, TenantUnavailable, TreeError, TreeParams, start};

use super::TABLE;

#[actix_rt::test]
async fn a_tree_that_has_started_is_up() {
    let stage = Stage::new();
    let tree = stage.start();
    let observed = tree.observe().await;
    assert!(observed.is_up(), "{observed:?}");
    assert_eq!(observed.providers.len(), 2);
}

#[actix_rt::test]
async fn the_tree_stops_in_order_and_the_log_last() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    let (tenants, ledger, log) = (tree.tenants.clone(), tree.ledger.clone(), tree.log.clone());
    stage.ledger.commits.close();
    let place = log.reserve().unwrap();
    // What a request in flight does: it begins, and records when it is through.
    let request = actix_rt::spawn(async move {
        ledger.begin(ledger_entry(1, None), Fallback::None).await.unwrap();
        place.record(record(1));
    });
    stage.ledger.commits.arrived(1).await;
    let stopping = actix_rt::spawn(tree.stop());
    tokio::task::yield_now().await;
    stage.ledger.commits.open();
    let report = stopping.await.unwrap();
    request.await.unwrap();
    assert_eq!(
        report.order,
        ["reconciler", "keeper", "listener", "tenant", "provider", "ledger_writer", "log_writer"]
    );
    assert_eq!((report.unanswered, report.unwritten), (0, 0));
    assert_eq!(*stage.log.rows.lock().unwrap(), [1]);
    assert_eq!(tenants.by_key(key, hash_of(key)).await.unwrap_err(), TenantUnavailable::Lost);
}

#[test]
fn handles_work_from_any_thread() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    actix_rt::System::new().block_on(async {
        let tree = stage.start();
        let (tenants, ledger, log) = (tree.tenants.clone(), tree.ledger.clone(), tree.log.clone());
        let elsewhere = actix_rt::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.unwrap().block_on(async {
                assert!(tenants.by_key(key, hash_of(key)).await.unwrap().is_some());
                ledger.begin(ledger_entry(1, None), Fallback::None).await.unwrap();
                log.reserve().unwrap().record(record(1));
                log.flush().await.unwrap();
            });
        });
        elsewhere.await.unwrap();
        tree.stop().await;
    });
}

#[test]
fn without_an_actix_system_the_tree_does_not_start() {
    let stage = Stage::new();
    let params = TreeParams {
        clock: std::sync::Arc::clone(&stage.clock) as _,
        entropy: std::sync::Arc::new(testkit::CountingEntropy::default()),
        directory: std::sync::Arc::clone(&stage.directory) as _,
        vault: std::sync::Arc::clone(&stage.vault),
        ledger: std::sync::Arc::clone(&stage.ledger) as _,
        log: std::sync::Arc::clone(&stage.log) as _,
        journal: None,
        tokens: std::sync::Arc::clone(&stage.tokens) as _,
        descriptors: Vec::new(),
        leases: None,
        changes: None,
        catalog: std::sync::Arc::new(telemetry::Catalog::silent()),
        settings: stage.settings,
    };
    assert!(matches!(start(params), Err(TreeError::NoSystem)));
}

#[test]
fn every_child_has_a_parent_that_is_the_root_or_in_the_table() {
    for row in &TABLE {
        let is_known = row.parent == "supervisor" || TABLE.iter().any(|other| other.child == row.parent);
        assert!(is_known, "{}", row.child);
        assert!((row.bound)(&Stage::new().settings) > 0, "{}", row.child);
    }
}
