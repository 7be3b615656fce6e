//! What was not done, and whose row cannot be taken back: its caller is told that nobody knows, and then what was done, which is
//! nothing, unless it was looked up first.

use std::time::Duration;

use gateway::Config;
use serde_json::{Value, json};

use super::{events, lost, often, unsettled};
use crate::support::{LedgerFaults, Scene, StageOptions, eventually, with_late_log};

const ORDERS: &str = "/v1/payments/orders";

/// An order at Stripe, which a look-up makes by repeating it.
fn order() -> Value {
    json!({"amount": "5.00", "currency": "USD", "provider": "stripe"})
}

/// Asks for an order whose beginning is not confirmed; returns its transaction.
async fn unconfirmed(name: &str, faults: LedgerFaults) -> (Scene, String) {
    let options = StageOptions { configure: often, ..StageOptions::default() };
    let scene = Scene::start_with(name, faults.in_stage(options)).await;
    let told = scene.post_once("same", ORDERS, &order()).await.expect(504);
    assert_eq!(told.code(), "ledger_timeout");
    assert_eq!(told.json()["error"]["retryable"], true, "with its key");
    let transaction = lost(&told);
    (scene, transaction)
}

/// Returns what is told of it when it is known. While the log takes nothing, transactions cannot be asked for.
async fn told(scene: &Scene, transaction: &str) -> Value {
    let path = format!("/v1/transactions/{transaction}");
    eventually("it is told what became of it", async || {
        let told = scene.get(&path).await;
        (told.status == 200 && told.json()["status"] != "unknown").then(|| told.json())
    })
    .await
}

/// What is told of it, in the end.
async fn assert_not_done(scene: &Scene, transaction: &str) {
    let told = told(scene, transaction).await;
    assert_eq!(
        (&told["status"], &told["response"]["error"]["code"]),
        (&json!("failed"), &json!("ledger_unavailable"))
    );
    let events = events(scene, transaction).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        (&events[0]["type"], &events[0]["data"]["status"]),
        (&json!("transaction.settled"), &json!("failed"))
    );
}

/// Its key is free, whatever comes in late, and one order is made.
async fn assert_done_once(scene: &Scene) {
    // For as long as the ledger is waited for, others are turned away.
    let made = eventually("it is made", async || {
        let made = scene.post_once("same", ORDERS, &order()).await;
        (made.status == 201).then_some(made)
    })
    .await;
    // Two seconds of the first one's own, and five more of its lease.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(scene.stage.effects("provider=stripe").await.len(), 1);
    assert_eq!(unsettled(scene, "").await.len(), 0);
    let again = scene.post_once("same", ORDERS, &order()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &made.body));
}

/// A look-up has made it, once.
async fn assert_told_as_done(scene: &Scene, transaction: &str) {
    assert_eq!(told(scene, transaction).await["status"], "success");
    let again = scene.post_once("same", ORDERS, &order()).await.expect(201);
    assert_eq!(
        (again.header("idempotent-replayed"), &again.json()["transaction_id"]),
        (Some("true"), &json!(transaction))
    );
    assert_eq!(scene.stage.effects("provider=stripe").await.len(), 1);
    assert_eq!(events(scene, transaction).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_at_once_and_never_confirmed_is_not_done() {
    let faults = LedgerFaults { commits_late: Some(Duration::ZERO), ..LedgerFaults::default() };
    let (scene, transaction) = unconfirmed("unconfirmed", faults).await;
    assert_not_done(&scene, &transaction).await;
    assert_eq!(scene.stage.effects("provider=stripe").await.len(), 0);
    assert_done_once(&scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_after_it_was_withdrawn_is_not_done() {
    let faults = LedgerFaults { commits_late: Some(Duration::from_secs(5)), ..LedgerFaults::default() };
    let (scene, transaction) = unconfirmed("committedlate", faults).await;
    assert_not_done(&scene, &transaction).await;
    assert_done_once(&scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_up_before_it_can_be_withdrawn_is_told_as_done() {
    let faults = LedgerFaults {
        commits_late: Some(Duration::ZERO),
        // Past its lease: whoever looks it up makes the call.
        withdraws_late: Some(Duration::from_secs(15)),
        ..LedgerFaults::default()
    };
    let (scene, transaction) = unconfirmed("lookedup", faults).await;
    assert_told_as_done(&scene, &transaction).await;
}

/// Nobody looks anything up.
fn never(config: &mut Config) {
    often(config);
    config.reconcile.every_ms = 600_000;
}

/// Asks for an order of which its provider wants to hear later, while log and ledger are told nothing for `late`.
async fn refused_for_now(name: &str, late: Duration, configure: fn(&mut Config)) -> (Scene, String) {
    let options = StageOptions { configure, ..StageOptions::default() };
    let faults = LedgerFaults { withdraws_late: Some(late), ..LedgerFaults::default() };
    let scene = Scene::start_with(name, faults.in_stage(with_late_log(late, options))).await;
    let busy =
        json!({"provider": "stripe", "operation": "orders.create", "times": 1, "fault": {"status": 429}});
    scene.stage.fault(&busy).await;
    let told = scene.post_once("same", ORDERS, &order()).await.expect(504);
    assert_eq!(told.code(), "ledger_timeout", "that it was not done is not certain");
    let transaction = lost(&told);
    (scene, transaction)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_refused_is_told_so_once_it_is_taken_back() {
    let (scene, transaction) = refused_for_now("takenback", Duration::from_secs(4), never).await;
    let told = told(&scene, &transaction).await;
    assert_eq!(
        (&told["status"], &told["response"]["error"]["code"]),
        (&json!("failed"), &json!("provider_rate_limit"))
    );
    assert_eq!(events(&scene, &transaction).await.len(), 1);
    assert_eq!(scene.stage.effects("provider=stripe").await.len(), 0);
    assert_done_once(&scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_provider_refused_and_a_look_up_made_is_told_as_done() {
    let (scene, transaction) = refused_for_now("lookedupsoon", Duration::from_secs(10), often).await;
    // Past its lease.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_told_as_done(&scene, &transaction).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_no_key_is_not_told_to_send_it_again() {
    let faults = LedgerFaults { commits_late: Some(Duration::ZERO), ..LedgerFaults::default() };
    let scene = Scene::start_with("keyless", faults.in_stage(StageOptions::default())).await;
    let told = scene.post(ORDERS, &order()).await.expect(504);
    assert_eq!((&*told.code(), &told.json()["error"]["retryable"]), ("ledger_timeout", &json!(false)));
    assert_not_done(&scene, &lost(&told)).await;
}
