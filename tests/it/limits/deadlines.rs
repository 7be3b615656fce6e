//! A store that hangs is an answer by the deadline, and nothing is sent behind it.

use std::future::pending;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{
    OrderFilter, Record, ServiceFeatures, Services, StoreError, StoredOrder, StoredTransaction,
    TenantDirectory, TransactionLog,
};
use domain::{Environment, KeyHash, SealedService, SealedTenant, TenantId, Timestamp, TransactionId};
use serde_json::json;

use super::{HERE, list};
use crate::support::{LedgerFaults, Scene, Stage, StageOptions, bearer, env_of, eventually};

/// A store that hangs when it is told to.
#[derive(Debug)]
struct Hanging<T: ?Sized> {
    inner: Arc<T>,
    hangs: Arc<AtomicBool>,
}

impl<T: ?Sized> Hanging<T> {
    async fn pass(&self) {
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    }
}

#[async_trait]
impl TenantDirectory for Hanging<dyn TenantDirectory> {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        self.pass().await;
        self.inner.owner_of_key(hash).await
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        self.pass().await;
        self.inner.load(tenant).await
    }
}

#[async_trait]
impl TransactionLog for Hanging<dyn TransactionLog> {
    async fn record(&self, records: Vec<Record>) -> Result<(), StoreError> {
        self.inner.record(records).await
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        transaction: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        self.pass().await;
        self.inner.find(tenant, environment, transaction).await
    }

    async fn list_orders(
        &self,
        tenant: TenantId,
        filter: OrderFilter,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        self.pass().await;
        self.inner.list_orders(tenant, filter).await
    }
}

#[async_trait]
impl Services for Hanging<dyn Services> {
    async fn put(&self, services: Vec<SealedService>) -> Result<(), StoreError> {
        self.pass().await;
        self.inner.put(services).await
    }

