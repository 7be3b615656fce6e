//! What a caller gets when the provider does not answer, and what the log says of it.

use http::Method;
use serde_json::{Value, json};

use super::{JSON, carry, logged};
use crate::support::{Account, Answer, Stage, StageOptions, eventually};

const ORDER: &str = r#"{"amount": 50000, "currency": "INR"}"#;

async fn start() -> (Stage, Account) {
    let stage = Stage::start_with(StageOptions {
        configure: |config| config.calls.deadline_ms = 1_500,
        ..StageOptions::default()
    })
    .await;
    let account = stage.account("faulty").await;
    (stage, account)
}

async fn fault(stage: &Stage, kind: &str) {
    stage.no_faults().await;
    stage.fault(&json!({"provider": "razorpay", "fault": {"kind": kind}})).await;
}

async fn post(stage: &Stage, account: &Account) -> Answer {
    carry(stage, &account.key, (Method::POST, "razorpay/v1/orders"), &[JSON], ORDER).await
}

async fn get(stage: &Stage, account: &Account) -> Answer {
    carry(stage, &account.key, (Method::GET, "razorpay/v1/orders"), &[], "").await
}

#[track_caller]
fn check(answer: &Answer, status: u16, code: &str, retryable: bool) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code.to_owned()), "{}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["retryable"], retryable, "{error}");
    assert_eq!(error["transaction_id"].as_str(), answer.header("x-transaction-id"));
    assert_eq!(error["provider"], "razorpay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_sent_once_and_not_to_be_repeated() {
    let (stage, account) = start().await;
    for (number, (kind, code, status)) in [
        ("execute_then_reset", "provider_timeout", 504),
        ("execute_then_hang", "provider_timeout", 504),
        ("half_body", "provider_timeout", 504),
        ("slow_body", "provider_timeout", 504),
    ]
    .into_iter()
    .enumerate()
    {
        fault(&stage, kind).await;
        let answer = post(&stage, &account).await;
        check(&answer, status, code, false);
        assert_eq!(
            stage.effects("provider=razorpay&operation=orders.create").await.len(),
            number + 1,
            "{kind}"
        );
        let row = logged(&stage, &account, &answer).await;
        assert_eq!((&row["status"], &row["attempt_count"]), (&json!("unknown"), &json!(1)), "{kind}");
        assert_eq!(row["provider_ref"], "/v1/orders");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_told_from_silence() {
    let (stage, account) = start().await;
    fault(&stage, "garbage").await;
    check(&post(&stage, &account).await, 502, "provider_error", false);
    fault(&stage, "hang").await;
    check(&get(&stage, &account).await, 504, "provider_timeout", true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_own_error_is_its_answer_and_its_encoding_its_own() {
    let (stage, account) = start().await;
    let body = json!({"error": {"code": "SERVER_ERROR", "description": "own words"}});
    stage.fault(&json!({"provider": "razorpay", "fault": {"status": 500, "body": body}})).await;
    let answer = post(&stage, &account).await.expect(500);
    assert_eq!(answer.json(), body);
    assert_eq!(
        logged(&stage, &account, &answer).await["status"],
        "unknown",
        "a write that may have been done"
    );
    fault(&stage, "html_502").await;
    let answer = post(&stage, &account).await.expect(502);
    assert!(
        answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
        "{}",
        answer.text()
    );
    assert_eq!(logged(&stage, &account, &answer).await["response"], Value::Null);
    fault(&stage, "gzip_bomb").await;
    let answer = get(&stage, &account).await.expect(200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.starts_with(b"\x1f\x8b"), "handed on and not unpacked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_ends_the_callers_connection_and_not_as_if_it_were_whole() {
    let (stage, account) = start().await;
    fault(&stage, "endless_body").await;
    let key = [("x-platform-key", account.key.as_str()), ("x-request-id", "endless")];
    let answer = stage.api.try_send(Method::GET, "/v1/proxy/razorpay/v1/orders", &key, "").await;
    assert!(answer.is_err(), "{answer:?}");
    // The id went with the headers, which this client has lost; the breaker and the seat are free again all the same.
    stage.no_faults().await;
    get(&stage, &account).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_open_the_circuit_of_the_passthrough_and_of_nothing_else() {
    let (stage, account) = start().await;
    stage.fault(&json!({"provider": "razorpay", "fault": {"status": 500, "body": {}}})).await;
    for _ in 0..10 {
        post(&stage, &account).await.expect(500);
    }
    // Open for a second at first: where a machine takes longer, the next call finds out that nothing has changed.
    let mut open = post(&stage, &account).await;
    for _ in 0..10 {
        if open.status == 503 {
            break;
        }
        open.expect(500);
        open = post(&stage, &account).await;
    }
    let open = open.expect(503);
    assert_eq!(open.code(), "circuit_open");
    assert!(open.header("retry-after").is_some());
    stage.no_faults().await;
    stage.order(&account, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201);
    let closed = async || get(&stage, &account).await.status.is_success().then_some(());
    eventually("the circuit closes", closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_was_sent_nothing() {
    let (stage, account) = start().await;
    fault(&stage, "reset_before_read").await;
    // Reset after the connection was made: it cannot be known what was read.
    check(&post(&stage, &account).await, 504, "provider_timeout", false);
    drop(stage);
    let upstream = super::streams::Upstream::start();
    let stage = Stage::start_with(StageOptions {
        configure: |config| config.calls.deadline_ms = 1_500,
        razorpay_url: Some(upstream.url()),
        ..StageOptions::default()
    })
    .await;
    let account = stage.account("away").await;
    upstream.stop();
    let answer = post(&stage, &account).await;
    check(&answer, 502, "provider_unreachable", true);
    assert_eq!(logged(&stage, &account, &answer).await["status"], "failed");
}
