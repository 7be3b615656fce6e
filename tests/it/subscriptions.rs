//! Subscriptions: from the payer's consent to their end, once a key.

use serde_json::json;

use crate::support::{Scene, text};

const SUBSCRIPTIONS: &str = "/v1/subscriptions";
const PROVIDERS: [&str; 3] = ["razorpay", "paypal", "stripe"];

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_lives_from_consent_to_its_end() {
    let scene = Scene::start("life").await;
    for (provider, agree, charge) in [
        ("razorpay", "authenticate", Some("charge")),
        ("paypal", "approve", Some("charge")),
        ("stripe", "pay", Some("charge")),
    ] {
        let made = scene.post(SUBSCRIPTIONS, &Scene::subscription(provider)).await.expect(201).json();
        assert_eq!(made["status"], "pending", "{provider} {made}");
        assert!(made["next_action"]["type"].is_string(), "the payer is told how to agree: {provider} {made}");
        let id = text(&made, "provider_subscription_id");
        let path = format!("{SUBSCRIPTIONS}/{}", text(&made, "transaction_id"));
        scene.act(&format!("subscriptions/{provider}/{id}/{agree}"), json!({})).await;
        if let Some(charge) = charge {
            scene.act(&format!("subscriptions/{provider}/{id}/{charge}"), json!({})).await;
        }
        let active = scene.get(&path).await.expect(200).json();
        assert_eq!(active["status"], "active", "{provider} {active}");
        assert_eq!(active["plan_id"], made["plan_id"], "{provider}");
        assert!(active["current_period_end"].is_string(), "{provider} {active}");
        scene.act(&format!("subscriptions/{provider}/{id}/fail_charge"), json!({})).await;
        let late = scene.get(&path).await.expect(200).json();
        assert_eq!(late["status"], "past_due", "{provider} {late}");
        let ended = scene.post(&format!("{path}/cancel"), &json!({})).await.expect(200).json();
        assert_eq!(ended["status"], "canceled", "{provider} {ended}");
        assert_eq!(scene.get(&path).await.expect(200).json()["status"], "canceled", "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_period_where_the_provider_can() {
    let scene = Scene::start("periodend").await;
    for (provider, agree) in [("razorpay", "authenticate"), ("stripe", "pay")] {
        let made = scene.post(SUBSCRIPTIONS, &Scene::subscription(provider)).await.expect(201).json();
        let id = text(&made, "provider_subscription_id");
        scene.act(&format!("subscriptions/{provider}/{id}/{agree}"), json!({})).await;
        if provider == "razorpay" {
            scene.act(&format!("subscriptions/{provider}/{id}/charge"), json!({})).await;
        }
        let path = format!("{SUBSCRIPTIONS}/{}/cancel", text(&made, "transaction_id"));
        let ending = scene.post(&path, &json!({"at_period_end": true})).await.expect(200).json();
        assert_eq!(
            (&ending["status"], &ending["cancel_at_period_end"]),
            (&json!("active"), &json!(true)),
            "{ending}"
        );
    }
    let made = scene.post(SUBSCRIPTIONS, &Scene::subscription("paypal")).await.expect(201).json();
    let path = format!("{SUBSCRIPTIONS}/{}/cancel", text(&made, "transaction_id"));
    let refused = scene.post(&path, &json!({"at_period_end": true})).await.expect(422);
    assert_eq!(refused.code(), "operation_not_supported");
    assert!(refused.text().contains("Razorpay, Stripe can"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_any_of_its_calls_leads_to_one_subscription() {
    for provider in PROVIDERS {
        let calls: &[&str] = match provider {
            "paypal" => &["products.create", "plans.create", "subscriptions.create"],
            "stripe" => &["customers.create", "prices.create", "subscriptions.create"],
            _ => &["plans.create", "subscriptions.create"],
        };
        for operation in calls {
            // A gateway of its own: so many lost answers open a provider's circuit, whoever's they are.
            let scene = Scene::start(&format!("{provider}{operation}")).await;
            let mut made = 0;
            for kind in ["execute_then_reset", "reset_after_read", "half_body", "html_502"] {
                let key = format!("{provider}-{operation}-{kind}");
                let body = Scene::subscription(provider);
                let fault = json!({"provider": provider, "operation": operation, "times": 6, "fault": {"kind": kind}});
                scene.stage.fault(&fault).await;
                let lost = scene.post_once(&key, SUBSCRIPTIONS, &body).await;
                assert!(lost.status.as_u16() >= 500, "{key} {}", lost.text());
                scene.stage.no_faults().await;
                scene.post_once(&key, SUBSCRIPTIONS, &body).await.expect(201);
                made += 1;
                let effects =
                    scene.stage.effects(&format!("provider={provider}&operation=subscriptions.create")).await;
                assert_eq!(effects.len(), made, "{key}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_subscribed_to_is_refused_by_its_field() {
    let scene = Scene::start("badsubs").await;
    let plan = json!({"name": "Basic", "amount": "15.00", "currency": "USD", "interval": "month"});
    for (body, status, code, param) in [
        (json!({}), 400, "missing_field", Some("plan_id")),
        (json!({"plan_id": "P-1", "plan": plan}), 400, "invalid_field", Some("plan")),
        (json!({"plan_id": "P-1", "quantity": 0}), 400, "invalid_field", Some("quantity")),
        (json!({"plan_id": "P-1", "trial_days": 100_000}), 400, "invalid_field", Some("trial_days")),
        (
            json!({"plan": {"name": "B", "amount": "1.005", "currency": "USD", "interval": "month"}}),
            422,
            "amount_too_precise",
            Some("plan.amount"),
        ),
        (
            json!({"plan": {"name": "B", "amount": "1", "currency": "US", "interval": "month"}}),
            422,
            "unsupported_currency",
            Some("plan.currency"),
        ),
        (
            json!({"plan": {"name": "B", "amount": "1", "currency": "USD", "interval": "moon"}}),
            400,
            "invalid_field",
            Some("plan.interval"),
        ),
        (
            json!({"plan_id": "plan_00000000000000", "provider": "razorpay"}),
            422,
            "missing_field",
            Some("total_count"),
        ),
        (
            json!({"plan_id": "plan_00000000000000", "provider": "razorpay", "total_count": 12}),
            404,
            "plan_not_found",
            Some("plan_id"),
        ),
        (json!({"plan_id": "price_nowhere", "provider": "stripe"}), 404, "plan_not_found", Some("plan_id")),
        (
            json!({"plan_id": "P-00000000000000000000NOWH", "provider": "paypal"}),
            404,
            "plan_not_found",
            Some("plan_id"),
        ),
    ] {
        let answer = scene.post(SUBSCRIPTIONS, &body).await.expect(status);
        assert_eq!(answer.code(), code, "{body} {}", answer.text());
        assert_eq!(answer.json()["error"]["param"].as_str(), param, "{body} {}", answer.text());
    }
    assert!(scene.stage.effects("operation=subscriptions.create").await.is_empty());
}
