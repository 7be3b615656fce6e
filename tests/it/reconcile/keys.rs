//! A repeat with the provider's key is right only while the provider remembers the key. Past that nobody repeats.

use std::time::Duration;

use serde_json::json;

use super::{events, fault, lost, often, unsettled};
use crate::support::{LedgerFaults, Scene, StageOptions, eventually};

async fn aged(name: &str, by: Duration) -> Scene {
    let faults = LedgerFaults { age: by, ..LedgerFaults::default() };
    let options = StageOptions { configure: often, ..StageOptions::default() };
    Scene::start_with(name, faults.in_stage(options)).await
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
