//! A provider may say more, less or something new: an answer is never refused for that, and what was said is kept.

use serde_json::{Value, json};

use crate::support::{Scene, text};

/// Has one call answered with this, and returns what the caller was told and what the log kept.
async fn told(
    scene: &Scene,
    (provider, operation): (&str, &str),
    answer: &Value,
    request: (&str, Value),
) -> (Value, Value) {
    scene.stage.no_faults().await;
    let status = if provider == "razorpay" || provider == "stripe" { 200 } else { 201 };
    let fault = json!({"provider": provider, "operation": operation, "times": 1, "fault": {"status": status, "body": answer}});
    scene.stage.fault(&fault).await;
    let (path, mut body) = request;
    body["provider"] = json!(provider);
    let made = scene.post(path, &body).await.expect(201).json();
    let logged =
        scene.get(&format!("/v1/transactions/{}", text(&made, "transaction_id"))).await.expect(200).json();
    (made, logged)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_nobody_knew_is_answered_as_unknown_and_kept() {
    let scene = Scene::start("newwords").await;
    let order = |currency: &str| ("/v1/payments/orders", json!({"amount": "20.00", "currency": currency}));
    let link = |currency: &str| {
        ("/v1/payment-links", json!({"amount": "20.00", "currency": currency, "description": "Invoice 42"}))
    };
    for (provider, operation, answer, request) in [
        (
            "razorpay",
            "orders.create",
            json!({"id": "order_1", "amount": 2000, "currency": "INR", "status": "levitating"}),
            order("INR"),
        ),
        (
            "stripe",
            "orders.create",
            json!({"id": "pi_1", "amount": 2000, "currency": "usd", "status": "levitating"}),
            order("USD"),
        ),
        (
            "paypal",
            "orders.create",
            json!({"id": "5O190127TN364715T", "status": "levitating",
                "purchase_units": [{"amount": {"currency_code": "USD", "value": "20.00"}}]}),
            order("USD"),
        ),
        (
            "twilio",
            "sms.send",
            json!({"sid": "SM1", "status": "levitating"}),
            ("/v1/sms", json!({"to": "+15558675310", "message": "Hi"})),
        ),
        (
            "razorpay",
            "payment_links.create",
            json!({"id": "plink_1", "amount": 2000, "currency": "INR", "short_url": "https://rzp.io/i/1", "status": "levitating"}),
            link("INR"),
        ),
        (
            "razorpay",
            "payouts.create",
            json!({"id": "pout_1", "amount": 1200, "currency": "INR", "status": "levitating"}),
            ("/v1/payouts", Scene::payout("razorpay", "12.00")),
        ),
        (
            "stripe",
            "payouts.create",
            json!({"id": "po_1", "amount": 1200, "currency": "usd", "status": "levitating"}),
            ("/v1/payouts", Scene::payout("stripe", "12.00")),
        ),
        (
            "razorpay",
            "subscriptions.create",
            json!({"id": "sub_1", "status": "levitating"}),
            ("/v1/subscriptions", Scene::subscription("razorpay")),
        ),
        (
            "stripe",
            "subscriptions.create",
            json!({"id": "sub_1", "status": "levitating"}),
            ("/v1/subscriptions", Scene::subscription("stripe")),
        ),
        (
            "paypal",
            "subscriptions.create",
            json!({"id": "I-BW452GLLEP1G", "status": "levitating"}),
            ("/v1/subscriptions", Scene::subscription("paypal")),
        ),
    ] {
        let (made, logged) = told(&scene, (provider, operation), &answer, request).await;
        assert_eq!(made["status"], "unknown", "{provider} {operation} {made}");
        assert_eq!(logged["provider_status"], "levitating", "{provider} {operation} {logged}");
        assert_eq!(logged["object_status"], "unknown", "{provider} {operation} {logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_of_another_kind_is_told_as_nothing() {
    let scene = Scene::start("sparse").await;
    let refund = async |provider: &str, currency: &str| {
        let paid = scene.paid_order(provider, "20.00", currency).await;
        ("/v1/payments/refunds", json!({"order_id": paid["transaction_id"], "amount": "5.00"}))
    };
    for (provider, currency, answer) in [
        (
            "razorpay",
            "INR",
            json!({"id": "rfnd_1", "amount": 500, "currency": "INR", "acquirer_data": [], "notes": 7}),
        ),
        (
            "stripe",
            "USD",
            json!({"id": "re_1", "amount": 500, "currency": "usd", "status": null, "reason": {"a": 1}}),
        ),
        ("paypal", "USD", json!({"id": "1JU08902781691411"})),
    ] {
        let request = refund(provider, currency).await;
        let (made, _) = told(&scene, (provider, "refunds.create"), &answer, request).await;
        assert_eq!(made["status"], "unknown", "{provider} {made}");
        assert_eq!(made["amount"].to_string(), "5.0", "what was asked for: {provider} {made}");
    }
}
