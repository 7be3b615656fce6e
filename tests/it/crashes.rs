//! What a `kill -9` leaves behind, at every call of an operation: one side effect, found or made when the key comes again.

use std::net::SocketAddr;

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Account, Client, Dev, Scene, dev_command, eventually, free_ports, text};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Providers that outlive the gateway, and the gateway's folder.
struct Crash {
    folder: TempDir,
    sandbox: sandbox::Sandbox,
    judge: Client,
}

/// A call during which the gateway dies.
struct Death {
    provider: &'static str,
    /// The call, whose answer never comes.
    during: &'static str,
    /// Whether the provider executes it: `execute_then_hang` or `hang`.
    fault: &'static str,
    /// The effect that there must be once.
    effect: &'static str,
    path: &'static str,
    body: Value,
}

impl Death {
    fn key(&self) -> String {
        format!("killed-{}-{}-{}", self.provider, self.during, self.fault)
    }
}

impl Crash {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = sandbox::Options { port: free_ports(), ..sandbox::Options::local() };
        let sandbox = sandbox::start(options).expect("a sandbox that outlives the gateway");
        let judge = Client::new(sandbox.addresses().control);
        Self { folder, sandbox, judge }
    }

    fn control(&self) -> SocketAddr {
        self.sandbox.addresses().control
    }

    fn gateway(&self) -> Dev {
        let port = free_ports();
        let mut command = dev_command(self.folder.path(), port);
        command.args(["--external-sandbox", &self.control().to_string()]);
        Dev::start(command, port, self.control())
    }

    async fn effects(&self, provider: &str, operation: &str) -> u64 {
        let path = format!("/_control/effects?provider={provider}&operation={operation}");
        self.judge.get(&path, &[]).await.json()["count"].as_u64().expect("a count")
    }

    async fn calls(&self, provider: &str, operation: &str) -> u64 {
        let path = format!("/_control/calls?provider={provider}&operation={operation}");
        self.judge.get(&path, &[]).await.json()["count"].as_u64().expect("a count")
    }

    /// Kills the gateway during a call, and starts it again.
    async fn kill(&self, dev: Dev, key: &str, death: &Death) -> Dev {
        let &Death { provider, during, fault, path, ref body, .. } = death;
        let calls = self.calls(provider, during).await;
        let fault = json!({"provider": provider, "operation": during, "times": 1, "fault": {"kind": fault}});
        self.judge.fault(&fault).await;
        let api = dev.api.clone();
        let waiting = tokio::spawn({
            let (key, idempotency_key, body) = (key.to_owned(), death.key(), body.to_string());
            async move {
                let headers = [("x-platform-key", &*key), ("idempotency-key", &*idempotency_key), JSON];
                api.try_send(Method::POST, path, &headers, body).await
            }
        });
        eventually("the provider is called", async || {
            (self.calls(provider, during).await > calls).then_some(())
        })
        .await;
        drop(dev);
        assert!(waiting.await.expect("joined").is_err(), "nobody answered");
        self.judge.no_faults().await;
        self.gateway()
    }

    /// Kills the gateway during a call, starts it again, and repeats the request until it is answered. Returns the object.
    async fn die(&self, dev: Dev, key: &str, death: &Death) -> (Dev, Value) {
        let &Death { provider, during, effect, path, ref body, .. } = death;
        let effects = self.effects(provider, effect).await;
        let dev = self.kill(dev, key, death).await;
        let idempotency_key = death.key();
        let headers = [("x-platform-key", key), ("idempotency-key", &*idempotency_key)];
        // What left no trace is made again only when it is too old to be still on its way.
        let made = eventually("the key is answered", async || {
            let answer = dev.api.post(path, &headers, body).await;
            (answer.status != 504).then_some(answer)
        })
        .await
        .expect(201);
        assert_eq!(self.effects(provider, effect).await, effects + 1, "{provider} {during}");
        (dev, made.json())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_sends_nothing_twice() {
    let crash = Crash::new();
    let mut dev = crash.gateway();
    let key = dev.key.clone().expect("a test key");
    let order = json!({"amount": "5.00", "currency": "INR"});
    let link = |provider: &str| json!({"amount": "20.00", "currency": "USD", "description": "Invoice 42", "provider": provider});
    let fault = "execute_then_hang";
    let death = |provider, during, effect, path, body| Death { provider, during, fault, effect, path, body };
    for death in [
        death("razorpay", "orders.create", "orders.create", "/v1/payments/orders", order),
        death("stripe", "prices.create", "payment_links.create", "/v1/payment-links", link("stripe")),
        death("stripe", "payment_links.create", "payment_links.create", "/v1/payment-links", link("stripe")),
        death("paypal", "payment_links.create", "payment_links.create", "/v1/payment-links", link("paypal")),
        death("paypal", "payment_links.send", "payment_links.send", "/v1/payment-links", link("paypal")),
        death(
            "paypal",
            "plans.create",
            "subscriptions.create",
            "/v1/subscriptions",
            Scene::subscription("paypal"),
        ),
        death(
            "razorpay",
            "subscriptions.create",
            "subscriptions.create",
            "/v1/subscriptions",
            Scene::subscription("razorpay"),
        ),
        death(
            "razorpay",
            "payouts.create",
            "payouts.create",
            "/v1/payouts",
            Scene::payout("razorpay", "12.00"),
        ),
        death("paypal", "payouts.create", "payouts.create", "/v1/payouts", Scene::payout("paypal", "12.00")),
    ] {
        let (next, made) = crash.die(dev, &key, &death).await;
        assert_eq!(made["provider"], death.provider, "{made}");
        dev = next;
    }
    assert_eq!(dev.control, crash.control());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_during_which_the_gateway_died_is_made_once() {
    let crash = Crash::new();
    let mut dev = crash.gateway();
    let key = dev.key.clone().expect("a test key");
    for (provider, currency) in [("razorpay", "INR"), ("paypal", "USD"), ("stripe", "USD")] {
        let headers = [("x-platform-key", key.as_str())];
        let body = json!({"amount": "20.00", "currency": currency, "provider": provider});
        let order = dev.api.post("/v1/payments/orders", &headers, &body).await.expect(201).json();
        let paid = format!("/_control/orders/{provider}/{}/pay", text(&order, "provider_order_id"));
        crash.judge.post(&paid, &[], &json!({})).await.expect(200);
        let id = text(&order, "transaction_id");
        dev.api.get(&format!("/v1/payments/orders/{id}"), &headers).await.expect(200);
        let death = Death {
            provider,
            during: "refunds.create",
            fault: "execute_then_hang",
            effect: "refunds.create",
            path: "/v1/payments/refunds",
            body: json!({"order_id": id, "amount": "7.00"}),
        };
        let (next, refund) = crash.die(dev, &key, &death).await;
        assert_eq!(refund["status"], "succeeded", "{provider} {refund}");
        dev = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_open_is_settled_at_the_start_without_anyone_asking() {
    let crash = Crash::new();
    let mut dev = crash.gateway();
    let key = dev.key.clone().expect("a test key");
    for (provider, currency) in [("razorpay", "INR"), ("stripe", "USD"), ("paypal", "USD")] {
        let body = json!({"amount": "5.00", "currency": currency, "provider": provider});
        let death = Death {
            provider,
            during: "orders.create",
            fault: "execute_then_hang",
            effect: "orders.create",
            path: "/v1/payments/orders",
            body: body.clone(),
        };
        let effects = crash.effects(provider, "orders.create").await;
        dev = crash.kill(dev, &key, &death).await;
        let headers = [("x-platform-key", key.as_str())];
        let path = format!("/v1/payments/orders?provider={provider}");
        let found = eventually("the order is listed", async || {
            dev.api.get(&path, &headers).await.expect(200).json()["data"].as_array()?.first().cloned()
        })
        .await;
        assert_eq!(crash.effects(provider, "orders.create").await, effects + 1, "{provider}: {found}");
        // The key's answer is the order that was found.
        let again = dev
            .api
            .post("/v1/payments/orders", &[headers[0], ("idempotency-key", &death.key())], &body)
            .await
            .expect(201);
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{provider}");
        assert_eq!(again.json()["transaction_id"], found["transaction_id"], "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_died_while_another_provider_stood_in_asks_that_one() {
    let crash = Crash::new();
    let mut dev = crash.gateway();
    let account = Account::at(&dev.api, "standin").await;
    let rule = json!({"feature": "payments", "environment": "test", "fallback": true,
        "providers": ["razorpay", "stripe", "paypal"]});
    account.put(&dev.api, "/api/routing", &rule).await.expect(200);
    for fault in ["hang", "execute_then_hang"] {
        let refusal = json!({"provider": "razorpay", "operation": "orders.create", "times": 1, "fault": {"status": 429}});
        crash.judge.fault(&refusal).await;
        let death = Death {
            provider: "stripe",
            during: "orders.create",
            fault,
            effect: "orders.create",
            path: "/v1/payments/orders",
            body: json!({"amount": "500.00", "currency": "INR"}),
        };
        let (next, order) = crash.die(dev, &account.key, &death).await;
        assert_eq!(order["provider"], "stripe", "{fault} {order}");
        assert_eq!(crash.effects("razorpay", "orders.create").await, 0, "{fault}");
        dev = next;
    }
}
