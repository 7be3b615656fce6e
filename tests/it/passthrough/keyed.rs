//! A passthrough with an idempotency key: one key is one side effect, here too.

use http::Method;
use serde_json::json;

use super::{FORM, JSON, calls, carry, logged};
use crate::support::{Account, Answer, Stage, StageOptions};

const ORDER: &str = r#"{"amount": 50000, "currency": "INR"}"#;
const ORDERS: &str = "provider=razorpay&operation=orders.create";
const INTENTS: &str = "provider=stripe&operation=orders.create";

async fn order(stage: &Stage, account: &Account, key: &str, body: &str) -> Answer {
    let headers = [JSON, ("idempotency-key", key)];
    carry(stage, &account.key, (Method::POST, "razorpay/v1/orders"), &headers, body.to_owned()).await
}

async fn intent(stage: &Stage, account: &Account, key: &str) -> Answer {
    let headers = [FORM, ("idempotency-key", key)];
    let body = "amount=500&currency=usd";
    carry(stage, &account.key, (Method::POST, "stripe/v1/payment_intents"), &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_stored_answer_with_its_headers_also_after_a_restart() {
    let mut stage = Stage::start().await;
    let account = stage.account("keyed").await;
    let first = order(&stage, &account, "k1", ORDER).await.expect(200);
    let row = logged(&stage, &account, &first).await;
    assert_eq!((row["status"].as_str(), row["provider_ref"].as_str()), (Some("success"), Some("/v1/orders")));
    assert_eq!((&row["request"]["amount"], &row["response"]["id"]), (&json!(50000), &first.json()["id"]));
    for is_after_restart in [false, true] {
        if is_after_restart {
            stage.restart().await;
        }
        let again = order(&stage, &account, "k1", ORDER).await.expect(200);
        assert_eq!(again.body, first.body);
        for header in ["content-type", "x-transaction-id"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_are_one_call() {
    let stage = Stage::start().await;
    let account = stage.account("twins").await;
    stage.fault(&json!({"provider": "razorpay", "fault": {"latency_ms": 200}})).await;
    let twins = (0..50).map(|_| order(&stage, &account, "k1", ORDER));
    let answers = futures_util::future::join_all(twins).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_path_query_and_body() {
    let stage = Stage::start().await;
    let account = stage.account("other").await;
    order(&stage, &account, "k1", ORDER).await.expect(200);
    let reused = order(&stage, &account, "k1", r#"{"amount": 50001, "currency": "INR"}"#).await.expect(422);
    assert_eq!(reused.code(), "idempotency_key_reused");
    let headers = [JSON, ("idempotency-key", "k1")];
    for path in ["razorpay/v1/orders?x=1", "razorpay/v1/other", "stripe/v1/orders"] {
        let reused = carry(&stage, &account.key, (Method::POST, path), &headers, ORDER).await.expect(422);
        assert_eq!(reused.code(), "idempotency_key_reused", "{path}");
    }
    carry(&stage, &account.key, (Method::PUT, "razorpay/v1/orders"), &headers, ORDER).await.expect(422);
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_stays_unknown_where_nobody_can_look_it_up() {
    let stage = Stage::start().await;
    let account = stage.account("lost").await;
    stage.fault(&json!({"provider": "razorpay", "times": 1, "fault": {"kind": "execute_then_reset"}})).await;
    let lost = order(&stage, &account, "k1", ORDER).await.expect(504);
    assert_eq!(
        (lost.code(), &lost.json()["error"]["retryable"]),
        ("provider_timeout".to_owned(), &json!(false))
    );
    for _ in 0..3 {
        let again = order(&stage, &account, "k1", ORDER).await.expect(504);
        assert_eq!(again.header("x-transaction-id"), lost.header("x-transaction-id"));
    }
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
    assert_eq!(calls(&stage, "provider=razorpay&method=POST").await.len(), 1, "never sent again");
    assert_eq!(logged(&stage, &account, &lost).await["status"], "unknown");
    // Nor after an answer that does not say what happened.
    let fault =
        json!({"provider": "razorpay", "times": 1, "fault": {"status": 503, "body": {"own": "words"}}});
    stage.fault(&fault).await;
    assert_eq!(order(&stage, &account, "k2", ORDER).await.expect(503).json(), json!({"own": "words"}));
    order(&stage, &account, "k2", ORDER).await.expect(504);
    assert_eq!(calls(&stage, "provider=razorpay&method=POST").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_where_the_provider_takes_the_very_key() {
    let stage = Stage::start().await;
    let account = stage.account("stripes").await;
    stage.fault(&json!({"provider": "stripe", "times": 1, "fault": {"kind": "execute_then_reset"}})).await;
    let intent_1 = intent(&stage, &account, "k1").await.expect(200);
    assert_eq!(stage.effects(INTENTS).await.len(), 1, "sent twice with one key, done once");
    let sent = calls(&stage, "provider=stripe&method=POST").await;
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|call| call["headers"]["idempotency-key"] == "k1"));
    // Lost for good within the request's time: the next request with the key finds out.
    stage.fault(&json!({"provider": "stripe", "times": 3, "fault": {"kind": "execute_then_reset"}})).await;
    let lost = intent(&stage, &account, "k2").await.expect(504);
    assert_eq!(lost.json()["error"]["retryable"], true);
    let found = intent(&stage, &account, "k2").await.expect(200);
    assert_ne!(found.json()["id"], intent_1.json()["id"]);
    assert_eq!(found.header("x-transaction-id"), lost.header("x-transaction-id"));
    assert_eq!(stage.effects(INTENTS).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_may_pass_is_not_kept_and_one_that_stays_is() {
    let stage = Stage::start().await;
    let account = stage.account("refused").await;
    for status in [401, 429] {
        let fault = json!({"provider": "razorpay", "times": 1, "fault": {"status": status, "body": {}}});
        stage.fault(&fault).await;
        let key = format!("k{status}");
        order(&stage, &account, &key, ORDER).await.expect(status);
        order(&stage, &account, &key, ORDER).await.expect(200);
    }
    let wrong = order(&stage, &account, "k3", r#"{"amount": 1}"#).await.expect(400);
    let again = order(&stage, &account, "k3", r#"{"amount": 1}"#).await.expect(400);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &wrong.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_large_to_keep_is_told_as_such_and_not_asked_for_again() {
    let stage = Stage::start_with(StageOptions::default()).await;
    let account = stage.account("large").await;
    let body = json!({"id": "order_1", "text": "x".repeat(300_000)});
    stage.fault(&json!({"provider": "razorpay", "times": 1, "fault": {"status": 200, "body": body}})).await;
    assert_eq!(order(&stage, &account, "k1", ORDER).await.expect(200).json(), body);
    let again = order(&stage, &account, "k1", ORDER).await.expect(409);
    assert_eq!(again.code(), "answer_not_kept");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(calls(&stage, "provider=razorpay&method=POST").await.len(), 1);
}
