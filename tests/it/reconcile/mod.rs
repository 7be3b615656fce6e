//! Unknown outcomes are settled by themselves: whatever answer is lost, at every provider, the sandbox's effects are what is told.

mod anew;
mod hand;
mod keys;
mod lost;
mod outage;
mod refused;
mod withdrawn;

use gateway::Config;
use serde_json::{Value, json};

use crate::support::{Answer, Scene, StageOptions, bearer, eventually, text};

/// A look-up every quarter of a second, for longer than any test.
fn often(config: &mut Config) {
    config.calls.deadline_ms = 2_000;
    config.reconcile.every_ms = 20;
    config.reconcile.schedule_ms = (1..=80).map(|look_up| look_up * 250).collect();
}

/// Two look-ups at once, and no more.
fn twice(config: &mut Config) {
    config.calls.deadline_ms = 2_000;
    config.reconcile.every_ms = 20;
    config.reconcile.schedule_ms = vec![50, 100];
}

async fn scene(name: &str, configure: fn(&mut Config)) -> Scene {
    Scene::start_with(name, StageOptions { configure, ..StageOptions::default() }).await
}

/// Returns the transaction of an answer whose outcome is unknown.
#[track_caller]
fn lost(answer: &Answer) -> String {
    text(&answer.json()["error"], "transaction_id")
}

/// Returns what is told of a transaction.
async fn told(scene: &Scene, transaction: &str) -> Value {
    scene.get(&format!("/v1/transactions/{transaction}")).await.expect(200).json()
}

/// Waits until the outcome of a transaction is known, and returns it.
async fn settled(scene: &Scene, transaction: &str) -> Value {
    eventually("the transaction is settled", async || {
        let told = told(scene, transaction).await;
        (told["status"] != "unknown").then_some(told)
    })
    .await
}

/// Returns what the tenant was told of a transaction beside its answer.
async fn events(scene: &Scene, transaction: &str) -> Vec<Value> {
    let authorization = bearer(&scene.account.token);
    let headers = [("authorization", authorization.as_str())];
    let path = "/api/webhooks/events?environment=test&limit=100";
    let page = scene.stage.api.get(path, &headers).await.expect(200).json();
    let all = page["data"].as_array().expect("events").iter();
    all.filter(|event| event["data"]["transaction_id"] == transaction).cloned().collect()
}

/// Returns the unknown outcomes that operators see.
async fn unsettled(scene: &Scene, query: &str) -> Vec<Value> {
    let page = scene.stage.admin.get(&format!("/unsettled{query}"), &[]).await.expect(200).json();
    page["data"].as_array().expect("rows").clone()
}

/// Has every call of a provider's operation end like this.
async fn fault(scene: &Scene, provider: &str, operation: &str, kind: &str) {
    let fault = json!({"provider": provider, "operation": operation, "fault": {"kind": kind}});
    scene.stage.fault(&fault).await;
}
