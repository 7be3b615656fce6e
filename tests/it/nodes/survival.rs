//! PostgreSQL, Redis or both away: known tenants are served, nobody is refused for our fault, and nothing needs a restart.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Account, Installation, Node, eventually};

/// An order at a provider that takes idempotency keys: a repeat of it is harmless.
async fn order(node: &Node, account: &Account, key: &str) -> crate::support::Answer {
    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
    node.order(&account.key, key, &body).await
}

async fn health(node: &Node) -> Value {
    node.api.get("/health", &[]).await.expect(200).json()
}

async fn is_healthy_again(node: &Node) {
    eventually("it is well again", async || (health(node).await["status"] == "ok").then_some(())).await;
}

/// Waits until an answer is where the other nodes find it: it gets there behind itself.
async fn is_kept(installation: &Installation, key: &str) {
    let name = format!("idempotent:*:{key}");
    let kept = || installation.redis.cli(&["KEYS", &name]);
    eventually("the answer is kept", async || (!kept().is_empty()).then_some(())).await;
}

/// What is true of a node at all times.
async fn serves(node: &Node, account: &Account, key: &str) -> String {
    node.api.get("/health/ready", &[]).await.expect(200);
    let answer = order(node, account, key).await.expect(201);
    let again = order(node, account, key).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &answer.body), "{}", again.text());
    answer.json()["transaction_id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn known_tenants_are_served_whatever_is_away() {
    let installation = Installation::start().await;
    let nodes = [installation.node("one").await, installation.node("two").await];
    let account = Account::at(&nodes[0].api, "survivor").await;
    let stranger = Account::at(&nodes[0].api, "stranger").await;
    let mut answered = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        answered.push(serves(node, &account, &format!("before-{number}")).await);
    }

    installation.redis.kill();
    for (number, node) in nodes.iter().enumerate() {
        answered.push(serves(node, &account, &format!("no-redis-{number}")).await);
        assert_eq!(node.misses("cache").await["status"], "degraded");
    }
    installation.postgres.kill();
    for (number, node) in nodes.iter().enumerate() {
        answered.push(serves(node, &account, &format!("neither-{number}")).await);
        let seen = node.misses("store").await;
        assert_eq!(seen["status"], "degraded", "{seen}");
        // What cannot be repeated without harm is refused before anything is sent.
        let body = json!({"amount": "500.00", "currency": "INR", "provider": "razorpay"});
        let refused = node.order(&account.key, &format!("unsafe-{number}"), &body).await.expect(503);
        assert_eq!(refused.code(), "ledger_unavailable");
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(installation.effects("razorpay", "orders.create").await, 0);
    // Twins on nodes that cannot see each other: the provider makes them one, and the second is not told that it failed.
    let payout = json!({"amount": "1000.00", "currency": "INR",
        "destination": {"type": "upi", "name": "A Payee", "address": "payee@upi"}});
    let headers = [("x-platform-key", &*account.key), ("idempotency-key", "twin-payout")];
    let paid = nodes[0].api.post("/v1/payouts", &headers, &payout).await.expect(201);
    let twin = nodes[1].api.post("/v1/payouts", &headers, &payout).await;
    assert!(twin.status.is_success() || twin.status.is_server_error(), "{}", twin.text());
    assert_eq!(installation.effects("razorpay", "payouts.create").await, 1);
    // Of a change that the store was asked for nobody knows, so that nobody is told to send it again.
    let authorization = crate::support::bearer(&account.token);
    let body = json!({"name": "another", "environment": "test"});
    let made = nodes[0].api.post("/api/keys", &[("authorization", &authorization)], &body).await.expect(503);
    assert_eq!((&*made.code(), &made.json()["error"]["retryable"]), ("store_unavailable", &json!(false)));
    // A key that this node has never seen may be good: it is not called bad.
    nodes[1].ask(&stranger.key).await.expect(503);

    installation.redis.start_again();
    for node in &nodes {
        eventually("Redis is back", async || (health(node).await["checks"]["cache"] == "ok").then_some(()))
            .await;
    }
    answered.push(serves(&nodes[0], &account, "no-postgres").await);
    // Its answer is known at the other node, too, although the ledger is away.
    is_kept(&installation, "no-postgres").await;
    let first = order(&nodes[0], &account, "no-postgres").await.expect(201);
    let there = order(&nodes[1], &account, "no-postgres").await.expect(201);
    assert_eq!(first.body, there.body);

    installation.postgres.start_again();
    for node in &nodes {
        is_healthy_again(node).await;
    }
    for (number, node) in nodes.iter().enumerate() {
        answered.push(serves(node, &account, &format!("after-{number}")).await);
    }
    let told = eventually("the twin is told", async || {
        let told = nodes[1].api.post("/v1/payouts", &headers, &payout).await;
        told.status.is_success().then_some(told)
    })
    .await;
    assert_eq!(told.json()["provider_payout_id"], paid.json()["provider_payout_id"], "{}", told.text());
    assert_eq!(installation.effects("razorpay", "payouts.create").await, 1);
    assert_logged_once(&installation, &answered).await;
    assert_eq!(installation.effects("stripe", "orders.create").await, answered.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_costs_no_more_than_one_that_is_gone() {
    let installation = Installation::start().await;
    let node = installation.node("one").await;
    let account = Account::at(&node.api, "hanging").await;
    let mut answered = vec![serves(&node, &account, "before").await];
    installation.redis.pause();
    answered.push(serves(&node, &account, "redis-stands-still").await);
    installation.postgres.pause();
    answered.push(serves(&node, &account, "both-stand-still").await);
    installation.redis.resume();
    installation.postgres.resume();
    is_healthy_again(&node).await;
    answered.push(serves(&node, &account, "after").await);
    assert_logged_once(&installation, &answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_at_the_moment_when_postgres_goes_gets_the_answer_that_another_node_gave() {
    let installation = Installation::start().await;
    let nodes = [installation.node("one").await, installation.node("two").await];
    let account = Account::at(&nodes[0].api, "moment").await;
    for (number, node) in nodes.iter().enumerate() {
        serves(node, &account, &format!("before-{number}")).await;
    }
    installation.postgres.kill();
    let first = order(&nodes[0], &account, "again").await.expect(201);
    is_kept(&installation, "again").await;
    // The other node finds out with this very request.
    let repeat = order(&nodes[1], &account, "again").await.expect(201);
    assert_eq!((repeat.header("idempotent-replayed"), &repeat.body), (Some("true"), &first.body));
    assert_eq!(installation.effects("stripe", "orders.create").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_one_node_knows_is_served_by_another_one_without_the_store() {
    let installation = Installation::start().await;
    let first = installation.node("one").await;
    let account = Account::at(&first.api, "copied").await;
    // What was changed a moment ago is not copied, lest a copy of before comes back.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let nodes = [installation.node("two").await, installation.node("three").await];
    serves(&nodes[0], &account, "before").await;
    installation.postgres.kill();
    serves(&nodes[1], &account, "elsewhere").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_failed_over_is_not_made_while_the_store_is_away() {
    let installation = Installation::start().await;
    // Nobody looks the first one up.
    let settings = [("GATEWAY_RECONCILE__SCHEDULE_MS", "[600000]")];
    let node = installation.node_with("one", &settings).await;
    let account = Account::at(&node.api, "failedover").await;
    let rule = json!({"feature": "payments", "environment": "test", "fallback": true, "providers": ["stripe", "paypal", "razorpay"]});
    account.put(&node.api, "/api/routing", &rule).await.expect(200);
    // The first provider takes nobody, and the answer of the second is lost.
    for (provider, fault) in
        [("stripe", json!({"status": 429})), ("paypal", json!({"kind": "execute_then_reset"}))]
    {
        installation
            .control
            .fault(&json!({"provider": provider, "operation": "orders.create", "fault": fault}))
            .await;
    }
    let mut body = json!({"amount": "20.00", "currency": "USD"});
    node.order(&account.key, "once", &body).await.expect(504);
    assert_eq!(installation.effects("paypal", "orders.create").await, 1);
    installation.control.no_faults().await;
    installation.postgres.kill();
    // A node that does not know it yet asks on a connection that is not there any more, and cannot tell what came of that.
    node.misses("store").await;
    let refused = node.order(&account.key, "once", &body).await.expect(503);
    assert_eq!(refused.code(), "ledger_unavailable");
    assert_eq!(installation.effects("stripe", "orders.create").await, 0, "it may have been made elsewhere");
    // Whoever names a provider means no other.
    body["provider"] = json!("stripe");
    node.order(&account.key, "named", &body).await.expect(201);
    assert_eq!(installation.effects("stripe", "orders.create").await, 1);
}

/// Every transaction that was answered is in the log, once.
async fn assert_logged_once(installation: &Installation, answered: &[String]) {
    let expected = answered.len().to_string();
    eventually("everything answered is logged", async || {
        (installation.sql(
            "SELECT count(*) FROM transaction_logs WHERE status = 'success' AND operation = 'orders.create'",
        ) == expected)
            .then_some(())
    })
    .await;
    let distinct = installation
        .sql("SELECT count(DISTINCT transaction_id) FROM transaction_logs WHERE status = 'success' AND operation = 'orders.create'");
    assert_eq!(distinct, expected);
}
