//! PayPal's two steps: what the payer has approved is captured when the order is read, once, and only if it was created here.

use serde_json::{Value, json};

use crate::support::{Client, Scene, text};

async fn approve(scene: &Scene, order: &Value, fields: Value) {
    let id = text(order, "provider_order_id");
    scene.act(&format!("orders/paypal/{id}/approve"), fields).await;
}

async fn read(scene: &Scene, order: &Value) -> Value {
    scene.get(&format!("/v1/payments/orders/{}", text(order, "transaction_id"))).await.expect(200).json()
}

async fn captures(scene: &Scene) -> usize {
    scene.stage.effects("provider=paypal&operation=orders.capture").await.len()
}

fn order() -> Value {
    json!({"amount": "20.00", "currency": "USD"})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_order_is_captured_once_however_it_is_read_and_captured() {
    let scene = Scene::start("autocapture").await;
    let made = scene.order("paypal", order()).await;
    assert_eq!(read(&scene, &made).await["status"], "requires_action", "nobody has approved it");
    assert_eq!(captures(&scene).await, 0);
    approve(&scene, &made, json!({})).await;
    let path = format!("/v1/payments/orders/{}", text(&made, "transaction_id"));
    let capture = format!("{path}/capture");
    let body = json!({});
    let reads = (0..10).map(async |_| scene.get(&path).await);
    let posts = (0..10).map(async |_| scene.post(&capture, &body).await);
    let (reads, posts) =
        tokio::join!(futures_util::future::join_all(reads), futures_util::future::join_all(posts));
    for answer in reads.into_iter().chain(posts) {
        let answer = answer.expect(200);
        assert!(
            ["succeeded", "processing"].contains(&text(&answer.json(), "status").as_str()),
            "{}",
            answer.text()
        );
    }
    assert_eq!(read(&scene, &made).await["status"], "succeeded");
    assert_eq!(captures(&scene).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_whose_answer_is_lost_is_made_once() {
    let scene = Scene::start("lostcapture").await;
    for kind in ["execute_then_reset", "reset_after_read", "half_body", "html_502"] {
        let before = captures(&scene).await;
        let made = scene.order("paypal", order()).await;
        approve(&scene, &made, json!({})).await;
        let fault =
            json!({"provider": "paypal", "operation": "orders.capture", "times": 6, "fault": {"kind": kind}});
        scene.stage.fault(&fault).await;
        let path = format!("/v1/payments/orders/{}", text(&made, "transaction_id"));
        let lost = scene.get(&path).await;
        assert_ne!(lost.status.as_u16(), 404, "{kind} {}", lost.text());
        scene.stage.no_faults().await;
        assert_eq!(read(&scene, &made).await["status"], "succeeded", "{kind}");
        assert_eq!(captures(&scene).await, before + 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completed_with_a_pending_capture_is_not_succeeded() {
    let scene = Scene::start("pendingcapture").await;
    let made = scene.order("paypal", order()).await;
    approve(&scene, &made, json!({"capture": "pending"})).await;
    assert_eq!(read(&scene, &made).await["status"], "processing");
    assert_eq!(read(&scene, &made).await["status"], "processing", "still, and nothing is captured again");
    assert_eq!(captures(&scene).await, 1);
    let refund = scene.post("/v1/payments/refunds", &json!({"order_id": made["transaction_id"]})).await;
    assert!(refund.status.is_client_error(), "what has not come cannot go back: {}", refund.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_means_of_payment_sends_the_payer_back() {
    let scene = Scene::start("declinedcapture").await;
    let made = scene.order("paypal", order()).await;
    let id = text(&made, "provider_order_id");
    scene.act(&format!("orders/paypal/{id}/decline"), json!({})).await;
    let read = read(&scene, &made).await;
    assert_eq!(read["status"], "requires_action", "{read}");
    assert_eq!(read["next_action"]["type"], "redirect", "{read}");
    assert_eq!(captures(&scene).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_a_manual_capture_or_of_somebody_else_is_not_captured_by_reading_it() {
    let scene = Scene::start("notours").await;
    let manual =
        scene.order("paypal", json!({"amount": "20.00", "currency": "USD", "capture": "manual"})).await;
    approve(&scene, &manual, json!({})).await;
    assert_eq!(read(&scene, &manual).await["status"], "requires_action", "the caller's capture is due");

    let paypal = Client::new(scene.stage.providers().paypal);
    let token = scene.stage.paypal_token(&scene.account).await;
    let body = json!({"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "9.00"}}]});
    let theirs =
        paypal.post("/v2/checkout/orders", &[("authorization", &token)], &body).await.expect(201).json();
    let id = text(&theirs, "id");
    scene.act(&format!("orders/paypal/{id}/approve"), json!({})).await;
    let path = format!("/v1/payments/orders/{id}?provider=paypal");
    assert_eq!(scene.get(&path).await.expect(200).json()["status"], "requires_action");
    assert_eq!(captures(&scene).await, 0);
}
