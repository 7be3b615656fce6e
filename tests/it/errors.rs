//! Every documented error of every provider, over HTTP: what the caller is told, and that it was the provider who said so.

use adapters::ADAPTERS;
use domain::OperationKind;
use serde_json::{Value, json};

use crate::support::{Answer, Scene, ready};

/// A documented error, and what the gateway makes of it.
struct Case {
    kind: OperationKind,
    status: u64,
    body: Value,
    /// `None` when the answer leaves it open what happened.
    class: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_error_is_told_in_the_gateways_words_and_the_providers_own() {
    for adapter in ADAPTERS {
        let provider = adapter.descriptor().id.as_str();
        let mut scene = Scene::start(&format!("{provider}errors")).await;
        let cases = cases_of(provider);
        assert!(cases.len() >= 50, "{provider}: {}", cases.len());
        for (number, case) in cases.iter().enumerate() {
            let mut answer = provoke(&scene, provider, case).await;
            if answer.status == 503 {
                // So many refused credentials and lost answers in a row open the tenant's breaker: go on as another.
                scene.account = scene.stage.account(&format!("{provider}errors{number}")).await;
                answer = provoke(&scene, provider, case).await;
            }
            check(provider, case, &answer);
        }
    }
}

/// Has the provider answer the operation with the error.
async fn provoke(scene: &Scene, provider: &str, case: &Case) -> Answer {
    let request = ready(scene, provider, case.kind).await;
    let fault = json!({"provider": provider, "operation": case.kind.as_str(), "fault": {"status": case.status, "body": case.body}});
    scene.stage.fault(&fault).await;
    let answer = request.send(scene).await;
    scene.stage.no_faults().await;
    answer
}

fn check(provider: &str, case: &Case, answer: &Answer) {
    let what = format!("{provider} {} {} {}: {}", case.kind.as_str(), case.status, case.body, answer.text());
    let error = &answer.json()["error"];
    let (status, kind, is_retryable) = match case.class.as_deref() {
        Some("invalidrequest") => (422, "invalid_request", false),
        Some("notfound") => (404, "not_found", false),
        Some("conflict") => (409, "conflict", false),
        Some("declined") => (402, "provider", false),
        Some("refused" | "credentials") => (422, "provider", false),
        Some("ratelimited") => (429, "rate_limit", true),
        Some("unavailable") => (502, "provider_unavailable", true),
        // Nobody knows what happened, and without an idempotency key a repeat is not safe.
        None | Some("unknown") => (502, "provider_unavailable", false),
        Some(other) => panic!("{other}: {what}"),
    };
    assert_eq!(answer.status.as_u16(), status, "{what}");
    assert_eq!(error["type"], kind, "{what}");
    assert_eq!(error["retryable"], is_retryable, "{what}");
    assert_eq!(error["provider"], provider, "{what}");
    assert!(error["transaction_id"].is_string() && error["message"].is_string(), "{what}");
    if let Some(code) = case.code.as_ref().filter(|_| status != 502) {
        assert_eq!(error["code"], *code, "{what}");
        assert_eq!(error["param"].as_str(), case.param.as_deref(), "{what}");
    }
    let says_something = !case.body.to_string().contains("<html") && status != 502;
    assert!(
        !says_something || error["provider_code"].is_string() || error["provider_message"].is_string(),
        "the provider's own words are kept: {what}"
    );
}

/// Reads the errors that the adapter's fixtures list, as far as an operation of the API meets them.
fn cases_of(provider: &str) -> Vec<Case> {
    let path = format!("{}/crates/adapters/fixtures/{provider}/errors.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("fixtures")).expect("json");
    let listed = file.as_object().expect("an object").values().filter_map(Value::as_array).flatten();
    listed.filter(|case| case["body"].is_object() || case["body"].is_string()).filter_map(read_case).collect()
}

fn read_case(case: &Value) -> Option<Case> {
    let text = |field: &str| case[field].as_str().map(str::to_owned);
    let kind = match case["asked"].as_str() {
        Some("send") => OperationKind::SmsSend,
        Some("message") => OperationKind::SmsGet,
        Some("place") => OperationKind::CallsPlace,
        Some("call") => OperationKind::CallsGet,
        _ => OperationKind::from_name(text("operation")?.as_str())?,
    };
    Some(Case {
        kind,
        status: case["status"].as_u64()?,
        body: case["body"].clone(),
        class: text("class").map(|class| class.to_lowercase().replace('_', "")),
        code: text("code"),
        param: text("param"),
    })
}