    async fn put_features(
        &self,
        tenant: TenantId,
        services: Vec<ServiceFeatures>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.put_features(tenant, services, at).await
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<SealedService>, StoreError> {
        self.pass().await;
        self.inner.list(tenant).await
    }

    async fn mark_verified(
        &self,
        tenant: TenantId,
        service: &str,
        environment: Environment,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.mark_verified(tenant, service, environment, at).await
    }

    async fn data_key(&self, tenant: TenantId) -> Result<Option<Box<[u8]>>, StoreError> {
        self.inner.data_key(tenant).await
    }
}

async fn start() -> (Stage, Arc<AtomicBool>) {
    let hangs = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&hangs);
    let stage = Stage::start_with(StageOptions {
        configure: |config| config.calls.deadline_ms = 2_000,
        wrap: Box::new(move |mut stores| {
            stores.directory = Arc::new(Hanging { inner: stores.directory, hangs: Arc::clone(&told) });
            stores.services = Arc::new(Hanging { inner: stores.services, hangs: Arc::clone(&told) });
            stores.transactions = Arc::new(Hanging { inner: stores.transactions, hangs: told });
            stores
        }),
        ..StageOptions::default()
    })
    .await;
    (stage, hangs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_a_log_that_hangs_is_answered_by_the_deadline() {
    let (stage, hangs) = start().await;
    let account = stage.account("hanging").await;
    let order = stage.order(&account, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201).json();
    let id = order["transaction_id"].as_str().expect("an id");
    let calls = stage.effects("provider=razorpay").await.len();
    hangs.store(true, Ordering::SeqCst);
    let key = [("x-platform-key", account.key.as_str())];
    for path in [format!("/v1/transactions/{id}"), format!("/v1/payments/orders/{id}")] {
        assert_eq!(stage.api.get(&path, &key).await.expect(503).code(), "store_unavailable");
    }
    assert_eq!(list(&stage, &account.key, HERE).await.expect(503).code(), "store_unavailable");
    let cancel = format!("/v1/payments/orders/{id}/cancel");
    assert_eq!(stage.api.post(&cancel, &key, &json!({})).await.expect(503).code(), "store_unavailable");
    assert_eq!(stage.effects("provider=razorpay").await.len(), calls);
    hangs.store(false, Ordering::SeqCst);
    stage.api.get(&format!("/v1/transactions/{id}"), &key).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_cannot_be_loaded_is_an_answer_by_the_deadline_and_never_a_401() {
    let (stage, hangs) = start().await;
    // Set up, and not in memory yet.
    let account = stage.account("cold").await;
    hangs.store(true, Ordering::SeqCst);
    assert_eq!(list(&stage, &account.key, HERE).await.expect(503).code(), "store_unavailable");
    hangs.store(false, Ordering::SeqCst);
    eventually("the tenant is served", async || {
        let answer = list(&stage, &account.key, HERE).await;
        assert!(matches!(answer.status.as_u16(), 200 | 503), "{}", answer.text());
        (answer.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dashboard_asks_is_answered_by_the_deadline_and_says_whether_a_change_may_be_made() {
    let (stage, hangs) = start().await;
    let account = stage.account("dashboard").await;
    hangs.store(true, Ordering::SeqCst);
    let read = account.get(&stage.api, "/api/services").await.expect(503);
    assert_eq!(read.code(), "store_unavailable");
    assert!(read.text().contains("nothing was done"), "{}", read.text());
    let rule = json!({"feature": "sms", "environment": "test", "providers": ["twilio"]});
    let changed = account.put(&stage.api, "/api/routing", &rule).await.expect(503);
    assert_eq!(changed.code(), "store_unavailable");
    assert!(changed.text().contains("may have been made"), "{}", changed.text());
    assert_eq!(changed.json()["error"]["retryable"], false, "{}", changed.text());
    assert_eq!(changed.header("retry-after"), None, "nothing sends it again by itself");
    hangs.store(false, Ordering::SeqCst);
    account.put(&stage.api, "/api/routing", &rule).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_that_hang_leave_credentials_unverified_and_stored_by_the_deadline() {
    let (stage, _hangs) = start().await;
    let token = stage.sign_up("unverified").await;
    for provider in ["razorpay", "paypal", "stripe", "twilio"] {
        stage.fault(&json!({"provider": provider, "fault": {"kind": "hang"}})).await;
    }
    let body = json!({"env_text": env_of("unverified"), "create_keys": false});
    let headers = [("authorization", &*bearer(&token))];
    let configured = stage.api.post("/api/onboarding/configure", &headers, &body).await.expect(200).json();
    let services = configured["services"].as_array().expect("services");
    assert_eq!(services.len(), 4, "{configured}");
    assert!(services.iter().all(|service| service["last_verified_at"].is_null()), "{configured}");
}

/// Sends a body when less than a tenth of the five seconds is left, and returns the answer.
async fn send_late(stage: &Stage, key: &str, path: &'static str) -> String {
    let (address, key) = (stage.public, key.to_owned());
    let answer = tokio::task::spawn_blocking(move || {
        let body = r#"{"amount": 5, "currency": "INR"}"#;
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nx-platform-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("written");
        // Of five seconds, less than a tenth is left: half of that, so that a machine may be as late as it may be early.
        std::thread::sleep(Duration::from_millis(4_750));
        stream.write_all(body.as_bytes()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    answer.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_its_provider_has_no_time_to_answer_is_not_made() {
    let stage = Stage::start().await;
    let account = stage.account("latebody").await;
    let (order, passed) = tokio::join!(
        send_late(&stage, &account.key, "/v1/payments/orders"),
        send_late(&stage, &account.key, "/v1/proxy/razorpay/v1/orders"),
    );
    for answer in [order, passed] {
        // 408: the machine was so late that the body's own time was over.
        let is_late = answer.starts_with("HTTP/1.1 50") || answer.starts_with("HTTP/1.1 408");
        assert!(is_late, "{answer}");
        assert!(answer.contains("nothing was"), "{answer}");
    }
    assert!(stage.effects("provider=razorpay").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_beginning_took_its_time_is_not_made() {
    // Within the five seconds, and with less than a tenth of them left.
    let faults = LedgerFaults { is_slow: Some(Duration::from_millis(4_750)), ..LedgerFaults::default() };
    let scene = Scene::start_with("slowbegin", faults.in_stage(StageOptions::default())).await;
    let order = json!({"amount": "5.00", "currency": "USD", "provider": "stripe"});
    let answer = scene.post_once("slow", "/v1/payments/orders", &order).await;
    // The second: the machine was so late that the beginning itself was given up.
    let is_late = ["provider_unreachable", "ledger_timeout"].contains(&&*answer.code());
    assert!(is_late, "{}", answer.text());
    assert!(scene.stage.effects("provider=stripe").await.is_empty());
}
