//! Circuits: a tenant with wrong credentials is stopped alone, an outage stops one operation for all, and both end by themselves.

use serde_json::{Value, json};

use crate::support::{Account, Answer, Scene, Stage, bearer, env_of, eventually};

const ORDERS: &str = "/v1/payments/orders";

fn order(provider: &str) -> Value {
    let currency = if provider == "razorpay" { "INR" } else { "USD" };
    json!({"provider": provider, "amount": "20.00", "currency": currency})
}

async fn buy(stage: &Stage, account: &Account, provider: &str) -> Answer {
    stage.order(account, &[], &order(provider)).await
}

/// Orders until the answer is that nothing is sent; returns it, and how many came before.
async fn until_stopped(stage: &Stage, account: &Account) -> (Answer, usize) {
    for before in 0..50 {
        let answer = buy(stage, account, "razorpay").await;
        if answer.status == 503 {
            return (answer, before);
        }
        assert!(!answer.status.is_success(), "{}", answer.text());
    }
    panic!("fifty calls failed, and nothing stopped them");
}

/// Returns what the tenant is shown of its service.
async fn service(stage: &Stage, account: &Account, provider: &str) -> Value {
    let token = bearer(&account.token);
    let services = stage.api.get("/api/services", &[("authorization", &token)]).await.expect(200).json();
    let services = services["data"].as_array().expect("services");
    services.iter().find(|service| service["service"] == provider).expect("the service").clone()
}

#[track_caller]
fn check_stopped(answer: &Answer, word: &str) {
    assert_eq!(answer.code(), "circuit_open", "{}", answer.text());
    assert!(answer.text().contains(word), "{}", answer.text());
    let wait = answer.header("retry-after").expect("a Retry-After");
    assert!(wait.parse::<u64>().expect("seconds") >= 1, "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_stop_the_calls_of_that_tenant_until_it_has_others() {
    let stage = Stage::start().await;
    let (wrong, right) = (stage.account("wrongkey").await, stage.account("rightkey").await);
    let refusal = json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}});
    stage
        .fault(&json!({"provider": "razorpay", "merchant": wrong.razorpay_key_id,
            "fault": {"status": 401, "body": refusal}}))
        .await;
    let (stopped, before) = until_stopped(&stage, &wrong).await;
    check_stopped(&stopped, "credentials");
    assert_eq!(before, 5);
    // Whatever it asks for; nothing is sent.
    let sent = stage.control.get("/_control/calls?provider=razorpay", &[]).await.json()["count"].clone();
    let key = [("x-platform-key", wrong.key.as_str())];
    let read = stage.api.get(&format!("{ORDERS}/order_1?provider=razorpay"), &key).await;
    check_stopped(&read.expect(503), "credentials");
    assert_eq!(stage.control.get("/_control/calls?provider=razorpay", &[]).await.json()["count"], sent);
    // Nobody else, and nothing else.
    buy(&stage, &right, "razorpay").await.expect(201);
    buy(&stage, &wrong, "stripe").await.expect(201);
    let shown = service(&stage, &wrong, "razorpay").await;
    let circuit = &shown["credentials_circuit"];
    assert_eq!((&circuit["state"], &circuit["reason"]), (&json!("open"), &json!("credentials_refused")));
    assert!(circuit["retry_after_ms"].is_u64() && circuit["failures"] == 5, "{circuit}");
    assert_eq!(shown["circuits"], json!([]), "no word about the provider");
    assert_eq!(service(&stage, &right, "razorpay").await["credentials_circuit"]["state"], "closed");
    let metrics = stage.admin.get("/metrics", &[]).await.text();
    assert!(metrics.contains(r#"gateway_credentials_circuit_openings_total{provider="razorpay"} 1"#));

    let token = bearer(&wrong.token);
    let body = json!({"env_text": env_of("corrected"), "create_keys": false});
    let headers = [("authorization", token.as_str())];
    stage.api.post("/api/onboarding/configure", &headers, &body).await.expect(200);
    buy(&stage, &wrong, "razorpay").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_stops_one_operation_for_all_tenants_and_ends_by_itself() {
    let scene = Scene::start("outage").await;
    let stage = &scene.stage;
    let other = stage.account("bystander").await;
    let made = scene.order("razorpay", order("razorpay")).await;
    let fault = json!({"provider": "razorpay", "operation": "orders.create", "fault": {"status": 500}});
    stage.fault(&fault).await;
    // The other is asked in between, so that it is not one tenant's word alone.
    assert!(buy(stage, &other, "razorpay").await.status.is_server_error());
    let (stopped, before) = until_stopped(stage, &scene.account).await;
    check_stopped(&stopped, "failing");
    // Open for a second at first: where a machine takes longer, the next call finds out that nothing has changed. That it opened
    // at the tenth failure is told below.
    assert!(before >= 9, "{before}");
    check_stopped(&until_stopped(stage, &other).await.0, "failing");
    // Other operations go on, and other providers.
    let id = made["transaction_id"].as_str().expect("an id");
    scene.get(&format!("{ORDERS}/{id}")).await.expect(200);
    buy(stage, &scene.account, "stripe").await.expect(201);
    let shown = service(stage, &other, "razorpay").await;
    let [circuit] = shown["circuits"].as_array().expect("circuits").as_slice() else {
        panic!("one: {shown}")
    };
    assert_eq!(
        (&circuit["operation"], &circuit["reason"]),
        (&json!("orders.create"), &json!("provider_error"))
    );
    assert_eq!((&circuit["failures"], &circuit["samples"]), (&json!(10), &json!(11)), "{circuit}");
    assert_eq!(shown["credentials_circuit"]["state"], "closed");
    let series = r#"gateway_circuit_state{provider="razorpay",operation="orders.create",environment="test"}"#;
    let metrics = stage.admin.get("/metrics", &[]).await.text();
    assert!(metrics.contains(series) && !metrics.contains(&format!("{series} 0")), "{metrics}");
    assert!(
        metrics
            .contains(r#"gateway_calls_not_admitted_total{provider="razorpay",barrier="provider_circuit"}"#)
    );
    // Nobody calls, and it shows all the same that the next one may.
    eventually("its time is over", async || {
        let metrics = stage.admin.get("/metrics", &[]).await.text();
        metrics.contains(&format!("{series} 1")).then_some(())
    })
    .await;

    stage.no_faults().await;
    eventually("a probe finds out that it works again", async || {
        (buy(stage, &other, "razorpay").await.status == 201).then_some(())
    })
    .await;
    buy(stage, &scene.account, "razorpay").await.expect(201);
    assert!(stage.admin.get("/metrics", &[]).await.text().contains(&format!("{series} 0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_calls_all_fail_does_not_stop_another_that_is_served() {
    let scene = Scene::start("unlucky").await;
    let stage = &scene.stage;
    let served = stage.account("served").await;
    stage
        .fault(&json!({"provider": "razorpay", "merchant": scene.account.razorpay_key_id,
            "operation": "orders.create", "fault": {"kind": "reset_after_read"}}))
        .await;
    for _ in 0..3 {
        for _ in 0..12 {
            assert!(buy(stage, &scene.account, "razorpay").await.status.is_server_error());
        }
        buy(stage, &served, "razorpay").await.expect(201);
    }
}
