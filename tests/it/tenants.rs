//! Tenants never meet: not in what they see, not in what breaks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{StoreError, TenantDirectory};
use domain::{KeyHash, SealedTenant, TenantId};
use serde_json::json;

use crate::support::{Stage, StageOptions, bearer};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_anothers_transactions_keys_or_services() {
    let stage = Stage::start().await;
    let (one, other) = (stage.account("mine").await, stage.account("theirs").await);
    let order = stage.order(&one, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201).json();
    let id = order["transaction_id"].as_str().expect("an id");
    let foreign = [("x-platform-key", other.key.as_str())];
    stage.api.get(&format!("/v1/transactions/{id}"), &foreign).await.expect(404);
    stage.api.get(&format!("/v1/payments/orders/{id}"), &foreign).await.expect(404);
    stage.api.post(&format!("/v1/payments/orders/{id}/cancel"), &foreign, &json!({})).await.expect(404);
    assert_eq!(stage.api.get("/v1/payments/orders", &foreign).await.expect(200).json()["data"], json!([]));
    let auth = bearer(&one.token);
    let keys = stage.api.get("/api/keys", &[("authorization", auth.as_str())]).await.expect(200).json();
    let key_id = keys["data"][0]["id"].as_str().expect("an id").to_owned();
    let auth = bearer(&other.token);
    let auth = [("authorization", auth.as_str())];
    stage.api.send(http::Method::DELETE, &format!("/api/keys/{key_id}"), &auth, "").await.expect(404);
    stage.api.send(http::Method::PUT, &format!("/api/keys/{key_id}/rotate"), &auth, "").await.expect(404);
    let key = [("x-platform-key", one.key.as_str())];
    stage.api.get(&format!("/v1/transactions/{id}"), &key).await.expect(200);
}

/// Panics inside a tenant's actor as often as it is told to.
#[derive(Debug)]
struct PanickingDirectory {
    inner: Arc<dyn TenantDirectory>,
    panics: Arc<Panics>,
}

#[derive(Debug, Default)]
struct Panics {
    left: AtomicU32,
    seen: Mutex<HashMap<TenantId, u32>>,
}

#[async_trait]
impl TenantDirectory for PanickingDirectory {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        self.inner.owner_of_key(hash).await
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        let is_due = self
            .panics
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        if is_due {
            *self.panics.seen.lock().expect("a lock").entry(tenant).or_default() += 1;
            panic!("injected");
        }
        self.inner.load(tenant).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_tenants_actor_is_over_with_its_next_request() {
    let panics = Arc::new(Panics::default());
    let injected = Arc::clone(&panics);
    let stage = Stage::start_with(StageOptions {
        wrap: Box::new(move |mut stores| {
            stores.directory = Arc::new(PanickingDirectory { inner: stores.directory, panics: injected });
            stores
        }),
        ..StageOptions::default()
    })
    .await;
    let (shaky, calm) = (stage.account("shaky").await, stage.account("calm").await);
    let order = json!({"amount": 5, "currency": "INR"});
    for in_a_row in [1, 101] {
        panics.left.store(in_a_row, Ordering::SeqCst);
        let auth = bearer(&shaky.token);
        while panics.left.load(Ordering::SeqCst) > 0 {
            // A change of its keys makes the actor load its tenant anew, and that panics.
            let body = json!({"name": "new", "environment": "test"});
            let answer = stage.api.post("/api/keys", &[("authorization", auth.as_str())], &body).await;
            assert!(
                !answer.status.is_success()
                    || panics.left.load(Ordering::SeqCst) == 0
                    || answer.status == 201
            );
            if answer.status == 403 {
                revoke_all_but_first(&stage, &shaky.token).await;
            }
            stage.order(&calm, &[], &order).await.expect(201);
        }
        stage.order(&shaky, &[], &order).await.expect(201);
        stage.order(&calm, &[], &order).await.expect(201);
    }
    assert_eq!(panics.seen.lock().expect("a lock").values().sum::<u32>(), 102);
}

/// The plan allows twenty active keys; the panics need more attempts than that.
async fn revoke_all_but_first(stage: &Stage, token: &str) {
    let auth = bearer(token);
    let auth = [("authorization", auth.as_str())];
    let keys = stage.api.get("/api/keys", &auth).await.expect(200).json();
    for key in keys["data"]
        .as_array()
        .expect("keys")
        .iter()
        .filter(|key| key["name"] == "new" && key["is_active"] == true)
    {
        let path = format!("/api/keys/{}", key["id"].as_str().expect("an id"));
        stage.api.send(http::Method::DELETE, &path, &auth, "").await;
    }
}
