//! Payouts: to each kind of destination, once a key, and what becomes of them later.

use serde_json::json;

use crate::support::{Scene, text};

const PAYOUTS: &str = "/v1/payouts";
const PROVIDERS: [&str; 3] = ["razorpay", "paypal", "stripe"];

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_paid_and_may_still_come_back() {
    let scene = Scene::start("payouts").await;
    for (provider, paid, back, status) in [
        ("razorpay", "process", "reverse", "reversed"),
        ("paypal", "succeed", "reverse", "reversed"),
        ("stripe", "pay", "fail", "failed"),
    ] {
        let made = scene.post(PAYOUTS, &Scene::payout(provider, "1000.00")).await.expect(201);
        assert!(made.text().contains(r#""amount":1000.00"#), "{}", made.text());
        let made = made.json();
        let id = text(&made, "provider_payout_id");
        let path = format!("{PAYOUTS}/{}", text(&made, "transaction_id"));
        if provider == "stripe" {
            scene.act(&format!("payouts/stripe/{id}/transit"), json!({})).await;
        }
        scene.act(&format!("payouts/{provider}/{id}/{paid}"), json!({})).await;
        assert_eq!(scene.get(&path).await.expect(200).json()["status"], "paid", "{provider}");
        scene.act(&format!("payouts/{provider}/{id}/{back}"), json!({})).await;
        let late = scene.get(&path).await.expect(200).json();
        assert_eq!(late["status"], status, "{provider} {late}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_leads_to_one_payout() {
    let scene = Scene::start("lostpayout").await;
    for provider in PROVIDERS {
        for (count, kind) in ["execute_then_reset", "reset_after_read", "half_body"].into_iter().enumerate() {
            let body = Scene::payout(provider, "12.00");
            let fault = json!({"provider": provider, "operation": "payouts.create", "times": 6, "fault": {"kind": kind}});
            scene.stage.fault(&fault).await;
            let key = format!("{provider}-{kind}");
            let lost = scene.post_once(&key, PAYOUTS, &body).await;
            assert_eq!(lost.status.as_u16(), 504, "{provider} {kind} {}", lost.text());
            scene.stage.no_faults().await;
            scene.post_once(&key, PAYOUTS, &body).await.expect(201);
            let effects = scene.stage.effects(&format!("provider={provider}&operation=payouts.create")).await;
            assert_eq!(effects.len(), count + 1, "{provider} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_destination_finds_the_provider_that_can() {
    let scene = Scene::start("destinations").await;
    for (destination, currency, provider) in [
        (json!({"type": "upi", "name": "A Payee", "address": "payee@upi"}), "INR", "razorpay"),
        (json!({"type": "email", "address": "payee@example.com"}), "USD", "paypal"),
        (json!({"type": "stripe_account", "id": "acct_1ExampleConnected"}), "USD", "stripe"),
    ] {
        let body = json!({"amount": "12.00", "currency": currency, "destination": destination});
        let made = scene.post(PAYOUTS, &body).await.expect(201).json();
        assert_eq!(made["provider"], provider, "{made}");
        let read =
            scene.get(&format!("{PAYOUTS}/{}", text(&made, "transaction_id"))).await.expect(200).json();
        assert_eq!(read["provider_payout_id"], made["provider_payout_id"]);
    }
    let body = json!({"amount": "12.00", "currency": "USD", "provider": "stripe",
        "destination": {"type": "email", "address": "payee@example.com"}});
    let before = scene.calls("").await;
    let refused = scene.post(PAYOUTS, &body).await.expect(422);
    assert_eq!(refused.code(), "operation_not_supported");
    assert!(refused.text().contains("PayPal can"), "it names who can: {}", refused.text());
    assert_eq!(scene.calls("").await, before, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_with_the_wrong_fields_is_refused_by_its_field() {
    let scene = Scene::start("badpayouts").await;
    for (destination, code, param) in [
        (json!({}), "missing_field", "destination.type"),
        (json!({"type": "moon"}), "invalid_field", "destination.type"),
        (json!({"type": "email"}), "missing_field", "destination.address"),
        (json!({"type": "email", "address": "nobody"}), "invalid_field", "destination.address"),
        (
            json!({"type": "email", "address": "a@example.com", "ifsc": "HDFC0001234"}),
            "unknown_field",
            "destination.ifsc",
        ),
        (json!({"type": "upi", "address": "payee@upi"}), "missing_field", "destination.name"),
        (
            json!({"type": "bank_account", "name": "A", "account_number": "1121431121", "ifsc": "HDFC1001234"}),
            "invalid_field",
            "destination.ifsc",
        ),
        (
            json!({"type": "bank_account", "name": "A", "account_number": "11-21", "ifsc": "HDFC0001234"}),
            "invalid_field",
            "destination.account_number",
        ),
        (json!({"type": "stripe_account"}), "missing_field", "destination.id"),
    ] {
        let body = json!({"amount": "12.00", "currency": "USD", "destination": destination});
        let answer = scene.post(PAYOUTS, &body).await.expect(400);
        assert_eq!(answer.code(), code, "{body} {}", answer.text());
        assert_eq!(answer.json()["error"]["param"], param, "{body} {}", answer.text());
    }
    assert!(scene.stage.effects("operation=payouts.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payees_account_is_in_no_log() {
    let scene = Scene::start("payeelog").await;
    let made = scene.post(PAYOUTS, &Scene::payout("razorpay", "12.00")).await.expect(201).json();
    let path = format!("/v1/transactions/{}", text(&made, "transaction_id"));
    let logged = scene.get(&path).await.expect(200);
    assert!(!logged.text().contains("1121431121541121"), "{}", logged.text());
    assert_eq!(logged.json()["provider_status"], "processing");
}
