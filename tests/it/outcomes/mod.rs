//! Every way in which a provider fails a write, for each way in which a write may be repeated: what the caller is told, what the
//! ledger keeps, and how often the provider was asked. Nothing that is told as failed may have been done.

mod raw;

use domain::OperationKind;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::{Answer, Scene, StageOptions, eventually, ready, text};

use State::{Released, Unknown};

/// Gateways that are up at the same time.
const AT_ONCE: usize = 4;
/// How often a call is made, at most, that may be repeated.
const ATTEMPTS: u64 = 3;

/// What is left of a call in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its outcome is to be found out.
    Unknown,
    /// Nothing: the key is free.
    Released,
}

/// How often the provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Once, whatever it is.
    Once,
    /// As often as there are attempts, where a repeat cannot do it twice.
    AgainWhereSafe,
}

/// A failure, and what comes of it.
struct Row {
    fault: Value,
    status: u16,
    code: &'static str,
    state: State,
    asked: Asked,
}

/// The operations, one for each safety and for each provider's way of telling failures, and whether a repeat is safe.
const WRITES: [(&str, OperationKind, bool); 4] = [
    // By the provider's key.
    ("stripe", OperationKind::OrdersCreate, true),
    // By the object's state.
    ("paypal", OperationKind::SubscriptionsCancel, true),
    // Not at all.
    ("razorpay", OperationKind::OrdersCreate, false),
    ("twilio", OperationKind::SmsSend, false),
];

