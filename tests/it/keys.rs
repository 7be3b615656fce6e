//! Platform keys: shown once, limited, rotated with a grace, revoked at once.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Account, Stage, bearer};

async fn make_key(stage: &Stage, account: &Account, body: Value) -> Value {
    let auth = bearer(&account.token);
    stage.api.post("/api/keys", &[("authorization", auth.as_str())], &body).await.expect(201).json()
}

async fn list_orders(stage: &Stage, key: &Value) -> crate::support::Answer {
    stage.api.get("/v1/payments/orders", &[("x-platform-key", key["key"].as_str().expect("a key"))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_revoked_at_once() {
    let stage = Stage::start().await;
    let account = stage.account("revoker").await;
    let auth = bearer(&account.token);
    let auth = [("authorization", auth.as_str())];
    let key = make_key(&stage, &account, json!({"name": "one", "environment": "test"})).await;
    assert_eq!((key["is_active"].as_bool(), key["rate_limit_per_min"].as_u64()), (Some(true), Some(600)));
    let listed = stage.api.get("/api/keys", &auth).await.expect(200);
    assert!(!listed.text().contains(key["key"].as_str().expect("a key")), "never shown again");
    list_orders(&stage, &key).await.expect(200);
    let path = format!("/api/keys/{}", key["id"].as_str().expect("an id"));
    stage.api.send(Method::DELETE, &path, &auth, "").await.expect(204);
    assert_eq!(list_orders(&stage, &key).await.expect(401).code(), "revoked_key");
    stage.api.send(Method::DELETE, &path, &auth, "").await.expect(204);
    assert_eq!(
        stage.api.send(Method::DELETE, "/api/keys/key_x", &auth, "").await.expect(404).code(),
        "key_not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_replaces_the_secret_at_once_or_after_a_grace() {
    let stage = Stage::start().await;
    let account = stage.account("rotator").await;
    let auth = bearer(&account.token);
    let auth = [("authorization", auth.as_str()), ("content-type", "application/json")];
    let old = make_key(&stage, &account, json!({"name": "one", "environment": "test"})).await;
    let path = format!("/api/keys/{}/rotate", old["id"].as_str().expect("an id"));
    let new = stage.api.send(Method::PUT, &path, &auth, r#"{"grace_seconds": 600}"#).await.expect(200).json();
    assert_eq!(new["id"], old["id"]);
    list_orders(&stage, &old).await.expect(200);
    list_orders(&stage, &new).await.expect(200);
    let newest = stage.api.send(Method::PUT, &path, &auth, "").await.expect(200).json();
    assert_eq!(list_orders(&stage, &new).await.expect(401).code(), "unknown_key");
    assert_eq!(list_orders(&stage, &old).await.expect(401).code(), "unknown_key");
    list_orders(&stage, &newest).await.expect(200);
    let refused =
        stage.api.send(Method::PUT, &path, &auth, r#"{"grace_seconds": 9999999}"#).await.expect(400);
    assert_eq!(refused.json()["error"]["param"], "grace_seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_and_kept() {
    let stage = Stage::start().await;
    let account = stage.account("limited").await;
    let body =
        json!({"name": "slow", "environment": "test", "rate_limit_per_min": 3, "rate_limit_per_day": 100});
    let key = make_key(&stage, &account, body).await;
    let first = list_orders(&stage, &key).await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some(r#""key-min";q=3;w=60, "key-day";q=100;w=86400"#));
    assert!(
        first.header("ratelimit").is_some_and(|value| value.starts_with(r#""key-min";r=2;t="#)),
        "{:?}",
        first.headers
    );
    assert_eq!(first.header("x-ratelimit-limit"), Some("3"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("2"));
    list_orders(&stage, &key).await.expect(200);
    list_orders(&stage, &key).await.expect(200);
    let refused = list_orders(&stage, &key).await.expect(429);
    assert_eq!(refused.code(), "key_minute_limit");
    assert!(
        refused
            .header("retry-after")
            .and_then(|value| value.parse::<u64>().ok())
            .is_some_and(|seconds| (1..=60).contains(&seconds))
    );
    let daily =
        make_key(&stage, &account, json!({"name": "rare", "environment": "test", "rate_limit_per_day": 1}))
            .await;
    list_orders(&stage, &daily).await.expect(200);
    assert_eq!(list_orders(&stage, &daily).await.expect(429).code(), "key_day_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_addresses_and_environments_are_kept() {
    let stage = Stage::start().await;
    let account = stage.account("scoped").await;
    let reader =
        make_key(&stage, &account, json!({"name": "r", "environment": "test", "scopes": ["payments:read"]}))
            .await;
    list_orders(&stage, &reader).await.expect(200);
    let key = [("x-platform-key", reader["key"].as_str().expect("a key"))];
    let refused = stage
        .api
        .post("/v1/payments/orders", &key, &json!({"amount": 5, "currency": "INR"}))
        .await
        .expect(403);
    assert_eq!(refused.code(), "scope_missing");
    let elsewhere = make_key(
        &stage,
        &account,
        json!({"name": "e", "environment": "test", "allowed_ips": ["203.0.113.0/24"]}),
    )
    .await;
    assert_eq!(list_orders(&stage, &elsewhere).await.expect(403).code(), "address_not_allowed");
    let here =
        make_key(&stage, &account, json!({"name": "h", "environment": "test", "allowed_ips": ["127.0.0.1"]}))
            .await;
    list_orders(&stage, &here).await.expect(200);
    let live = make_key(&stage, &account, json!({"name": "l", "environment": "live"})).await;
    let key = [("x-platform-key", live["key"].as_str().expect("a key"))];
    let refused = stage
        .api
        .post("/v1/payments/orders", &key, &json!({"amount": 5, "currency": "INR"}))
        .await
        .expect(422);
    assert_eq!(refused.code(), "no_provider_configured", "live has no credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_not_made() {
    let stage = Stage::start().await;
    let account = stage.account("wrongkeys").await;
    let auth = bearer(&account.token);
    for (body, status, param) in [
        (json!({"name": "", "environment": "test"}), 400, Some("name")),
        (json!({"name": "x", "environment": "prod"}), 400, Some("environment")),
        (json!({"name": "x", "environment": "test", "scopes": ["everything"]}), 400, Some("scopes")),
        (
            json!({"name": "x", "environment": "test", "rate_limit_per_min": 0}),
            400,
            Some("rate_limit_per_min"),
        ),
        (json!({"name": "x", "environment": "test", "rate_limit_per_min": 1_000_000}), 403, None),
        (
            json!({"name": "x", "environment": "test", "expires_at": "2020-01-01T00:00:00Z"}),
            400,
            Some("expires_at"),
        ),
        (json!({"name": "x", "environment": "test", "allowed_ips": ["home"]}), 400, Some("allowed_ips")),
        (json!({"name": "x", "environment": "test", "colour": "red"}), 400, Some("colour")),
    ] {
        let answer =
            stage.api.post("/api/keys", &[("authorization", auth.as_str())], &body).await.expect(status);
        assert_eq!(answer.json()["error"]["param"].as_str(), param, "{body}");
    }
}
