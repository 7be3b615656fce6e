//! Failover: what one provider certainly did not do, the next one does, where the tenant wants it; and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, LedgerFaults, Scene, StageOptions, text};

const ORDERS: &str = "/v1/payments/orders";

/// Nobody listens here.
fn nowhere() -> String {
    format!("http://127.0.0.1:{}", crate::support::free_ports())
}

/// A tenant whose payments go to Razorpay first, then to Stripe.
async fn start(name: &str, options: StageOptions, fallback: bool) -> Scene {
    let scene = Scene::start_with(name, options).await;
    for feature in ["payments", "payment_links"] {
        let rule = json!({"feature": feature, "environment": "test", "fallback": fallback,
            "providers": ["razorpay", "stripe", "paypal"]});
        scene.account.put(&scene.stage.api, "/api/routing", &rule).await.expect(200);
    }
    scene
}

fn without_razorpay() -> StageOptions {
    StageOptions { razorpay_url: Some(nowhere()), ..StageOptions::default() }
}

fn rupees() -> Value {
    json!({"amount": "500.00", "currency": "INR"})
}

#[track_caller]
fn assert_stood_in(answer: Answer, reason: &str) -> Value {
    let order = answer.expect(201).json();
    assert_eq!(order["provider"], "stripe", "{order}");
    assert_eq!(order["failover"], json!({"from": "razorpay", "reason": reason}), "{order}");
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_provider_serves_and_goes_on_serving_the_order() {
    let scene = start("unreached", without_razorpay(), true).await;
    let order = assert_stood_in(scene.post_once("once", ORDERS, &rupees()).await, "provider_unreachable");
    let again = scene.post_once("once", ORDERS, &rupees()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), order.clone()));
    let id = text(&order, "transaction_id");
    let logged = scene.get(&format!("/v1/transactions/{id}")).await.expect(200).json();
    assert_eq!((&logged["provider"], &logged["status"]), (&json!("stripe"), &json!("success")), "{logged}");
    // What follows goes to the provider that served.
    scene.act(&format!("orders/stripe/{}/pay", text(&order, "provider_order_id")), json!({})).await;
    let read = scene.get(&format!("{ORDERS}/{id}")).await.expect(200).json();
    assert_eq!((&read["provider"], &read["status"]), (&json!("stripe"), &json!("succeeded")));
    assert_eq!(read.get("failover"), None, "{read}");
    let refund = scene.post("/v1/payments/refunds", &json!({"order_id": id})).await.expect(201).json();
    assert_eq!(refund["provider"], "stripe");
    assert_eq!(scene.stage.effects("operation=orders.create").await.len(), 1);
    // Other nouns, too.
    let link = json!({"amount": "500.00", "currency": "INR", "description": "Invoice 42"});
    assert_stood_in(scene.post("/v1/payment-links", &link).await, "provider_unreachable");
    let metrics = scene.stage.admin.get("/metrics", &[]).await.expect(200).text();
    let line = r#"gateway_failovers_total{from="razorpay",to="stripe",reason="provider_unreachable"} 2"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_stands_in_unless_the_tenant_wants_it() {
    let scene = start("alone", without_razorpay(), false).await;
    let refused = scene.post(ORDERS, &rupees()).await.expect(502);
    assert_eq!(refused.code(), "provider_unreachable");
    assert_eq!(refused.json()["error"]["provider"], "razorpay");
    assert!(scene.stage.effects("operation=orders.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_is_asked_and_nobody_else() {
    let scene = start("named", without_razorpay(), true).await;
    let mut body = rupees();
    body["provider"] = json!("razorpay");
    assert_eq!(scene.post(ORDERS, &body).await.expect(502).code(), "provider_unreachable");
    // Nor does anybody else know another provider's customer.
    let mut body = rupees();
    body["customer"] = json!({"id": "cust_1"});
    let refused = scene.post(ORDERS, &body).await;
    assert!(!refused.status.is_success(), "{}", refused.text());
    assert!(scene.stage.effects("operation=orders.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_done_is_never_done_by_another() {
    for (fault, status, code) in [
        (json!({"status": 503}), 502, "provider_error"),
        (json!({"status": 500, "body": {"error": {"code": "SERVER_ERROR"}}}), 502, "provider_error"),
        (json!({"kind": "reset_after_read"}), 504, "provider_timeout"),
        (json!({"kind": "execute_then_reset"}), 504, "provider_timeout"),
        (json!({"kind": "hang"}), 504, "provider_timeout"),
        // About this request, whoever serves it.
        (
            json!({"status": 400, "body": {"error": {"code": "BAD_REQUEST_ERROR", "description": "No."}}}),
            422,
            "provider_rejected",
        ),
    ] {
        // Its own gateway, so that no circuit opens.
        let scene = start("doubtful", StageOptions::default(), true).await;
        let rule = json!({"provider": "razorpay", "operation": "orders.create", "fault": fault});
        scene.stage.fault(&rule).await;
        let answer = scene.post(ORDERS, &rupees()).await.expect(status);
        assert_eq!(answer.code(), code, "{fault}");
        assert_eq!(answer.json()["error"]["provider"], "razorpay", "{fault}");
        assert!(scene.stage.effects("provider=stripe&operation=orders.create").await.is_empty(), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_everyone_is_stood_in_for() {
    let scene = start("refusing", StageOptions::default(), true).await;
    for (status, reason) in [(429, "provider_rate_limit"), (401, "provider_credentials_rejected")] {
        let fault = json!({"provider": "razorpay", "operation": "orders.create", "times": 1, "fault": {"status": status}});
        scene.stage.fault(&fault).await;
        assert_stood_in(scene.post(ORDERS, &rupees()).await, reason);
        scene.stage.no_faults().await;
    }
    assert!(scene.stage.effects("provider=razorpay&operation=orders.create").await.is_empty());
    // Both refuse: the last one's word, and the key is free.
    for provider in ["razorpay", "stripe"] {
        let fault =
            json!({"provider": provider, "operation": "orders.create", "times": 1, "fault": {"status": 429}});
        scene.stage.fault(&fault).await;
    }
    let refused = scene.post_once("both", ORDERS, &rupees()).await.expect(429);
    assert_eq!(refused.json()["error"]["provider"], "stripe", "{}", refused.text());
    let order = scene.post_once("both", ORDERS, &rupees()).await.expect(201).json();
    assert_eq!((&order["provider"], order.get("failover")), (&json!("razorpay"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_behind_an_open_circuit_is_passed_over() {
    let scene = start("opened", without_razorpay(), true).await;
    for number in 0..200 {
        let order = scene.post_once(&format!("k{number}"), ORDERS, &rupees()).await.expect(201).json();
        assert_eq!(order["provider"], "stripe", "{order}");
        if order["failover"] == json!({"from": "razorpay", "reason": "circuit_open"}) {
            return;
        }
        assert_eq!(order["failover"]["reason"], "provider_unreachable", "{order}");
    }
    panic!("the circuit did not open");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_not_done_by_another() {
    let faults = LedgerFaults { keeps_providers: true, ..LedgerFaults::default() };
    let scene = start("unwritten", faults.in_stage(without_razorpay()), true).await;
    let refused = scene.post_once("once", ORDERS, &rupees()).await.expect(502);
    assert_eq!(refused.code(), "provider_unreachable");
    assert_eq!(refused.json()["error"]["provider"], "razorpay");
    assert!(scene.stage.effects("operation=orders.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_stands_in_who_has_no_time_to_answer() {
    // Beginning and rerouting leave less than a tenth of five seconds.
    let faults = LedgerFaults { is_slow: Some(Duration::from_millis(2_400)), ..LedgerFaults::default() };
    let scene = start("toolate", faults.in_stage(without_razorpay()), true).await;
    let refused = scene.post_once("once", ORDERS, &rupees()).await.expect(502);
    assert_eq!(refused.code(), "provider_unreachable");
    assert!(scene.stage.effects("operation=orders.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_done_says_when_to_come_again_though_the_provider_does_not() {
    let scene = Scene::start("comeagain").await;
    scene.stage.fault(&json!({"provider": "razorpay", "fault": {"status": 429}})).await;
    let order = json!({"amount": "5.00", "currency": "INR", "provider": "razorpay"});
    let refused = scene.post(ORDERS, &order).await.expect(429);
    assert_eq!((&*refused.code(), refused.header("retry-after")), ("provider_rate_limit", Some("1")));
}
