//! A request for every operation at every provider, and what has to stand ready for it.

use domain::OperationKind;
use serde_json::{Value, json};

use super::{Answer, Client, Scene, text};

/// A request to the API.
pub(crate) struct Request {
    /// Whether it is a POST.
    pub(crate) is_post: bool,
    pub(crate) path: String,
    pub(crate) body: Value,
    /// The status of success.
    pub(crate) success: u16,
}

impl Request {
    fn create(path: &str, body: Value) -> Self {
        Self { is_post: true, path: path.to_owned(), body, success: 201 }
    }

    fn change(path: String) -> Self {
        Self { is_post: true, path, body: json!({}), success: 200 }
    }

    fn read(path: String) -> Self {
        Self { is_post: false, path, body: json!({}), success: 200 }
    }

    /// Sends it with the tenant's key.
    pub(crate) async fn send(&self, scene: &Scene) -> Answer {
        if self.is_post { scene.post(&self.path, &self.body).await } else { scene.get(&self.path).await }
    }
}

/// Returns a request for an operation at a provider that can, with everything done that it needs.
pub(crate) async fn ready(scene: &Scene, provider: &str, kind: OperationKind) -> Request {
    let currency = if provider == "razorpay" { "INR" } else { "USD" };
    match kind {
        OperationKind::OrdersCreate => Request::create("/v1/payments/orders", order(provider, currency)),
        OperationKind::OrdersGet => read_back(scene, "/v1/payments/orders", order(provider, currency)).await,
        OperationKind::OrdersCapture => {
            let order = authorized(scene, provider, currency).await;
            Request::change(format!("/v1/payments/orders/{}/capture", text(&order, "transaction_id")))
        }
        OperationKind::OrdersCancel => {
            let order = cancelable(scene, provider, currency).await;
            Request::change(format!("/v1/payments/orders/{}/cancel", text(&order, "transaction_id")))
        }
        OperationKind::RefundsCreate => {
            Request::create("/v1/payments/refunds", refund(scene, provider, currency).await)
        }
        OperationKind::RefundsGet => {
            read_back(scene, "/v1/payments/refunds", refund(scene, provider, currency).await).await
        }
        OperationKind::SubscriptionsCreate => {
            Request::create("/v1/subscriptions", Scene::subscription(provider))
        }
        OperationKind::SubscriptionsGet => {
            read_back(scene, "/v1/subscriptions", Scene::subscription(provider)).await
        }
        OperationKind::SubscriptionsCancel => {
            let made =
                scene.post("/v1/subscriptions", &Scene::subscription(provider)).await.expect(201).json();
            if provider == "paypal" {
                // A subscription that nobody has agreed to cannot be cancelled at PayPal.
                let id = text(&made, "provider_subscription_id");
                scene.act(&format!("subscriptions/paypal/{id}/approve"), json!({})).await;
            }
            Request::change(format!("/v1/subscriptions/{}/cancel", text(&made, "transaction_id")))
        }
        OperationKind::PaymentLinksCreate => Request::create("/v1/payment-links", link(provider, currency)),
        OperationKind::PaymentLinksGet => {
            read_back(scene, "/v1/payment-links", link(provider, currency)).await
        }
        OperationKind::PayoutsCreate => Request::create("/v1/payouts", Scene::payout(provider, "12.00")),
        OperationKind::PayoutsGet => read_back(scene, "/v1/payouts", Scene::payout(provider, "12.00")).await,
        OperationKind::SmsSend => Request::create("/v1/sms", message(provider)),
        OperationKind::SmsGet => read_back(scene, "/v1/sms", message(provider)).await,
        OperationKind::CallsPlace => Request::create("/v1/calls", call(provider)),
        OperationKind::CallsGet => read_back(scene, "/v1/calls", call(provider)).await,
        OperationKind::ProxyWrite | OperationKind::ProxyRead => passthrough(),
    }
}

