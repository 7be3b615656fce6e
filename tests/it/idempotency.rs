//! One idempotency key is one side effect: under twins, with another body, after a lost answer.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Account, Stage};

const ORDERS: &str = "provider=razorpay&operation=orders.create";

async fn order_once(stage: &Stage, account: &Account, key: &str, amount: &str) -> crate::support::Answer {
    stage.order(account, &[("idempotency-key", key)], &json!({"amount": amount, "currency": "INR"})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_twins_are_one_order_and_one_answer() {
    let stage = Stage::start_with(crate::support::StageOptions {
        configure: |config| config.calls.deadline_ms = 30_000,
        ..Default::default()
    })
    .await;
    let account = stage.account("twins").await;
    // The provider takes its time, so that the twins really meet.
    stage.fault(&json!({"provider": "razorpay", "fault": {"latency_ms": 300}})).await;
    // A key of the free plan may make 600 requests a minute; the twins need more than one.
    let second = new_key(&stage, &account).await;
    let third = new_key(&stage, &account).await;
    let keys = [account.key.clone(), second, third];
    let twins = (0..1000).map(|number| {
        let account = Account { key: keys[number % keys.len()].clone(), ..account.clone() };
        let stage = &stage;
        async move { order_once(stage, &account, "twin", "500.00").await }
    });
    let answers = join_all(twins).await;
    let bodies: HashSet<_> = answers.iter().map(|answer| (answer.status, answer.body.clone())).collect();
    assert_eq!(bodies.len(), 1, "identical answers: {:?}", bodies.iter().take(3).collect::<Vec<_>>());
    assert_eq!(answers[0].status, 201, "{}", answers[0].text());
    let replayed =
        answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, 999);
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
}

async fn new_key(stage: &Stage, account: &Account) -> String {
    let auth = crate::support::bearer(&account.token);
    let body = json!({"name": "another", "environment": "test"});
    let key =
        stage.api.post("/api/keys", &[("authorization", auth.as_str())], &body).await.expect(201).json();
    key["key"].as_str().expect("a key").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_another_body_or_route_is_refused() {
    let stage = Stage::start().await;
    let account = stage.account("reuse").await;
    order_once(&stage, &account, "k1", "500.00").await.expect(201);
    assert_eq!(
        order_once(&stage, &account, "k1", "500.01").await.expect(422).code(),
        "idempotency_key_reused"
    );
    let headers = [("x-platform-key", account.key.as_str()), ("idempotency-key", "k1")];
    let sms = json!({"to": "+15558675310", "message": "hi"});
    assert_eq!(stage.api.post("/v1/sms", &headers, &sms).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
    assert_eq!(stage.effects("provider=twilio").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_may_use_the_same_key() {
    let stage = Stage::start().await;
    let (one, other) = (stage.account("alpha").await, stage.account("beta").await);
    let first = order_once(&stage, &one, "same", "5.00").await.expect(201).json();
    let second = order_once(&stage, &other, "same", "5.00").await.expect(201).json();
    assert_ne!(first["provider_order_id"], second["provider_order_id"]);
    assert_eq!(stage.effects(ORDERS).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_replayed_and_a_validation_error_is_not_stored() {
    let stage = Stage::start().await;
    let account = stage.account("refused").await;
    let first = order_once(&stage, &account, "small", "0.50").await;
    assert!(first.status.is_client_error(), "below the provider's minimum: {}", first.text());
    let again = order_once(&stage, &account, "small", "0.50").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(order_once(&stage, &account, "wrong", "0.001").await.code(), "amount_too_precise");
    order_once(&stage, &account, "wrong", "10.00").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_and_not_repeated() {
    let stage = Stage::start().await;
    let account = stage.account("lost").await;
    for provider in ["razorpay", "stripe", "paypal"] {
        let query = format!("provider={provider}&operation=orders.create");
        let operation = json!({"provider": provider, "operation": "orders.create", "times": 1, "fault": {"kind": "execute_then_reset"}});
        stage.fault(&operation).await;
        let body = json!({"amount": "9.00", "currency": "USD", "provider": provider});
        let headers = [("idempotency-key", provider)];
        let first = stage.order(&account, &headers, &body).await;
        let answer = if first.status == 504 {
            assert_eq!(first.code(), "provider_timeout");
            assert_eq!(first.json()["error"]["retryable"], true);
            assert!(first.json()["error"]["transaction_id"].is_string());
            stage.order(&account, &headers, &body).await
        } else {
            // The provider takes a key, so the gateway repeated the call by itself.
            first
        };
        assert_eq!(answer.status, 201, "{provider}: {}", answer.text());
        assert_eq!(stage.effects(&query).await.len(), 1, "{provider}: one order");
        stage.no_faults().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_was_lost_is_sent_once() {
    let stage = Stage::start().await;
    let account = stage.account("lostsms").await;
    stage.fault(&json!({"provider": "twilio", "operation": "sms.send", "times": 1, "fault": {"kind": "execute_then_reset"}})).await;
    let headers = [("x-platform-key", account.key.as_str()), ("idempotency-key", "sms-1")];
    let body = json!({"to": "+15558675310", "message": "Your code is 42."});
    let first = stage.api.post("/v1/sms", &headers, &body).await.expect(504).json();
    let path = format!("/v1/transactions/{}", first["error"]["transaction_id"].as_str().expect("an id"));
    let open = stage.api.get(&path, &headers[..1]).await.expect(200).json();
    assert_eq!((open["status"].as_str(), &open["provider_ref"]), (Some("unknown"), &json!(null)), "{open}");
    assert!(!open.to_string().contains("Your code is 42"), "masked: {open}");
    let again = stage.api.post("/v1/sms", &headers, &body).await.expect(201).json();
    assert_eq!(again["transaction_id"], first["error"]["transaction_id"]);
    let path = format!("/v1/transactions/{}", again["transaction_id"].as_str().expect("an id"));
    let logged = stage.api.get(&path, &headers[..1]).await.expect(200).json();
    assert_eq!(
        (logged["status"].as_str(), &logged["provider_ref"]),
        (Some("success"), &again["provider_message_id"])
    );
    let effects = stage.effects("provider=twilio&operation=sms.send").await;
    assert_eq!(
        effects.len(),
        1,
        "{effects:?} {}",
        stage.control.get("/_control/calls?provider=twilio", &[]).await.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_arrived_is_made_on_the_repeat() {
    let stage = Stage::start().await;
    let account = stage.account("never").await;
    let fault = json!({"provider": "razorpay", "operation": "orders.create", "times": 1, "fault": {"kind": "reset_before_read"}});
    stage.fault(&fault).await;
    let first = order_once(&stage, &account, "n1", "9.00").await;
    assert!(first.status.is_server_error(), "{}", first.text());
    assert_eq!(stage.effects(ORDERS).await.len(), 0);
    order_once(&stage, &account, "n1", "9.00").await.expect(201);
    assert_eq!(stage.effects(ORDERS).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_leaves_at_most_one_order_a_key() {
    let stage = Stage::start_with(crate::support::StageOptions {
        configure: |config| config.calls.deadline_ms = 1_000,
        ..Default::default()
    })
    .await;
    let account = stage.account("faulty").await;
    for provider in ["razorpay", "stripe", "paypal"] {
        for fault in [
            json!({"status": 500}),
            json!({"kind": "reset_after_read"}),
            json!({"kind": "execute_then_hang"}),
            json!({"kind": "hang"}),
            json!({"kind": "half_body"}),
            json!({"kind": "garbage"}),
            json!({"kind": "html_502"}),
            json!({"kind": "endless_body"}),
            json!({"kind": "gzip_bomb"}),
        ] {
            let query = format!("provider={provider}&operation=orders.create");
            let before = stage.effects(&query).await.len();
            stage
                .fault(
                    &json!({"provider": provider, "operation": "orders.create", "times": 1, "fault": fault}),
                )
                .await;
            let key = format!("{provider}-{fault}");
            let body = json!({"amount": "9.00", "currency": "USD", "provider": provider});
            let headers = [("idempotency-key", key.as_str())];
            stage.order(&account, &headers, &body).await;
            stage.no_faults().await;
            let again = stage.order(&account, &headers, &body).await;
            assert!(again.status == 201 || again.status.is_server_error(), "{key}: {}", again.text());
            let orders = stage.effects(&query).await.len() - before;
            assert!(orders <= 1, "{key}: {orders} orders");
        }
    }
}
