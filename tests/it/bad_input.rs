//! Bad input of every kind: the documented error, nothing stored, nothing sent.

use http::Method;
use serde_json::json;

use crate::support::{Account, Stage};

async fn check(
    stage: &Stage,
    account: &Account,
    body: impl Into<bytes::Bytes>,
    status: u16,
    code: &str,
    param: Option<&str>,
) {
    let headers = [("x-platform-key", account.key.as_str()), ("content-type", "application/json")];
    let answer = stage.api.send(Method::POST, "/v1/payments/orders", &headers, body).await;
    let error = &answer.json()["error"];
    assert_eq!((answer.status.as_u16(), error["code"].as_str()), (status, Some(code)), "{}", answer.text());
    assert_eq!(error["param"].as_str(), param, "{}", answer.text());
    assert_eq!(error["retryable"], false);
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_get_their_error_and_change_nothing() {
    let stage = Stage::start().await;
    let account = stage.account("clumsy").await;
    let nested = format!(r#"{{"amount": 5, "currency": "INR", "metadata": {}"#, "[".repeat(10_000));
    let large = format!(r#"{{"amount": 5, "currency": "INR", "description": "{}"}}"#, "x".repeat(300 * 1024));
    let pairs: Vec<String> = (0..51).map(|number| format!(r#""k{number}": "v""#)).collect();
    let many = format!(r#"{{"amount": 5, "currency": "INR", "metadata": {{{}}}}}"#, pairs.join(","));
    for (body, status, code, param) in [
        ("", 400, "malformed_json", None),
        ("not json", 400, "malformed_json", None),
        ("[]", 400, "malformed_json", None),
        (r#"{"amount": 5, "currency": "INR"} extra"#, 400, "malformed_json", None),
        (&"[".repeat(10_000), 400, "malformed_json", None),
        (&nested, 400, "invalid_field", Some("metadata")),
        (&large, 413, "request_too_large", None),
        (&many, 400, "invalid_field", Some("metadata")),
        ("{}", 400, "missing_field", Some("amount")),
        (r#"{"amount": 5}"#, 400, "missing_field", Some("currency")),
        (r#"{"amount": 5, "currency": "INR", "amout": 7}"#, 400, "unknown_field", Some("amout")),
        (r#"{"amount": 5, "currency": 7}"#, 400, "invalid_field", Some("currency")),
        (r#"{"amount": true, "currency": "INR"}"#, 400, "invalid_field", Some("amount")),
        (r#"{"amount": 5, "amount": 6, "currency": "INR"}"#, 400, "invalid_field", Some("amount")),
        (r#"{"amount": 5, "currency": "INR", "capture": "later"}"#, 400, "invalid_field", Some("capture")),
        (r#"{"amount": 5, "currency": "INR", "provider": "square"}"#, 400, "invalid_field", Some("provider")),
        (
            r#"{"amount": 5, "currency": "INR", "return_url": "javascript:alert(1)"}"#,
            400,
            "invalid_field",
            Some("return_url"),
        ),
        (
            r#"{"amount": 5, "currency": "INR", "customer": {"mail": "x"}}"#,
            400,
            "unknown_field",
            Some("customer.mail"),
        ),
        (
            r#"{"amount": 5, "currency": "INR", "customer_email": "nobody"}"#,
            400,
            "invalid_field",
            Some("customer_email"),
        ),
        (
            r#"{"amount": 5, "currency": "INR", "metadata": {"a": 1}}"#,
            400,
            "invalid_field",
            Some("metadata.a"),
        ),
        (
            r#"{"amount": 5, "currency": "INR", "reference": "12345678901234567890123456789012345678901"}"#,
            400,
            "invalid_field",
            Some("reference"),
        ),
    ] {
        check(&stage, &account, body.to_owned(), status, code, param).await;
    }
    check(
        &stage,
        &account,
        b"{\"amount\": 5, \"currency\": \"\xff\xfe\"}".to_vec(),
        400,
        "malformed_json",
        None,
    )
    .await;
    assert_eq!(stage.effects("operation=orders.create").await.len(), 0, "nothing was sent");
    let key = [("x-platform-key", account.key.as_str())];
    let orders = stage.api.get("/v1/payments/orders", &key).await.expect(200).json();
    assert_eq!(orders["data"], json!([]), "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_types_and_headers_are_refused() {
    let stage = Stage::start().await;
    let account = stage.account("typed").await;
    let form =
        [("x-platform-key", account.key.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = stage.api.send(Method::POST, "/v1/payments/orders", &form, "amount=5").await.expect(415);
    assert_eq!(answer.code(), "unsupported_media_type");
    let long = "x".repeat(256);
    for bad in [" ", "tab\there", long.as_str()] {
        let answer = stage
            .order(&account, &[("idempotency-key", bad)], &json!({"amount": 5, "currency": "INR"}))
            .await
            .expect(400);
        assert_eq!(answer.json()["error"]["param"], "Idempotency-Key");
    }
    let answer = stage
        .order(&account, &[("x-request-id", "no spaces please")], &json!({"amount": 5, "currency": "INR"}))
        .await;
    assert!(answer.expect(201).header("x-request-id").is_some_and(|id| id.starts_with("req_")));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_malformed_and_unknown_keys_are_told_apart() {
    let stage = Stage::start().await;
    let account = stage.account("keys").await;
    let order = json!({"amount": 5, "currency": "INR"});
    let answer = stage.api.post("/v1/payments/orders", &[], &order).await.expect(401);
    assert_eq!(answer.code(), "missing_key");
    let last = account.key.chars().last().expect("a character");
    let typo = format!("{}{}", &account.key[..account.key.len() - 1], if last == '0' { '1' } else { '0' });
    for bad in ["", "unf_test_", "sk_test_abc", typo.as_str(), account.token.as_str()] {
        let answer =
            stage.api.post("/v1/payments/orders", &[("x-platform-key", bad)], &order).await.expect(401);
        assert_eq!(answer.code(), "malformed_key", "{bad}");
        assert!(bad.len() < 10 || !answer.text().contains(bad), "the key is not repeated");
    }
    let bearer = crate::support::bearer(&account.key);
    stage.api.post("/v1/payments/orders", &[("authorization", bearer.as_str())], &order).await.expect(201);
    let answer = stage.api.get("/api/keys", &[("authorization", bearer.as_str())]).await.expect(401);
    assert_eq!(answer.code(), "invalid_token", "a platform key does not open the dashboard");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_ids_are_not_found() {
    let stage = Stage::start().await;
    let account = stage.account("lostways").await;
    let key = [("x-platform-key", account.key.as_str())];
    assert_eq!(stage.api.get("/v2/orders", &[]).await.expect(404).code(), "route_not_found");
    assert_eq!(
        stage.api.send(Method::DELETE, "/v1/payments/orders", &key, "").await.expect(404).code(),
        "route_not_found"
    );
    let unknown = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha";
    assert_eq!(
        stage.api.get(&format!("/v1/transactions/{unknown}"), &key).await.expect(404).code(),
        "transaction_not_found"
    );
    assert_eq!(
        stage.api.get(&format!("/v1/payments/orders/{unknown}"), &key).await.expect(404).code(),
        "order_not_found"
    );
    assert_eq!(
        stage.api.get("/v1/payments/orders/order_x", &key).await.expect(400).json()["error"]["param"],
        "id"
    );
    let missing =
        stage.api.get("/v1/payments/orders/order_00000000000000?provider=razorpay", &key).await.expect(404);
    assert_eq!(missing.code(), "order_not_found");
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "status=paid",
        "provider=square",
        "starting_after=x",
        "created[gte]=x",
        "page=2",
    ] {
        let answer = stage.api.get(&format!("/v1/payments/orders?{query}"), &key).await.expect(400);
        assert!(answer.json()["error"]["param"].is_string(), "{query}: {}", answer.text());
    }
}