/// Returns a request for an operation at a provider that cannot.
pub(crate) fn in_vain(provider: &str, kind: OperationKind) -> Request {
    let read = |path: &str| Request::read(format!("{path}/some_1?provider={provider}"));
    let change =
        |path: &str, verb: &str| Request::change(format!("{path}/some_1/{verb}?provider={provider}"));
    match kind {
        OperationKind::OrdersCreate => Request::create("/v1/payments/orders", order(provider, "USD")),
        OperationKind::OrdersGet => read("/v1/payments/orders"),
        OperationKind::OrdersCapture => change("/v1/payments/orders", "capture"),
        OperationKind::OrdersCancel => change("/v1/payments/orders", "cancel"),
        OperationKind::RefundsCreate => {
            let body = json!({"provider_payment_id": "some_1", "provider": provider});
            Request::create("/v1/payments/refunds", body)
        }
        OperationKind::RefundsGet => read("/v1/payments/refunds"),
        OperationKind::SubscriptionsCreate => {
            Request::create("/v1/subscriptions", json!({"plan_id": "some_1", "provider": provider}))
        }
        OperationKind::SubscriptionsGet => read("/v1/subscriptions"),
        OperationKind::SubscriptionsCancel => change("/v1/subscriptions", "cancel"),
        OperationKind::PaymentLinksCreate => Request::create("/v1/payment-links", link(provider, "USD")),
        OperationKind::PaymentLinksGet => read("/v1/payment-links"),
        OperationKind::PayoutsCreate => Request::create("/v1/payouts", Scene::payout(provider, "12.00")),
        OperationKind::PayoutsGet => read("/v1/payouts"),
        OperationKind::SmsSend => Request::create("/v1/sms", message(provider)),
        OperationKind::SmsGet => read("/v1/sms"),
        OperationKind::CallsPlace => Request::create("/v1/calls", call(provider)),
        OperationKind::CallsGet => read("/v1/calls"),
        OperationKind::ProxyWrite | OperationKind::ProxyRead => passthrough(),
    }
}

/// It has no words of its own to ask in, and tests of its own.
fn passthrough() -> Request {
    panic!("the passthrough is asked in the provider's words")
}

fn order(provider: &str, currency: &str) -> Value {
    json!({"amount": "20.00", "currency": currency, "provider": provider})
}

fn link(provider: &str, currency: &str) -> Value {
    json!({"amount": "20.00", "currency": currency, "description": "Invoice 42", "provider": provider})
}

fn message(provider: &str) -> Value {
    json!({"to": "+15558675310", "message": "On its way.", "provider": provider})
}

fn call(provider: &str) -> Value {
    json!({"to": "+15558675310", "say": "It is on its way.", "provider": provider})
}

async fn refund(scene: &Scene, provider: &str, currency: &str) -> Value {
    let paid = scene.paid_order(provider, "20.00", currency).await;
    json!({"order_id": paid["transaction_id"], "amount": "5.00"})
}

async fn read_back(scene: &Scene, path: &str, body: Value) -> Request {
    let made = scene.post(path, &body).await.expect(201).json();
    Request::read(format!("{path}/{}", text(&made, "transaction_id")))
}

/// An order whose money waits for a capture.
async fn authorized(scene: &Scene, provider: &str, currency: &str) -> Value {
    let body = json!({"amount": "20.00", "currency": currency, "capture": "manual"});
    let order = scene.order(provider, body).await;
    let id = text(&order, "provider_order_id");
    scene.act(&format!("orders/{provider}/{id}/authorize"), json!({})).await;
    order
}

/// An order that can be given up: at PayPal one whose authorisation is open, made by PayPal's own call.
async fn cancelable(scene: &Scene, provider: &str, currency: &str) -> Value {
    let order = authorized(scene, provider, currency).await;
    if provider == "paypal" {
        let paypal = Client::new(scene.stage.providers().paypal);
        let token = scene.stage.paypal_token(&scene.account).await;
        let path = format!("/v2/checkout/orders/{}/authorize", text(&order, "provider_order_id"));
        paypal.post(&path, &[("authorization", &token)], &json!({})).await.expect(201);
    }
    order
}
