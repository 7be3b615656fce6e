//! A stage with one tenant on it: what the tests of operations ask for again and again.

use serde_json::{Value, json};

use super::{Account, Answer, Stage, StageOptions};

/// A stage and a tenant.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) account: Account,
}

impl Scene {
    /// Starts a gateway, and sets up a tenant of this name with all four providers.
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(name, StageOptions::default()).await
    }

    /// As `start`, with options.
    pub(crate) async fn start_with(name: &str, options: StageOptions) -> Self {
        let stage = Stage::start_with(options).await;
        let account = stage.account(name).await;
        Self { stage, account }
    }

    /// Posts with the tenant's key.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.stage.api.post(path, &[("x-platform-key", &self.account.key)], body).await
    }

    /// Posts with the tenant's key and an idempotency key.
    pub(crate) async fn post_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        let headers = [("x-platform-key", self.account.key.as_str()), ("idempotency-key", key)];
        self.stage.api.post(path, &headers, body).await
    }

    /// Gets with the tenant's key.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.stage.api.get(path, &[("x-platform-key", &self.account.key)]).await
    }

    /// Lets happen what happens beside the API: `refunds/stripe/re_1/fail`.
    pub(crate) async fn act(&self, path: &str, fields: Value) -> Value {
        self.stage.control.post(&format!("/_control/{path}"), &[], &fields).await.expect(200).json()
    }

    /// Lets time pass at the providers.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.stage.control.post("/_control/advance", &[], &json!({"seconds": seconds})).await.expect(200);
    }

    /// Returns how many requests the providers were sent.
    pub(crate) async fn calls(&self, query: &str) -> u64 {
        let calls = self.stage.control.get(&format!("/_control/calls?{query}"), &[]).await.expect(200).json();
        calls["count"].as_u64().expect("a count")
    }

    /// Creates an order.
    pub(crate) async fn order(&self, provider: &str, mut body: Value) -> Value {
        body["provider"] = json!(provider);
        self.post("/v1/payments/orders", &body).await.expect(201).json()
    }

    /// Creates an order that its payer pays, and whose money is taken. Returns it as it is read afterwards.
    pub(crate) async fn paid_order(&self, provider: &str, amount: &str, currency: &str) -> Value {
        let order = self.order(provider, json!({"amount": amount, "currency": currency})).await;
        let id = text(&order, "provider_order_id");
        self.act(&format!("orders/{provider}/{id}/pay"), json!({})).await;
        let order =
            self.get(&format!("/v1/payments/orders/{}", text(&order, "transaction_id"))).await.expect(200);
        let order = order.json();
        assert_eq!(order["status"], "succeeded", "{order}");
        order
    }

    /// Returns a subscription's request that this provider can do, on a new plan of 15.00 a month.
    pub(crate) fn subscription(provider: &str) -> Value {
        let currency = if provider == "razorpay" { "INR" } else { "USD" };
        let mut body = json!({"provider": provider,
            "plan": {"name": "Basic", "amount": "15.00", "currency": currency, "interval": "month"}});
        match provider {
            "razorpay" => body["total_count"] = json!(12),
            "paypal" => {
                body["return_url"] = json!("https://shop.example/return");
                body["cancel_url"] = json!("https://shop.example/cancel");
            }
            _ => {}
        }
        body
    }

    /// Returns a payout's request that this provider can do.
    pub(crate) fn payout(provider: &str, amount: &str) -> Value {
        let (currency, destination) = match provider {
            "razorpay" => (
                "INR",
                json!({"type": "bank_account", "name": "A Payee", "account_number": "1121431121541121", "ifsc": "HDFC0001234"}),
            ),
            "paypal" => ("USD", json!({"type": "email", "address": "payee@example.com"})),
            _ => ("USD", json!({"type": "provider_account"})),
        };
        json!({"provider": provider, "amount": amount, "currency": currency, "destination": destination})
    }
}

/// Returns a field's text.
#[track_caller]
pub(crate) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no {field}: {object}")).to_owned()
}
