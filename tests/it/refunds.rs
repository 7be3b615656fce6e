//! Refunds: in parts, once a key, never more than was paid, and what becomes of them later.

use serde_json::{Value, json};

use crate::support::{Scene, text};

const REFUNDS: &str = "/v1/payments/refunds";
const PROVIDERS: [(&str, &str); 3] = [("razorpay", "INR"), ("paypal", "USD"), ("stripe", "USD")];

fn of(order: &Value, amount: Option<&str>) -> Value {
    let mut body = json!({"order_id": order["transaction_id"]});
    if let Some(amount) = amount {
        body["amount"] = json!(amount);
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_goes_back_in_parts_until_nothing_is_left() {
    let scene = Scene::start("parts").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.paid_order(provider, "20.00", currency).await;
        let path = format!("/v1/payments/orders/{}", text(&order, "transaction_id"));
        let first = scene.post(REFUNDS, &of(&order, Some("5.50"))).await.expect(201);
        assert!(first.text().contains(r#""amount":5.50"#), "{}", first.text());
        let first = first.json();
        assert_eq!((&first["status"], &first["order_id"]), (&json!("succeeded"), &order["transaction_id"]));
        let read = scene.get(&path).await.expect(200);
        assert!(read.text().contains(r#""amount_refunded":5.50"#), "{provider} {}", read.text());
        assert_eq!(read.json()["status"], "partially_refunded", "{provider}");

        let too_much = scene.post(REFUNDS, &of(&order, Some("14.51"))).await.expect(422);
        assert_eq!(too_much.code(), "refund_exceeds_payment", "{provider} {}", too_much.text());
        let rest = scene.post(REFUNDS, &of(&order, None)).await.expect(201);
        assert!(rest.text().contains(r#""amount":14.50"#), "all that is left: {provider} {}", rest.text());
        assert_eq!(scene.get(&path).await.expect(200).json()["status"], "refunded", "{provider}");
        let again = scene.post(REFUNDS, &of(&order, Some("1.00"))).await.expect(409);
        assert_eq!(again.code(), "already_refunded", "{provider} {}", again.text());

        let id = text(&first, "transaction_id");
        let read = scene.get(&format!("{REFUNDS}/{id}")).await.expect(200).json();
        assert_eq!(read["provider_refund_id"], first["provider_refund_id"]);
        assert_eq!(read["order_id"], order["transaction_id"], "still known when it is read: {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_paid_cannot_go_back() {
    let scene = Scene::start("unpaid").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.order(provider, json!({"amount": "20.00", "currency": currency})).await;
        let answer = scene.post(REFUNDS, &of(&order, None)).await.expect(409);
        assert_eq!(answer.code(), "not_paid", "{provider} {}", answer.text());
    }
    assert!(scene.stage.effects("operation=refunds.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_leads_to_one_refund() {
    let scene = Scene::start("lostrefund").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.paid_order(provider, "20.00", currency).await;
        let body = of(&order, Some("7.00"));
        for kind in ["execute_then_reset", "reset_after_read", "half_body", "html_502"] {
            let key = format!("{provider}-{kind}");
            let before =
                scene.stage.effects(&format!("provider={provider}&operation=refunds.create")).await.len();
            // More often than the gateway repeats by itself.
            scene
                .stage
                .fault(&json!({"provider": provider, "operation": "refunds.create", "times": 6, "fault": {"kind": kind}}))
                .await;
            let lost = scene.post_once(&key, REFUNDS, &body).await;
            assert!(lost.status.as_u16() >= 500, "{provider} {kind} {}", lost.text());
            scene.stage.no_faults().await;
            let found = scene.post_once(&key, REFUNDS, &body).await;
            if found.status == 201 {
                let effects =
                    scene.stage.effects(&format!("provider={provider}&operation=refunds.create")).await;
                assert_eq!(effects.len(), before + 1, "{provider} {kind}");
                let again = scene.post_once(&key, REFUNDS, &body).await;
                assert_eq!(again.header("idempotent-replayed"), Some("true"));
                assert_eq!(again.body, found.body);
            }
            // 20.00 were paid: the third of 7.00 is refused, and nothing beyond it happens.
            else {
                assert_eq!(found.code(), "refund_exceeds_payment", "{provider} {kind} {}", found.text());
            }
        }
        let read =
            scene.get(&format!("/v1/payments/orders/{}", text(&order, "transaction_id"))).await.expect(200);
        assert!(read.text().contains(r#""amount_refunded":14.00"#), "{provider} {}", read.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_with_one_key_are_one_refund() {
    let scene = Scene::start("twinrefunds").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.paid_order(provider, "20.00", currency).await;
        let body = of(&order, Some("1.00"));
        let key = format!("twin-{provider}");
        let twins = (0..50).map(|_| scene.post_once(&key, REFUNDS, &body));
        for answer in futures_util::future::join_all(twins).await {
            answer.expect(201);
        }
        let effects = scene.stage.effects(&format!("provider={provider}&operation=refunds.create")).await;
        assert_eq!(effects.len(), 1, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_own_payment_is_refunded_in_its_currency() {
    let scene = Scene::start("ownpayment").await;
    for provider in ["paypal", "stripe"] {
        let order = scene.paid_order(provider, "500", "JPY").await;
        let whole = scene.post(REFUNDS, &of(&order, Some("100"))).await.expect(201).json();
        let payment = text(&whole, "provider_payment_id");
        let own =
            |amount: &str| json!({"provider_payment_id": payment, "provider": provider, "amount": amount});
        let answer = scene.post(REFUNDS, &own("1.5")).await.expect(422);
        assert_eq!(answer.code(), "amount_too_precise", "yen have no decimals: {}", answer.text());
        let refund = scene.post(REFUNDS, &own("150")).await.expect(201).json();
        assert_eq!((&refund["amount"], &refund["currency"]), (&json!(150), &json!("JPY")), "{refund}");
        assert_eq!(refund["order_id"], Value::Null);
        let effects = scene.stage.effects(&format!("provider={provider}&operation=refunds.create")).await;
        assert_eq!(effects.len(), 2, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_later_is_read_as_failed() {
    let scene = Scene::start("laterefund").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.paid_order(provider, "20.00", currency).await;
        let refund = scene.post(REFUNDS, &of(&order, Some("5.00"))).await.expect(201).json();
        let id = text(&refund, "provider_refund_id");
        scene.act(&format!("refunds/{provider}/{id}/fail"), json!({})).await;
        let path = format!("{REFUNDS}/{}", text(&refund, "transaction_id"));
        let read = scene.get(&path).await.expect(200).json();
        assert_eq!(read["status"], "failed", "{provider} {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_payment_is_refused_by_its_field() {
    let scene = Scene::start("noname").await;
    let stripe = scene.paid_order("stripe", "20.00", "USD").await;
    let id = &stripe["transaction_id"];
    for (body, status, code, param) in [
        (json!({}), 400, "missing_field", Some("order_id")),
        (json!({"order_id": "order_1"}), 400, "invalid_field", Some("order_id")),
        (
            json!({"order_id": id, "provider_payment_id": "pi_1"}),
            400,
            "invalid_field",
            Some("provider_payment_id"),
        ),
        (json!({"provider_payment_id": "pi_1"}), 400, "missing_field", Some("provider")),
        (json!({"order_id": id, "amount": 0}), 400, "invalid_field", Some("amount")),
        (json!({"order_id": id, "amount": "1.005"}), 422, "amount_too_precise", Some("amount")),
        (json!({"order_id": id, "provider": "paypal"}), 404, "order_not_found", None),
        (json!({"order_id": "txn_01k3s0m3q4v8w2c5d6e7f8g9ha"}), 404, "order_not_found", None),
        (json!({"provider_payment_id": "pi_nowhere", "provider": "stripe"}), 404, "payment_not_found", None),
        (json!({"provider_payment_id": "../pi_1", "provider": "stripe"}), 404, "payment_not_found", None),
        (json!({"order_id": id, "colour": "red"}), 400, "unknown_field", Some("colour")),
    ] {
        let answer = scene.post(REFUNDS, &body).await.expect(status);
        assert_eq!(answer.code(), code, "{body} {}", answer.text());
        assert_eq!(answer.json()["error"]["param"].as_str(), param, "{body} {}", answer.text());
    }
    assert!(scene.stage.effects("operation=refunds.create").await.is_empty());
    let other = scene.stage.account("another").await;
    let headers = [("x-platform-key", other.key.as_str())];
    let answer = scene.stage.api.post(REFUNDS, &headers, &of(&stripe, None)).await.expect(404);
    assert_eq!(answer.code(), "order_not_found", "another tenant's order is no order");
}
