//! Every operation that changes something, at every provider that can, with its answer lost in every way.

use adapters::ADAPTERS;
use domain::{Feature, OperationKind};
use gateway::Config;
use serde_json::json;

use super::{events, fault, lost, often, scene, settled, unsettled};
use crate::support::{Scene, ready};

/// As `often`, with less time for a call: here dozens take all of it, one after the other.
fn often_and_briefly(config: &mut Config) {
    often(config);
    config.calls.deadline_ms = 1_500;
}

/// Returns the provider's call that does what an operation is for. An invoice at PayPal is a draft until it is sent: a lost draft is
/// no unknown outcome.
fn call_that_matters(provider: &str, operation: OperationKind) -> &'static str {
    match (provider, operation) {
        ("paypal", OperationKind::PaymentLinksCreate) => "payment_links.send",
        _ => operation.as_str(),
    }
}

/// Loses the answers of an operation, lets its outcome be found out, and compares what is told with what happened.
async fn lose(scene: &Scene, provider: &str, operation: OperationKind, kind: &str) {
    let name = call_that_matters(provider, operation);
    let what = format!("{provider} {name} {kind}");
    let request = ready(scene, provider, operation).await;
    let query = format!("provider={provider}&operation={name}");
    let before = scene.stage.effects(&query).await.len();
    fault(scene, provider, name, kind).await;
    let answer = request.send(scene).await;
    scene.stage.no_faults().await;
    assert!(answer.status.is_server_error(), "{what}: {}", answer.text());

    let transaction = lost(&answer);
    let told = settled(scene, &transaction).await;
    let effects = scene.stage.effects(&query).await.len() - before;
    let expected = if told["status"] == "success" { 1 } else { 0 };
    assert_eq!(effects, expected, "{what}: {told}");
    if kind.starts_with("execute") {
        assert_eq!((effects, &told["response_status"]), (1, &json!(request.success)), "{what}: {told}");
        assert_eq!(told["response"]["object"], operation.object(), "{what}: {told}");
    }
    if answer.code() == "provider_unreachable" {
        // Nothing was sent, so that there was nothing to find out.
        return;
    }
    let events = events(scene, &transaction).await;
    assert_eq!(events.len(), 1, "{what}: {events:?}");
    let data = &events[0]["data"];
    assert_eq!(events[0]["type"], "transaction.settled", "{what}: {data}");
    for field in ["operation", "status", "provider", "environment", "response_status", "response"] {
        assert_eq!(data[field], told[field], "{what} {field}");
    }
}

async fn lose_all(name: &str, kind: &str) {
    let scene = scene(name, often_and_briefly).await;
    for adapter in ADAPTERS {
        let descriptor = adapter.descriptor();
        for supported in descriptor.operations {
            let operation = supported.kind;
            if operation.has_side_effect() && operation.feature() != Feature::Proxy {
                lose(&scene, descriptor.id.as_str(), operation, kind).await;
            }
        }
    }
    assert_eq!(unsettled(&scene, "").await, Vec::<serde_json::Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_and_whose_answer_was_cut_off_is_found() {
    lose_all("cutoff", "execute_then_reset").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_and_never_answered_is_found() {
    lose_all("unanswered", "execute_then_hang").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_is_told_as_what_became_of_it() {
    lose_all("unread", "reset_before_read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_is_settled_for_a_key_that_was_revoked_meanwhile() {
    let scene = scene("revoked", often).await;
    let message = json!({"to": "+15558675310", "message": "On its way."});
    // Nothing tells while the provider tells nothing at all.
    scene.stage.fault(&json!({"provider": "twilio", "fault": {"kind": "execute_then_reset"}})).await;
    let transaction = lost(&scene.post("/v1/sms", &message).await.expect(504));
    let authorization = crate::support::bearer(&scene.account.token);
    let headers = [("authorization", authorization.as_str())];
    let keys = scene.stage.api.get("/api/keys", &headers).await.expect(200).json();
    for key in keys["data"].as_array().expect("keys") {
        let path = format!("/api/keys/{}", crate::support::text(key, "id"));
        scene.stage.api.send(http::Method::DELETE, &path, &headers, "").await.expect(204);
    }
    scene.stage.no_faults().await;
    let event = crate::support::eventually("the tenant is told", async || {
        events(&scene, &transaction).await.into_iter().next()
    })
    .await;
    assert_eq!(
        (&event["type"], &event["data"]["status"]),
        (&json!("transaction.settled"), &json!("success"))
    );
    assert_eq!(scene.stage.effects("provider=twilio&operation=sms.send").await.len(), 1);
}
