//! A repeat with the provider's key is right only while the provider remembers the key. Past that nobody repeats.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Begun, Ledger, StoreError, Unsettled};
use domain::{Environment, LedgerEntry, TenantId, Timestamp, TransactionId};
use serde_json::json;

use super::{events, fault, lost, often, unsettled};
use crate::support::{Scene, StageOptions, eventually};

/// A ledger whose rows are older than they are.
#[derive(Debug)]
struct Aged {
    ledger: Arc<dyn Ledger>,
    by: Duration,
}

impl Aged {
    fn row(&self, row: LedgerEntry) -> LedgerEntry {
        let by = u64::try_from(self.by.as_millis()).expect("an age");
        LedgerEntry { started_at: Timestamp::from_unix_ms(row.started_at.unix_ms() - by), ..row }
    }

    fn rows(&self, rows: Vec<LedgerEntry>) -> Vec<LedgerEntry> {
        rows.into_iter().map(|row| self.row(row)).collect()
    }

    fn begun(&self, begun: Begun) -> Begun {
        match begun {
            Begun::Existing(row) => Begun::Existing(Box::new(self.row(*row))),
            other => other,
        }
    }
}

#[async_trait]
impl Ledger for Aged {
    async fn begin(&self, entries: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        Ok(self.ledger.begin(entries).await?.into_iter().map(|begun| self.begun(begun)).collect())
    }

    async fn find(
        &self,
        tenant: TenantId,
        environment: Environment,
        key: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(self.ledger.find(tenant, environment, key).await?.map(|row| self.row(row)))
    }

    async fn take_over(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.ledger.take_over(tenant, transaction, now, until).await
    }

    async fn take_due(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(self.rows(self.ledger.take_due(now, until, limit).await?))
    }

    async fn reroute(
        &self,
        tenant: TenantId,
        transaction: TransactionId,
        providers: (&str, &str),
        attempt_lines: bytes::Bytes,
    ) -> Result<bool, StoreError> {
        self.ledger.reroute(tenant, transaction, providers, attempt_lines).await
    }

    async fn unsettled(&self) -> Result<Unsettled, StoreError> {
        self.ledger.unsettled().await
    }

    async fn list_unknown(&self, needs_attention: bool, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        Ok(self.rows(self.ledger.list_unknown(needs_attention, limit).await?))
    }

    async fn expire_leases(&self) -> Result<u64, StoreError> {
        self.ledger.expire_leases().await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.ledger.prune(before, limit).await
    }
}

async fn aged(name: &str, by: Duration) -> Scene {
    let options = StageOptions {
        configure: often,
        wrap: Box::new(move |mut stores| {
            stores.ledger = Arc::new(Aged { ledger: Arc::clone(&stores.ledger), by });
            stores
        }),
        ..StageOptions::default()
    };
    Scene::start_with(name, options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_life_of_its_key_nothing_is_repeated_by_anyone() {
    let scene = aged("longago", Duration::from_secs(24 * 3600)).await;
    for (provider, currency) in [("stripe", "USD"), ("paypal", "USD")] {
        fault(&scene, provider, "orders.create", "execute_then_reset").await;
        let body = json!({"amount": "9.00", "currency": currency, "provider": provider});
        let answer = scene.post_once(provider, "/v1/payments/orders", &body).await;
        let transaction = lost(&answer);
        scene.stage.no_faults().await;
        let query = format!("provider={provider}&operation=orders.create");
        let calls = scene.calls(&query).await;
        eventually("a person is asked", async || {
            let rows = unsettled(&scene, "?attention=true").await;
            rows.into_iter().find(|row| row["transaction_id"] == *transaction)
        })
        .await;
        let again = scene.post_once(provider, "/v1/payments/orders", &body).await.expect(504);
        assert_eq!(lost(&again), transaction);
        assert_eq!(scene.calls(&query).await, calls, "{provider}: the key may be forgotten by now");
        assert_eq!(scene.stage.effects(&query).await.len(), 1, "{provider}");
        let told_of = events(&scene, &transaction).await;
        assert_eq!(told_of.len(), 1, "{provider}: {told_of:?}");
        assert_eq!(told_of[0]["type"], "transaction.needs_attention", "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_life_of_its_key_a_repeat_tells() {
    let scene = aged("hoursago", Duration::from_secs(5 * 3600)).await;
    for provider in ["stripe", "paypal"] {
        fault(&scene, provider, "orders.create", "execute_then_reset").await;
        let body = json!({"amount": "9.00", "currency": "USD", "provider": provider});
        let transaction = lost(&scene.post_once(provider, "/v1/payments/orders", &body).await);
        scene.stage.no_faults().await;
        let told = super::settled(&scene, &transaction).await;
        assert_eq!((&told["status"], &told["provider"]), (&json!("success"), &json!(provider)), "{told}");
        let query = format!("provider={provider}&operation=orders.create");
        assert_eq!(scene.stage.effects(&query).await.len(), 1, "{provider}");
        // Repeats are answered with what was found, as if it had been answered at once.
        let again = scene.post_once(provider, "/v1/payments/orders", &body).await.expect(201);
        assert_eq!(again.json()["transaction_id"], json!(transaction));
    }
}
