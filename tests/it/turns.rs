//! Refunds, captures and cancels of one order at the same time: never more goes back than was taken, whoever is asked, on both
//! stores, on one node and on two. The provider's own ledger is the judge.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::support::{
    Account, Answer, Client, Installation, Scene, StageOptions, eventually, plan_of_all, text,
};

const PROVIDERS: [(&str, &str); 3] = [("razorpay", "INR"), ("paypal", "USD"), ("stripe", "USD")];
/// What each order is about, in the smallest unit.
const AMOUNT: u64 = 10_000;
/// Orders about which all is asked at the same time.
const AT_ONCE: usize = 3;
/// What is answered, beside success: all of it says that nothing was done, and why.
const REFUSALS: [(u16, &str); 3] = [(409, "conflict"), (422, "provider"), (422, "invalid_request")];

/// How many orders there are, and how many of each operation come at once for each.
#[derive(Clone, Copy)]
struct Size {
    orders: usize,
    parallel: usize,
}

/// Returns the size that the variables `ORDERS` and `PARALLEL` ask for, else a small one.
fn size() -> Size {
    let number =
        |name, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"));
    Size { orders: number("ORDERS", 12), parallel: number("PARALLEL", 8) }
}

/// Gateways with one tenant, and the judge.
struct Field {
    nodes: Vec<Client>,
    key: String,
    judge: Client,
}

/// What became of an order.
#[derive(Debug)]
struct Told {
    was_paid: bool,
    captures: usize,
    refunds: Vec<String>,
    in_progress: usize,
}

impl Field {
    async fn post(&self, node: usize, path: &str, body: &Value) -> Answer {
        let api = &self.nodes[node % self.nodes.len()];
        api.post(path, &[("x-platform-key", &self.key)], body).await
    }

    /// Creates an order; its payer pays it, or agrees to it.
    async fn order(&self, number: usize) -> (&'static str, bool, String) {
        let (provider, currency) = PROVIDERS[number % PROVIDERS.len()];
        let is_paid = number.is_multiple_of(2);
        let capture = if is_paid { "automatic" } else { "manual" };
        let body =
            json!({"amount": "100.00", "currency": currency, "provider": provider, "capture": capture});
        let order = self.post(number, "/v1/payments/orders", &body).await.expect(201).json();
        let id = text(&order, "transaction_id");
        let act = if is_paid { "pay" } else { "authorize" };
        let path = format!("/_control/orders/{provider}/{}/{act}", text(&order, "provider_order_id"));
        self.judge.post(&path, &[], &json!({})).await.expect(200);
        // Known at every node; and PayPal's money is taken when the order is read.
        for api in &self.nodes {
            let path = format!("/v1/payments/orders/{id}");
            let read = eventually("the order is known", async || {
                let read = api.get(&path, &[("x-platform-key", &self.key)]).await;
                (read.status == 200).then(|| read.json())
            })
            .await;
            assert!(!is_paid || read["status"] == "succeeded", "{read}");
        }
        (provider, is_paid, id)
    }

    /// Asks for everything at once, half of it at every node.
    async fn storm(&self, number: usize, parallel: usize) -> Told {
        let (provider, was_paid, id) = self.order(number).await;
        let order = format!("/v1/payments/orders/{id}");
        let asked = (0..parallel * 3).map(|turn| {
            let (order, id) = (&order, &id);
            async move {
                let answer = match turn % 3 {
                    0 => {
                        let mut body = json!({"order_id": id});
                        if turn % 4 != 0 {
                            body["amount"] = json!(if turn % 2 == 0 { "30.00" } else { "20.00" });
                        }
                        self.post(turn, "/v1/payments/refunds", &body).await
                    }
                    1 => self.post(turn, &format!("{order}/capture"), &json!({})).await,
                    _ => self.post(turn, &format!("{order}/cancel"), &json!({})).await,
                };
                (turn % 3, answer)
            }
        });
        let mut told = Told { was_paid, captures: 0, refunds: Vec::new(), in_progress: 0 };
        for (what, answer) in join_all(asked).await {
            match (what, answer.status.as_u16()) {
                (0, 201) => told.refunds.push(text(&answer.json(), "provider_refund_id")),
                (1, 200) => told.captures += 1,
                (2, 200) => {}
                (_, status) => {
                    let error = &answer.json()["error"];
                    let kind = error["type"].as_str().expect("a type");
                    assert!(
                        REFUSALS.contains(&(status, kind)),
                        "{provider} {what} {status} {}",
                        answer.text()
                    );
                    if error["code"] == "operation_in_progress" {
                        assert!(answer.header("retry-after").is_some());
                        told.in_progress += 1;
                    }
                }
            }
        }
        told
    }

    async fn effects(&self, operation: &str) -> Vec<Value> {
        let path = format!("/_control/effects?operation={operation}");
        let effects = self.judge.get(&path, &[]).await.expect(200).json();
        effects["items"].as_array().expect("effects").clone()
    }