fn row(fault: Value, (status, code): (u16, &'static str), state: State, asked: Asked) -> Row {
    Row { fault, status, code, state, asked }
}

fn rows() -> Vec<Row> {
    let silence = (504, "provider_timeout");
    let nonsense = (502, "provider_error");
    let mut rows = Vec::new();
    // The connection breaks: again, where that is safe.
    for kind in ["reset_before_read", "reset_after_read", "execute_then_reset", "half_body"] {
        rows.push(row(json!({"kind": kind}), silence, Unknown, Asked::AgainWhereSafe));
    }
    // The time is up: there is none for another attempt.
    for kind in ["hang", "execute_then_hang", "slow_body"] {
        rows.push(row(json!({"kind": kind}), silence, Unknown, Asked::Once));
    }
    // No answer that can be read.
    for kind in ["garbage", "endless_body", "gzip_bomb"] {
        rows.push(row(json!({"kind": kind}), nonsense, Unknown, Asked::AgainWhereSafe));
    }
    // An answer that tells nothing. It was not asked for again: a whole answer is one.
    rows.push(row(json!({"kind": "html_502"}), nonsense, Unknown, Asked::Once));
    for status in [301, 302, 303, 307, 308] {
        let fault = json!({"status": status, "headers": {"location": "http://127.0.0.1:1/"}});
        rows.push(row(fault, nonsense, Unknown, Asked::Once));
    }
    for status in [500, 503, 504] {
        rows.push(row(json!({"status": status, "body": {"message": "no"}}), nonsense, Unknown, Asked::Once));
    }
    for body in [json!("<html>Welcome</html>"), json!({"unheard": "of"}), json!([]), json!("")] {
        rows.push(row(json!({"status": 200, "body": body}), nonsense, Unknown, Asked::Once));
    }
    // A refusal for now.
    let busy = json!({"status": 429, "body": {"message": "slow down"}, "headers": {"retry-after": "7"}});
    rows.push(row(busy, (429, "provider_rate_limit"), Released, Asked::Once));
    rows
}

async fn start(name: &str) -> Scene {
    let configure = |config: &mut gateway::Config| {
        config.calls.deadline_ms = 3_000;
        // What never ends is soon too long.
        config.transport.reply_bytes = 64 * 1024;
    };
    Scene::start_with(name, StageOptions { configure, ..StageOptions::default() }).await
}

/// Puts a row to the test, with a gateway and providers of its own: what failed before opens no circuit here.
async fn check(row: &Row, (provider, kind, is_safe): (&str, OperationKind, bool)) {
    let context = format!("{provider} {} {}", kind.as_str(), row.fault);
    let scene = start("failing").await;
    let request = ready(&scene, provider, kind).await;
    let query = format!("provider={provider}&operation={}", kind.as_str());
    let fault = json!({"provider": provider, "operation": kind.as_str(), "fault": row.fault});
    scene.stage.fault(&fault).await;

    let told = scene.post_once("k", &request.path, &request.body).await;
    assert!(!told.status.is_success(), "{context} {}", told.text());
    assert_eq!((told.status.as_u16(), &*told.code()), (row.status, row.code), "{context} {}", told.text());
    let error = told.json()["error"].clone();
    assert_eq!(error["retryable"], true, "with the same key it cannot be done twice: {context} {error}");
    let again = row.asked == Asked::AgainWhereSafe && is_safe;
    assert_eq!(scene.calls(&query).await, if again { ATTEMPTS } else { 1 }, "{context}");
    check_transaction(&scene, &error, row, &context).await;

    scene.stage.no_faults().await;
    let was_done = !scene.stage.effects(&query).await.is_empty();
    let repeated = scene.post_once("k", &request.path, &request.body).await;
    assert!(repeated.status.is_success(), "{context} {}", repeated.text());
    let is_same = repeated.json()["transaction_id"] == error["transaction_id"];
    // A cancellation is told under the transaction that created the object.
    let names_itself = kind != OperationKind::SubscriptionsCancel;
    // What never arrived ends as that, and the repeat is a call of its own; or the repeat itself is what tells.
    let may_be_either = row.state == Unknown && !was_done;
    let is_expected = may_be_either || is_same == (row.state == Unknown);
    assert!(!names_itself || is_expected, "{context} {}", repeated.text());
    assert_eq!(scene.stage.effects(&query).await.len(), 1, "done once, whatever happened: {context}");
}

/// What the log says of a call that failed like this.
async fn check_transaction(scene: &Scene, error: &Value, row: &Row, context: &str) {
    let path = format!("/v1/transactions/{}", text(error, "transaction_id"));
    let expected = match row.state {
        Unknown => "unknown",
        Released => "failed",
    };
    let logged = eventually("the transaction is settled", async || {
        let answer = scene.get(&path).await;
        // The row in the ledger learns of its attempts behind the answer.
        let is_settled =
            |logged: &Value| logged["attempts"].as_array().is_some_and(|lines| !lines.is_empty());
        (answer.status == 200).then(|| answer.json()).filter(is_settled)
    })
    .await;
    assert_eq!(logged["status"], expected, "{context} {logged}");
    let lines = logged["attempts"].as_array().expect("lines");
    let last = lines.iter().rfind(|line| line["effect"] == "write").expect("a write");
    let outcome = if row.state == Unknown { ["unknown", "executed"] } else { ["rejected"; 2] };
    assert!(outcome.contains(&last["outcome"].as_str().expect("a word")), "{context} {logged}");
}

async fn check_all((provider, kind, is_safe): (&'static str, OperationKind, bool)) {
    let mut rows = rows();
    if kind == OperationKind::SubscriptionsCancel {
        // Its answer has no body: half of it is all of it.
        rows.retain(|row| !["half_body", "slow_body"].map(Value::from).contains(&row.fault["kind"]));
    }
    let checks = rows.iter().map(|row| check(row, (provider, kind, is_safe)));
    stream::iter(checks).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_the_providers_key_fails_as_the_table_says() {
    check_all(WRITES[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_the_state_guards_fails_as_the_table_says() {
    check_all(WRITES[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nothing_guards_fails_as_the_table_says() {
    check_all(WRITES[2]).await;
    check_all(WRITES[3]).await;
}

/// Without a key nothing makes a repeat safe, and the caller is told so.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_without_a_key_is_not_to_be_repeated() {
    for (provider, kind, _) in WRITES {
        let scene = start("keyless").await;
        let request = ready(&scene, provider, kind).await;
        for (fault, retryable) in [(json!({"kind": "html_502"}), false), (json!({"status": 429}), true)] {
            scene.stage.no_faults().await;
            let fault = json!({"provider": provider, "operation": kind.as_str(), "fault": fault});
            scene.stage.fault(&fault).await;
            let told: Answer = scene.post(&request.path, &request.body).await;
            assert_eq!(told.json()["error"]["retryable"], retryable, "{provider} {}", told.text());
        }
    }
}
