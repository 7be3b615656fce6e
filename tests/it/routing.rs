//! In which order providers serve: as it is set, read back, and followed; and who serves at all.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Account, Installation, Scene, eventually};

const ROUTING: &str = "/api/routing";

fn rule(feature: &str, providers: &[&str], fallback: bool) -> Value {
    json!({"feature": feature, "environment": "test", "providers": providers, "fallback": fallback})
}

/// Returns a rule for payments that differs by currency.
fn in_currencies(currencies: &Value) -> Value {
    let mut rule = rule("payments", &["stripe", "paypal", "razorpay"], true);
    rule["currencies"] = currencies.clone();
    rule
}

/// Returns the rule of a feature as it is read.
async fn read(scene: &Scene, feature: &str) -> Value {
    let rules = scene.account.get(&scene.stage.api, ROUTING).await.expect(200).json();
    let rules = rules["data"].as_array().expect("rules").clone();
    rules.into_iter().find(|rule| rule["feature"] == feature).unwrap_or(Value::Null)
}

async fn set(scene: &Scene, body: &Value) -> crate::support::Answer {
    scene.account.put(&scene.stage.api, ROUTING, body).await
}

/// Returns who serves an order in dollars.
async fn served_by(scene: &Scene) -> Value {
    let order = scene.post("/v1/payments/orders", &json!({"amount": "5.00", "currency": "USD"})).await;
    order.expect(201).json()["provider"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_that_is_set_is_read_back_and_followed() {
    let scene = Scene::start("ordered").await;
    assert_eq!(read(&scene, "payments").await["fallback"], false, "off unless it is switched on");
    for providers in [["stripe", "paypal", "razorpay"], ["paypal", "razorpay", "stripe"]] {
        let wanted = rule("payments", &providers, true);
        let after = set(&scene, &wanted).await.expect(200).json();
        assert!(after["data"].as_array().expect("rules").contains(&wanted), "{after}");
        assert_eq!(read(&scene, "payments").await, wanted);
        assert_eq!(served_by(&scene).await, providers[0]);
    }
    // Several at once; what is read can be written back.
    let before = read(&scene, "sms").await;
    let links = rule("payment_links", &["paypal", "stripe", "razorpay"], false);
    let payments = rule("payments", &["stripe", "razorpay", "paypal"], false);
    let all = set(&scene, &json!({"data": [links, payments]})).await.expect(200).json();
    assert_eq!((read(&scene, "payment_links").await, read(&scene, "payments").await), (links, payments));
    assert_eq!(read(&scene, "sms").await, before, "others stay");
    assert_eq!(set(&scene, &all).await.expect(200).json(), all);
    assert_eq!(served_by(&scene).await, "stripe");
    // Configured again, with the same file: the order stays.
    let body = json!({"env_text": crate::support::env_of("ordered"), "create_keys": false});
    let headers = [("authorization", &*crate::support::bearer(&scene.account.token))];
    scene.stage.api.post("/api/onboarding/configure", &headers, &body).await.expect(200);
    assert_eq!(served_by(&scene).await, "stripe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_has_an_order_of_its_own() {
    let scene = Scene::start("currencies").await;
    let served_in = async |currency: &str, provider: &str| {
        let body = json!({"amount": "500.00", "currency": currency});
        let order = scene.post("/v1/payments/orders", &body).await.expect(201).json();
        assert_eq!(order["provider"], provider, "{currency}");
        order
    };
    let wanted = in_currencies(&json!({"EUR": ["paypal", "razorpay"], "INR": ["razorpay"]}));
    set(&scene, &wanted).await.expect(200);
    assert_eq!(read(&scene, "payments").await, wanted);
    for (currency, provider) in [("EUR", "paypal"), ("INR", "razorpay"), ("USD", "stripe")] {
        served_in(currency, provider).await;
    }
    // The others follow: where the currency's own cannot serve, and when it did not.
    let fault = json!({"provider": "razorpay", "fault": {"status": 429}});
    scene.stage.fault(&fault).await;
    let order = served_in("INR", "stripe").await;
    assert_eq!(order["failover"]["from"], "razorpay", "{order}");
    scene.stage.no_faults().await;
    let off = json!({"environment": "test", "features": {"payments": {"enabled": false}}});
    scene.account.put(&scene.stage.api, "/api/services/paypal/features", &off).await.expect(200);
    served_in("EUR", "razorpay").await;
    let on = json!({"environment": "test", "features": {"payments": {"enabled": true}}});
    scene.account.put(&scene.stage.api, "/api/services/paypal/features", &on).await.expect(200);
    assert_eq!(read(&scene, "payments").await, wanted, "its place was kept");
    // Configured again, it stays; a rule without currencies has none.
    let body = json!({"env_text": crate::support::env_of("currencies"), "create_keys": false});
    let headers = [("authorization", &*crate::support::bearer(&scene.account.token))];
    scene.stage.api.post("/api/onboarding/configure", &headers, &body).await.expect(200);
    assert_eq!(read(&scene, "payments").await, wanted);
    set(&scene, &rule("payments", &["stripe", "paypal", "razorpay"], true)).await.expect(200);
    served_in("INR", "stripe").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_rule_is_refused_by_its_field_and_changes_nothing() {
    let scene = Scene::start("misruled").await;
    let good = rule("payments", &["paypal", "stripe", "razorpay"], true);
    let before = scene.account.get(&scene.stage.api, ROUTING).await.expect(200).json();
    for (body, code, param) in [
        (json!({}), "missing_field", "feature"),
        (json!({"feature": "payments", "environment": "test"}), "missing_field", "providers"),
        (rule("pay", &["stripe"], true), "invalid_field", "feature"),
        (rule("proxy", &["stripe"], true), "invalid_field", "feature"),
        (
            json!({"feature": "payments", "environment": "qa", "providers": []}),
            "invalid_field",
            "environment",
        ),
        (
            json!({"feature": "payments", "environment": "live", "providers": []}),
            "invalid_field",
            "providers",
        ),
        (rule("payments", &["stripe", "paypal"], true), "invalid_field", "providers"),
        (rule("payments", &["stripe", "paypal", "razorpay", "adyen"], true), "invalid_field", "providers"),
        (rule("payments", &["stripe", "paypal", "razorpay", "twilio"], true), "invalid_field", "providers"),
        (rule("payments", &["stripe", "paypal", "razorpay", "stripe"], true), "invalid_field", "providers"),
        (json!({"feature": "payments", "providers": [], "colour": 1}), "unknown_field", "colour"),
        (json!({"data": [good, rule("sms", &["stripe"], true)]}), "invalid_field", "data[1].providers"),
        (json!({"data": [good, good]}), "invalid_field", "data[1].feature"),
        (json!({"data": [{"feature": "payments"}]}), "missing_field", "data[0].environment"),
        (json!({"data": [good], "fallback": true}), "invalid_field", "data"),
        (json!({"data": [good], "currencies": {}}), "invalid_field", "data"),
        (in_currencies(&json!({"GOLD": ["stripe"]})), "invalid_field", "currencies"),
        (in_currencies(&json!({"INR": []})), "invalid_field", "currencies.INR"),
        (in_currencies(&json!({"INR": ["adyen"]})), "invalid_field", "currencies.INR"),
        (in_currencies(&json!({"INR": ["stripe", "stripe"]})), "invalid_field", "currencies.INR"),
        (in_currencies(&json!({"INR": ["stripe"], "inr": ["razorpay"]})), "invalid_field", "currencies.INR"),
        (in_currencies(&json!({"INR": ["twilio"]})), "invalid_field", "currencies.INR"),
        // PayPal takes no rupees.
        (in_currencies(&json!({"USD": ["stripe"], "INR": ["paypal"]})), "invalid_field", "currencies.INR"),
    ] {
        let answer = set(&scene, &body).await.expect(400);
        let error = &answer.json()["error"];
        assert_eq!(
            (error["code"].as_str(), error["param"].as_str()),
            (Some(code), Some(param)),
            "{body} {error}"
        );
    }
    assert_eq!(scene.account.get(&scene.stage.api, ROUTING).await.expect(200).json(), before);
    let nobody = scene.stage.api.get(ROUTING, &[("authorization", "Bearer x")]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_serves_what_it_is_switched_on_for() {
    let scene = Scene::start("switched").await;
    let features = |service: &str| format!("/api/services/{service}/features");
    let api = &scene.stage.api;
    set(&scene, &rule("payments", &["paypal", "stripe", "razorpay"], true)).await.expect(200);
    let off = json!({"environment": "test", "features": {"payments": {"enabled": false}}});
    let service = scene.account.put(api, &features("paypal"), &off).await.expect(200).json();
    let shown = service["features"].as_array().expect("features");
    let payments = shown.iter().find(|feature| feature["feature"] == "payments").expect("payments");
    assert_eq!(payments["enabled"], false, "{service}");
    assert!(service.get("credentials").is_some(), "the service is still there: {service}");
    assert_eq!(served_by(&scene).await, "stripe");
    assert_eq!(read(&scene, "payments").await, rule("payments", &["stripe", "razorpay"], true));
    let body = json!({"amount": "5.00", "currency": "USD", "provider": "paypal"});
    assert_eq!(scene.post("/v1/payments/orders", &body).await.expect(422).code(), "feature_not_enabled");
    // Its other features are as they were.
    let link =
        json!({"amount": "5.00", "currency": "USD", "description": "Invoice 42", "provider": "paypal"});
    scene.post("/v1/payment-links", &link).await.expect(201);
    // On again, in another place, and standing in as the others do.
    let on = json!({"environment": "test", "features": {"payments": {"enabled": true, "priority": 9}}});
    scene.account.put(api, &features("paypal"), &on).await.expect(200);
    assert_eq!(read(&scene, "payments").await, rule("payments", &["stripe", "razorpay", "paypal"], true));
    for (service, body, status, code, param) in [
        ("paypal", json!({"environment": "live", "features": {}}), 404, "service_not_found", None),
        ("adyen", json!({"environment": "test", "features": {}}), 404, "service_not_found", None),
        ("paypal", json!({"features": {}}), 400, "missing_field", Some("environment")),
        ("paypal", json!({"environment": "qa", "features": {}}), 400, "invalid_field", Some("environment")),
        (
            "paypal",
            json!({"environment": "test", "features": {"sms": {"enabled": true}}}),
            400,
            "invalid_field",
            Some("features.sms"),
        ),
        (
            "paypal",
            json!({"environment": "test", "features": {"pay": {"enabled": true}}}),
            400,
            "invalid_field",
            Some("features"),
        ),
        (
            "paypal",
            json!({"environment": "test", "features": {"payments": {}}}),
            400,
            "missing_field",
            Some("features.payments.enabled"),
        ),
    ] {
        let answer = scene.account.put(api, &features(service), &body).await.expect(status);
        assert_eq!(answer.code(), code, "{body}");
        assert_eq!(answer.json()["error"]["param"].as_str(), param, "{body} {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_follows_what_was_set_at_one() {
    let installation = Installation::start().await;
    let nodes = [installation.node("one").await, installation.node("two").await];
    let account = Account::at(&nodes[0].api, "routednodes").await;
    let body = json!({"amount": "5.00", "currency": "USD"});
    let mut number = 0;
    for first in ["paypal", "stripe", "razorpay"] {
        // In memory at both.
        for node in &nodes {
            number += 1;
            node.order(&account.key, &format!("k{number}"), &body).await.expect(201);
        }
        let others = ["stripe", "paypal", "razorpay"].into_iter().filter(|other| *other != first);
        let providers: Vec<&str> = std::iter::once(first).chain(others).collect();
        account.put(&nodes[0].api, ROUTING, &rule("payments", &providers, false)).await.expect(200);
        for node in &nodes {
            eventually("it is followed", async || {
                number += 1;
                let order = node.order(&account.key, &format!("k{number}"), &body).await.expect(201).json();
                (order["provider"] == first).then_some(())
            })
            .await;
        }
    }
}