    /// Compares what was answered with what happened.
    async fn judge(&self, told: &[Told]) {
        let made: BTreeMap<String, u64> = self
            .effects("refunds.create")
            .await
            .iter()
            .map(|effect| (text(effect, "id"), units(effect)))
            .collect();
        let answered: BTreeSet<&String> = told.iter().flat_map(|told| &told.refunds).collect();
        assert_eq!(answered, made.keys().collect(), "what went back is what was answered");
        let mut captured = 0;
        for told in told {
            let refunded: u64 = told.refunds.iter().map(|id| made[id]).sum();
            let taken = if told.was_paid || told.captures > 0 { AMOUNT } else { 0 };
            assert!(refunded <= taken, "{refunded} of {taken} went back: {told:?}");
            assert!(!told.was_paid || refunded > 0, "somebody's turn came: {told:?}");
            captured += taken / AMOUNT;
        }
        let taken = self.effects("orders.capture").await;
        assert!(taken.iter().all(|capture| units(capture) == AMOUNT), "{taken:?}");
        let by_call = taken.len() as u64;
        assert!(by_call <= captured, "no order's money is taken twice: {by_call} of {captured}");
    }
}

/// Returns an effect's amount in the smallest unit: PayPal tells it as a decimal.
fn units(effect: &Value) -> u64 {
    match &effect["amount"] {
        Value::Number(number) => number.as_u64().expect("an amount"),
        Value::String(text) => text.replace('.', "").parse().expect("an amount"),
        other => panic!("no amount: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_goes_back_than_was_taken_on_the_embedded_store() {
    // Nobody's time is over while others are served.
    let options =
        StageOptions { configure: |config| config.calls.deadline_ms = 30_000, ..StageOptions::default() };
    let mut scene = Scene::start_with("embeddedturns", options).await;
    plan_of_all(scene.stage.folder(), "enterprise");
    scene.account.take_wide_key(&scene.stage.api).await;
    let field = Field {
        nodes: vec![scene.stage.api.clone()],
        key: scene.account.key.clone(),
        judge: scene.stage.control.clone(),
    };
    let Size { orders, parallel } = size();
    let mut told = Vec::new();
    for first in (0..orders).step_by(AT_ONCE) {
        let storms = (first..orders.min(first + AT_ONCE)).map(|number| field.storm(number, parallel));
        told.extend(join_all(storms).await);
    }
    field.judge(&told).await;
    let waited_in_vain: usize = told.iter().map(|told| told.in_progress).sum();
    assert_eq!(waited_in_vain, 0, "everybody's turn comes in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_goes_back_than_was_taken_on_many_nodes_with_redis_away_half_of_the_time() {
    let installation = Installation::start_recorded().await;
    // Nobody's time is over while others are served.
    let settings = [("GATEWAY_CALLS__DEADLINE_MS", "30000")];
    let nodes =
        [installation.node_with("one", &settings).await, installation.node_with("two", &settings).await];
    let mut account = Account::at(&nodes[0].api, "manyturns").await;
    installation.plan_of_all("enterprise");
    account.take_wide_key(&nodes[0].api).await;
    let field = Field {
        nodes: nodes.iter().map(|node| node.api.clone()).collect(),
        key: account.key,
        judge: installation.control.clone(),
    };
    let Size { orders, parallel } = size();
    let mut told = Vec::new();
    let mut is_away = false;
    for first in (0..orders).step_by(AT_ONCE) {
        // Redis comes or goes in the middle of each round.
        let change = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if is_away {
                installation.redis.start_again();
            } else {
                installation.redis.kill();
            }
        };
        let storms =
            join_all((first..orders.min(first + AT_ONCE)).map(|number| field.storm(number, parallel)));
        told.extend(futures_util::join!(storms, change).0);
        is_away = !is_away;
    }
    field.judge(&told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_an_unknown_outcome_nothing_is_begun_and_its_own_key_tells() {
    let scene = Scene::start("unknownturn").await;
    for (provider, currency) in PROVIDERS {
        let order = scene.paid_order(provider, "20.00", currency).await;
        let refund = |amount: &str| json!({"order_id": order["transaction_id"], "amount": amount});
        let fault = json!({"provider": provider, "operation": "refunds.create", "times": 9, "fault": {"kind": "execute_then_reset"}});
        scene.stage.fault(&fault).await;
        let key = format!("lost-{provider}");
        let lost = scene.post_once(&key, "/v1/payments/refunds", &refund("7.00")).await;
        assert!(lost.status.is_server_error(), "{provider} {}", lost.text());
        let blocking = text(&lost.json()["error"], "transaction_id");
        let blocked_key = format!("blocked-{provider}");
        let refused = scene.post_once(&blocked_key, "/v1/payments/refunds", &refund("5.00")).await;
        // Unless it has been looked up in the meantime, by nobody's wish.
        let refused = refused.expect(409);
        assert_eq!(refused.code(), "operation_in_progress", "{provider}");
        assert!(refused.header("retry-after").is_some());
        let error = &refused.json()["error"];
        assert_eq!(error["retryable"], true, "{error}");
        assert!(text(error, "message").contains(&blocking), "{error}");
        scene.stage.no_faults().await;
        let found = scene.post_once(&key, "/v1/payments/refunds", &refund("7.00")).await.expect(201);
        let next = eventually("the next one's turn comes", async || {
            let answer = scene.post_once(&blocked_key, "/v1/payments/refunds", &refund("5.00")).await;
            (answer.status == 201).then_some(answer)
        })
        .await;
        let again = scene.post_once(&blocked_key, "/v1/payments/refunds", &refund("5.00")).await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &next.body));
        assert_ne!(found.json()["provider_refund_id"], next.json()["provider_refund_id"]);
        let effects = scene.stage.effects(&format!("provider={provider}&operation=refunds.create")).await;
        assert_eq!(effects.len(), 2, "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_that_hung_commits_late_is_told_as_it_was_done() {
    let installation = Installation::start_recorded().await;
    // A row's lease is over long before the store goes on.
    let settings = [("GATEWAY_CALLS__DEADLINE_MS", "1500"), ("GATEWAY_RECONCILE__EVERY_MS", "50")];
    let nodes =
        [installation.node_with("one", &settings).await, installation.node_with("two", &settings).await];
    let account = Account::at(&nodes[0].api, "lateturns").await;
    let headers = [("x-platform-key", &*account.key), ("idempotency-key", "late")];
    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
    let order = nodes[0].api.post("/v1/payments/orders", &headers[..1], &body).await.expect(201).json();
    let pay = format!("/_control/orders/stripe/{}/pay", text(&order, "provider_order_id"));
    installation.control.post(&pay, &[], &json!({})).await.expect(200);
    // Named by the provider's id: nothing is read before it is begun.
    let refund =
        json!({"provider_payment_id": order["provider_order_id"], "provider": "stripe", "amount": "5.00"});
    let mut partly = refund.clone();
    partly["amount"] = json!("1.00");
    nodes[0].api.post("/v1/payments/refunds", &headers[..1], &partly).await.expect(201);
    installation.postgres.pause();
    let unsure = nodes[0].api.post("/v1/payments/refunds", &headers, &refund).await.expect(504);
    assert_eq!(unsure.code(), "ledger_timeout");
    let transaction = text(&unsure.json()["error"], "transaction_id");
    // Whoever comes now is told that nothing is done: the store is known to be away.
    let refused = nodes[0].api.post("/v1/payments/refunds", &headers, &refund).await.expect(503);
    assert_eq!(refused.code(), "ledger_unavailable");
    tokio::time::sleep(Duration::from_secs(8)).await;
    installation.postgres.resume();
    // Its own node withdraws it; the other one has looked it up if that took longer than it waits.
    let path = format!("/v1/transactions/{transaction}");
    let status = eventually("it is told what became of it", async || {
        let told = nodes[1].api.get(&path, &headers[..1]).await;
        let status = (told.status == 200).then(|| text(&told.json(), "status"))?;
        (status != "unknown").then_some(status)
    })
    .await;
    let is_done = match &*status {
        "failed" => false,
        "success" => true,
        other => panic!("{other}"),
    };
    assert_eq!(installation.effects("stripe", "refunds.create").await, if is_done { 2 } else { 1 });
    let again = eventually("the key's one refund is told", async || {
        let again = nodes[1].api.post("/v1/payments/refunds", &headers, &refund).await;
        (again.status == 201).then_some(again)
    })
    .await;
    assert_eq!(text(&again.json(), "transaction_id") == transaction, is_done);
    // Past every lease.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(installation.effects("stripe", "refunds.create").await, 2);
    assert_eq!(installation.sql("SELECT count(*) FROM ledger WHERE state <> 'settled'").trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_not_touched_while_the_store_is_away() {
    let installation = Installation::start_recorded().await;
    let node = installation.node("one").await;
    let account = Account::at(&node.api, "awayturns").await;
    let headers = [("x-platform-key", &*account.key)];
    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
    let order = node.api.post("/v1/payments/orders", &headers, &body).await.expect(201).json();
    let pay = format!("/_control/orders/stripe/{}/pay", text(&order, "provider_order_id"));
    installation.control.post(&pay, &[], &json!({})).await.expect(200);
    let refund =
        json!({"provider_payment_id": order["provider_order_id"], "provider": "stripe", "amount": "5.00"});
    installation.postgres.kill();
    // A node that does not know it yet asks on a connection that is not there any more, and cannot tell what came of that.
    node.misses("store").await;
    let refused = node.api.post("/v1/payments/refunds", &headers, &refund).await.expect(503);
    assert_eq!(refused.code(), "ledger_unavailable");
    assert_eq!(installation.effects("stripe", "refunds.create").await, 0);
    installation.postgres.start_again();
    eventually("it is back", async || {
        let answer = node
            .api
            .send(
                Method::POST,
                "/v1/payments/refunds",
                &[headers[0], ("content-type", "application/json")],
                refund.to_string(),
            )
            .await;
        (answer.status == 201).then_some(())
    })
    .await;
    assert_eq!(installation.effects("stripe", "refunds.create").await, 1);
}
