//! From a `.env` to a first payment: what a newcomer does, in the order a newcomer does it.

use serde_json::json;

use crate::support::{Stage, bearer, env_of, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_from_an_env_file_to_orders_and_a_message() {
    let stage = Stage::start().await;
    let token = stage.sign_up("newcomer").await;
    let auth = bearer(&token);
    let auth = [("authorization", auth.as_str())];

    let env_text = env_of("newcomer");
    let parsed = stage
        .api
        .post("/api/onboarding/parse", &auth, &json!({"env_text": env_text}))
        .await
        .expect(200)
        .json();
    let services: Vec<_> =
        parsed["services"].as_array().expect("services").iter().map(|s| s["service"].clone()).collect();
    for provider in ["razorpay", "paypal", "stripe", "twilio"] {
        assert!(services.contains(&json!(provider)), "{provider} is detected: {parsed}");
    }

    let configured = stage
        .api
        .post("/api/onboarding/configure", &auth, &json!({"env_text": env_text}))
        .await
        .expect(200)
        .json();
    assert_eq!(configured["services"].as_array().map(Vec::len), Some(4), "{configured}");
    assert!(
        configured["services"]
            .as_array()
            .expect("services")
            .iter()
            .all(|s| s["last_verified_at"].is_string())
    );
    assert_eq!(
        configured["api_keys"].as_array().map(Vec::len),
        Some(1),
        "one key an environment: {configured}"
    );
    let key = configured["api_keys"][0]["key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("unf_test_"));
    let key = [("x-platform-key", key.as_str())];

    let order = stage
        .api
        .post_text("/v1/payments/orders", &key, r#"{"amount": 500.00, "currency": "INR"}"#)
        .await
        .expect(201);
    assert!(order.text().contains(r#""amount":500.00"#), "two decimals, as INR has: {}", order.text());
    let order = order.json();
    assert_eq!(order["provider"], "razorpay");
    assert_eq!(order["object"], "order");
    assert_eq!(order["status"], "created");
    assert_eq!(order["currency"], "INR");
    assert_eq!(order["environment"], "test");
    assert_eq!(order["next_action"]["type"], "razorpay_checkout");
    assert_eq!(order["next_action"]["order_id"], order["provider_order_id"]);
    let effects = stage.effects("provider=razorpay&operation=orders.create").await;
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0]["amount"], 50_000);
    assert_eq!(effects[0]["merchant"], json!(env_text.lines().next().expect("a line").split('=').nth(1)));

    for (provider, currency, action) in
        [("paypal", "USD", "redirect"), ("stripe", "USD", "stripe_client_secret")]
    {
        let body = json!({"amount": "12.34", "currency": currency, "provider": provider, "return_url": "https://shop.example/done"});
        let order = stage.api.post("/v1/payments/orders", &key, &body).await.expect(201).json();
        assert_eq!(order["provider"], provider);
        assert_eq!(order["next_action"]["type"], action, "{order}");
    }

    let sms = json!({"to": "+15558675310", "message": "Your order is on its way."});
    let sms = stage.api.post("/v1/sms", &key, &sms).await.expect(201).json();
    assert_eq!((sms["provider"].as_str(), sms["status"].as_str()), (Some("twilio"), Some("queued")));
    assert_eq!(stage.effects("provider=twilio&operation=sms.send").await.len(), 1);
    let id = sms["transaction_id"].as_str().expect("an id");
    let read = stage.api.get(&format!("/v1/sms/{id}"), &key).await.expect(200).json();
    assert_eq!(read["provider_message_id"], sms["provider_message_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transaction_is_in_the_log() {
    let stage = Stage::start().await;
    let account = stage.account("logged").await;
    let body =
        json!({"amount": "500.00", "currency": "INR", "reference": "order-42", "metadata": {"cart": "7"}});
    let order = stage.order(&account, &[("x-request-id", "my-request.1")], &body).await.expect(201);
    assert_eq!(order.header("x-request-id"), Some("my-request.1"));
    let calls = stage
        .control
        .get("/_control/calls?provider=razorpay&operation=orders.create", &[])
        .await
        .expect(200)
        .json();
    assert_eq!(
        calls["items"][0]["headers"]["x-request-id"], "my-request.1",
        "through to the provider: {calls}"
    );
    assert_eq!(calls["items"][0]["headers"]["authorization"], "Basic [redacted]");
    let order = order.json();
    let id = order["transaction_id"].as_str().expect("an id");
    let key = [("x-platform-key", account.key.as_str())];
    let logged = stage.api.get(&format!("/v1/transactions/{id}"), &key).await.expect(200).json();
    assert_eq!(logged["status"], "success");
    assert_eq!(logged["operation"], "orders.create");
    assert_eq!(logged["provider_ref"], order["provider_order_id"]);
    assert_eq!(logged["request_id"], "my-request.1");
    assert_eq!(logged["request"]["metadata"]["cart"], "7");
    assert_eq!(logged["response"]["transaction_id"], id);
    assert_eq!(logged["attempt_count"], 1);
    assert_eq!(logged["reference"], "order-42");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_read_listed_captured_and_canceled() {
    let stage = Stage::start().await;
    let account = stage.account("lifecycle").await;
    let key = [("x-platform-key", account.key.as_str())];

    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe", "capture": "manual", "metadata": {"a": "b"}});
    let order = stage.order(&account, &[], &body).await.expect(201).json();
    let id = order["transaction_id"].as_str().expect("an id").to_owned();
    let provider_id = order["provider_order_id"].as_str().expect("an id").to_owned();
    let authorize = format!("/_control/orders/stripe/{provider_id}/authorize");
    assert!(stage.control.post(&authorize, &[], &json!({})).await.status.is_success());
    let read = stage.api.get(&format!("/v1/payments/orders/{id}"), &key).await.expect(200).json();
    assert_eq!(read["status"], "authorized");
    assert_eq!(read["transaction_id"], id.as_str());
    assert_eq!(read["metadata"], json!({"a": "b"}));
    let by_provider = format!("/v1/payments/orders/{provider_id}?provider=stripe");
    assert_eq!(stage.api.get(&by_provider, &key).await.expect(200).json()["status"], "authorized");
    let captured = stage
        .api
        .post(&format!("/v1/payments/orders/{id}/capture"), &key, &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(captured["status"], "succeeded");
    assert_eq!(stage.effects("provider=stripe&operation=orders.capture").await.len(), 1);

    let other = stage.order(&account, &[], &body).await.expect(201).json();
    let other = other["transaction_id"].as_str().expect("an id").to_owned();
    let canceled = stage
        .api
        .post(&format!("/v1/payments/orders/{other}/cancel"), &key, &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(canceled["status"], "canceled");

    let razorpay =
        stage.order(&account, &[], &json!({"amount": 5, "currency": "INR"})).await.expect(201).json();
    let razorpay = razorpay["transaction_id"].as_str().expect("an id").to_owned();
    let refused =
        stage.api.post(&format!("/v1/payments/orders/{razorpay}/cancel"), &key, &json!({})).await.expect(422);
    assert_eq!(refused.code(), "operation_not_supported");
    assert!(refused.text().contains("stripe"), "names those that can: {}", refused.text());

    let page = stage.api.get("/v1/payments/orders?limit=2", &key).await.expect(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["has_more"], true);
    assert_eq!(page["data"][0]["transaction_id"], razorpay.as_str(), "newest first");
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest =
        stage.api.get(&format!("/v1/payments/orders?starting_after={cursor}"), &key).await.expect(200).json();
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["has_more"], false);
    let succeeded = stage.api.get("/v1/payments/orders?status=succeeded", &key).await.expect(200).json();
    assert_eq!(succeeded["data"][0]["transaction_id"], id.as_str());
    assert_eq!(succeeded["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paypal_order_is_approved_and_captured() {
    let stage = Stage::start().await;
    let account = stage.account("paypal").await;
    let key = [("x-platform-key", account.key.as_str())];
    let body = json!({"amount": "100.00", "currency": "USD", "provider": "paypal"});
    let order = stage.order(&account, &[], &body).await.expect(201).json();
    let id = order["transaction_id"].as_str().expect("an id");
    let capture = format!("/v1/payments/orders/{id}/capture");
    let refused = stage.api.post(&capture, &key, &json!({})).await.expect(409);
    assert_eq!(refused.code(), "order_not_approved");
    let provider_id = order["provider_order_id"].as_str().expect("an id");
    assert!(
        stage
            .control
            .post(&format!("/_control/orders/paypal/{provider_id}/approve"), &[], &json!({}))
            .await
            .status
            .is_success()
    );
    let captured = stage.api.post(&capture, &key, &json!({})).await.expect(200).json();
    assert_eq!(captured["status"], "succeeded", "{captured}");
    assert_eq!(stage.effects("provider=paypal&operation=orders.capture").await.len(), 1);
    stage.api.post(&capture, &key, &json!({})).await.expect(200);
    assert_eq!(stage.effects("provider=paypal&operation=orders.capture").await.len(), 1, "captured once");
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_follows_priority_and_currency() {
    let stage = Stage::start().await;
    let token = stage.sign_up("router").await;
    let auth = bearer(&token);
    let auth = [("authorization", auth.as_str())];
    let body =
        json!({"env_text": env_of("router"), "services": [{"service": "stripe"}, {"service": "razorpay"}]});
    let configured = stage.api.post("/api/onboarding/configure", &auth, &body).await.expect(200).json();
    let key = configured["api_keys"][0]["key"].as_str().expect("a key").to_owned();
    let key = [("x-platform-key", key.as_str())];
    let order = stage
        .api
        .post("/v1/payments/orders", &key, &json!({"amount": 5, "currency": "INR"}))
        .await
        .expect(201)
        .json();
    assert_eq!(order["provider"], "stripe", "the order of the request is the order of priority");
    let refused = stage
        .api
        .post("/v1/payments/orders", &key, &json!({"amount": 5, "currency": "INR", "provider": "paypal"}))
        .await;
    assert_eq!(refused.expect(422).code(), "no_provider_configured");
    let refused = stage.api.post("/v1/sms", &key, &json!({"to": "+15558675310", "message": "hi"})).await;
    assert_eq!(refused.expect(422).code(), "no_provider_configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() {
    let mut stage = Stage::start().await;
    let account = stage.account("restarted").await;
    let headers = [("idempotency-key", "once")];
    let body = json!({"amount": "7.00", "currency": "INR"});
    let first = stage.order(&account, &headers, &body).await.expect(201);
    stage.restart().await;
    let again = stage.order(&account, &headers, &body).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    assert_eq!(stage.effects("provider=razorpay&operation=orders.create").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_refused_and_nothing_is_stored() {
    let stage = Stage::start().await;
    stage.account("owner").await;
    let token = stage.sign_up("impostor").await;
    let auth = bearer(&token);
    let auth = [("authorization", auth.as_str())];
    let stolen = env_of("owner").replace("RAZORPAY_KEY_SECRET=", "RAZORPAY_KEY_SECRET=f");
    let only_razorpay: String = stolen.lines().take(2).map(|line| format!("{line}\n")).collect();
    let refused = stage
        .api
        .post("/api/onboarding/configure", &auth, &json!({"env_text": only_razorpay}))
        .await
        .expect(422);
    assert_eq!(refused.code(), "provider_credentials_rejected");
    let services = stage.api.get("/api/services", &auth).await.expect(200).json();
    assert_eq!(services["data"], json!([]));
    let keys = stage.api.get("/api/keys", &auth).await.expect(200).json();
    assert_eq!(keys["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn services_show_no_credential() {
    let stage = Stage::start().await;
    let account = stage.account("shown").await;
    let auth = bearer(&account.token);
    let services = eventually("services are listed", async || {
        let answer = stage.api.get("/api/services", &[("authorization", auth.as_str())]).await;
        (answer.status == 200).then(|| answer.text())
    })
    .await;
    for line in env_of("shown").lines().filter(|line| !line.starts_with("PAYPAL_MODE")) {
        let value = line.split('=').nth(1).expect("a value");
        assert!(!services.contains(value), "a credential is shown: {line}");
    }
}
