//! What the gateway tells about itself, and what it never tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::Timestamp;
use domain::ports::{StoreEngine, StoreError};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Stage, StageOptions, bearer, env_of};

/// A store that counts how often it is asked how it is.
#[derive(Debug)]
struct Counting {
    inner: Arc<dyn StoreEngine>,
    checks: Arc<AtomicUsize>,
}

#[async_trait]
impl StoreEngine for Counting {
    async fn check(&self) -> Result<(), StoreError> {
        self.checks.fetch_add(1, Ordering::SeqCst);
        self.inner.check().await
    }

    async fn tend(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.tend(now).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_and_provider_calls_on_the_admin_port_only() {
    let stage = Stage::start().await;
    let account = stage.account("measured").await;
    stage.order(&account, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201);
    stage.order(&account, &[], &json!({"amount": 5, "currency": "XXX"})).await.expect(422);
    let metrics = stage.admin.get("/metrics", &[]).await.expect(200).text();
    let has = |name: &str, labels: &[&str]| {
        metrics.lines().any(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)))
    };
    assert!(has("gateway_requests_total", &[r#"route="/v1/payments/orders""#, "201"]), "{metrics}");
    assert!(
        has(
            "gateway_provider_calls_total",
            &[r#"provider="razorpay""#, r#"operation="orders.create""#, r#"outcome="success""#]
        ),
        "{metrics}"
    );
    for line in metrics.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(line.contains('{') || line.split_whitespace().count() == 2, "{line}");
    }
    assert!(
        !metrics.contains("usr_")
            && !metrics.contains(&account.key)
            && !metrics.contains(&account.razorpay_key_id)
    );
    stage.api.get("/metrics", &[]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_on_both_ports() {
    let stage = Stage::start().await;
    for client in [&stage.api, &stage.admin] {
        let health = client.get("/health", &[]).await.expect(200).json();
        assert_eq!(health["status"], "ok");
        assert_eq!(health["checks"], json!({"store": "ok", "cache": "ok", "journal": "ok"}));
        client.get("/health/live", &[]).await.expect(200);
        client.get("/health/ready", &[]).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_asks_how_it_is_shares_one_look_a_second() {
    let checks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&checks);
    let stage = Stage::start_with(StageOptions {
        wrap: Box::new(move |mut stores| {
            stores.engine = Arc::new(Counting { inner: stores.engine, checks: counted });
            stores
        }),
        ..StageOptions::default()
    })
    .await;
    let mut crowd = JoinSet::new();
    for client in [&stage.api, &stage.admin].into_iter().cycle().take(200) {
        let client = client.clone();
        crowd.spawn(async move { client.get("/health", &[]).await.expect(200).json() });
    }
    for health in crowd.join_all().await {
        assert_eq!(health["status"], "ok", "{health}");
    }
    // As many as seconds that this may take on a busy machine, and not as many as who asked.
    let looks = checks.load(Ordering::SeqCst);
    assert!((1..20).contains(&looks), "{looks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_not_on_the_admin_port_and_the_operators_pages_are_not_on_the_public_one() {
    let stage = Stage::start().await;
    let account = stage.account("apart").await;
    let headers = [("x-platform-key", account.key.as_str()), ("authorization", &bearer(&account.token))];
    let document = stage.api.get("/openapi.json", &[]).await.expect(200).json();
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 20);
    for (path, methods) in paths.iter().filter(|(path, _)| !path.starts_with("/health")) {
        for method in methods.as_object().expect("methods").keys() {
            let method = http::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            stage.admin.send(method, &path.replace(['{', '}'], ""), &headers, "").await.expect(404);
        }
    }
    for path in ["/docs", "/openapi.json", "/.well-known/jwks.json", "/"] {
        stage.admin.get(path, &headers).await.expect(404);
    }
    for path in ["/metrics", "/admin", "/debug", "/config"] {
        stage.api.get(path, &headers).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_timing_tells_both_shares() {
    let stage = Stage::start().await;
    let account = stage.account("timed").await;
    let order = stage.order(&account, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201);
    let timing = order.header("server-timing").expect("a header");
    assert!(timing.starts_with("gateway;dur=") && timing.contains(", provider;dur="), "{timing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_stored_byte_holds_a_credential() {
    let stage = Stage::start().await;
    let account = stage.account("secretive").await;
    let order = json!({"amount": "5.00", "currency": "USD", "provider": "stripe"});
    let created = stage.order(&account, &[], &order).await.expect(201).json();
    let client_secret = created["next_action"]["client_secret"].as_str().expect("a client secret").to_owned();
    let id = created["transaction_id"].as_str().expect("an id");
    let logged = stage
        .api
        .get(&format!("/v1/transactions/{id}"), &[("x-platform-key", account.key.as_str())])
        .await
        .expect(200);
    assert!(!logged.text().contains(&client_secret), "masked in the log");
    let auth = bearer(&account.token);
    let parsed = json!({"env_text": env_of("secretive")});
    let parsed = stage
        .api
        .post("/api/onboarding/parse", &[("authorization", auth.as_str())], &parsed)
        .await
        .expect(200)
        .text();
    let secrets: Vec<String> = env_of("secretive")
        .lines()
        .filter(|line| line.contains("SECRET") || line.contains("TOKEN"))
        .map(|line| line.split('=').nth(1).expect("a value").to_owned())
        .collect();
    assert_eq!(secrets.len(), 4);
    let stored: Vec<u8> = std::fs::read_dir(stage.folder())
        .expect("a folder")
        .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("readable"))
        .collect();
    for secret in secrets.iter().chain([&account.key]) {
        assert!(!parsed.contains(secret.as_str()), "parse repeats a secret");
        let is_stored = stored.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_stored, "a secret is stored in the clear");
    }
}
