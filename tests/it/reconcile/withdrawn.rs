//! A row that its store commits when its caller has been told that nothing was done: nobody does it afterwards.

use std::time::Duration;

use serde_json::json;

use super::{often, unsettled};
use crate::support::{LedgerFaults, Scene, StageOptions};

/// Refuses an order at Stripe, which a look-up makes by repeating it.
async fn refuse(name: &str, commits_late: Duration) -> Scene {
    let faults = LedgerFaults { commits_late: Some(commits_late), ..LedgerFaults::default() };
    let options = StageOptions { configure: often, ..StageOptions::default() };
    let scene = Scene::start_with(name, faults.in_stage(options)).await;
    let order = json!({"amount": "5.00", "currency": "USD", "provider": "stripe"});
    let told = scene.post_once("late", "/v1/payments/orders", &order).await.expect(503);
    assert_eq!(told.code(), "ledger_unavailable");
    scene
}

/// Does the same, and returns the provider's effects when its row's lease is long over.
async fn refused(name: &str, commits_late: Duration) -> (Scene, usize) {
    let scene = refuse(name, commits_late).await;
    // Two seconds of its own, and five more of its lease.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let effects = scene.stage.effects("provider=stripe").await.len();
    (scene, effects)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_at_once_and_never_confirmed_is_not_done() {
    let (scene, effects) = refused("unconfirmed", Duration::ZERO).await;
    assert_eq!(effects, 0);
    assert_eq!(unsettled(&scene, "").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_after_it_was_withdrawn_is_not_done() {
    let (scene, effects) = refused("committedlate", Duration::from_secs(4)).await;
    assert_eq!(effects, 0);
    assert_eq!(unsettled(&scene, "").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_late_before_a_stop_is_not_done_after_the_next_start() {
    let mut scene = refuse("stoppedlate", Duration::from_millis(2_500)).await;
    scene.stage.restart().await;
    // Nobody holds a lease any more, and what is due is looked up every second.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(scene.stage.effects("provider=stripe").await.len(), 0);
    assert_eq!(unsettled(&scene, "").await.len(), 0);
}
