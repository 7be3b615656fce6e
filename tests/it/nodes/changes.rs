//! What is changed at one node is known at every other one: at once where it opens something, within a second where it closes.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Account, Installation, Node, bearer, eventually};

/// How soon a revocation is known everywhere. It is told at once, and a busy machine takes seconds for that; but a node that was
/// not told would look for itself after four minutes, and after five seconds where it knows that it hears nothing.
const SOON: Duration = Duration::from_secs(4);

async fn is_refused(node: &Node, key: &str) -> bool {
    node.ask(key).await.status == http::StatusCode::UNAUTHORIZED
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_and_close_on_every_node() {
    let installation = Installation::start().await;
    let nodes = installation.three_nodes().await;
    let account = Account::at(&nodes[0].api, "changes").await;
    let auth = bearer(&account.token);
    let headers = [("authorization", &*auth)];

    // A new key, at nodes that have the tenant in memory already.
    for node in &nodes {
        node.ask(&account.key).await.expect(404);
    }
    let made = nodes[0].api.post("/api/keys", &headers, &json!({"name": "new", "environment": "test"})).await;
    let made = made.expect(201).json();
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    for node in &nodes {
        node.ask(key).await.expect(404);
    }

    // A new secret of it, at once: the one who rotates it gives it to his servers.
    let rotated = nodes[1]
        .api
        .send(http::Method::PUT, &format!("/api/keys/{id}/rotate"), &headers, "{}")
        .await
        .expect(200)
        .json();
    let secret = rotated["key"].as_str().expect("a key");
    for node in &nodes {
        node.ask(secret).await.expect(404);
    }

    // Closed everywhere, by word of the node where it was closed.
    nodes[2].api.send(http::Method::DELETE, &format!("/api/keys/{id}"), &headers, "").await.expect(204);
    let revoked = Instant::now();
    assert!(is_refused(&nodes[2], secret).await, "where it was revoked it is refused at once");
    for node in &nodes {
        eventually("a revoked key is refused", async || is_refused(node, secret).await.then_some(())).await;
    }
    assert!(revoked.elapsed() < SOON, "{:?}", revoked.elapsed());
    // The others go on.
    for node in &nodes {
        node.ask(&account.key).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_while_a_node_was_cut_off_reaches_it_afterwards() {
    let installation = Installation::start().await;
    let nodes = [installation.node("one").await, installation.node("two").await];
    let account = Account::at(&nodes[0].api, "gap").await;
    for node in &nodes {
        node.ask(&account.key).await.expect(404);
    }
    let auth = bearer(&account.token);
    let headers = [("authorization", &*auth)];
    let keys = nodes[0].api.get("/api/keys", &headers).await.expect(200).json();
    let id = keys["data"][0]["id"].as_str().expect("an id").to_owned();

    installation.redis.kill();
    nodes[0].api.send(http::Method::DELETE, &format!("/api/keys/{id}"), &headers, "").await.expect(204);
    assert!(is_refused(&nodes[0], &account.key).await);
    // Nobody can tell the other one; it looks for itself every few seconds.
    eventually("the other node finds out", async || is_refused(&nodes[1], &account.key).await.then_some(()))
        .await;
    installation.redis.start_again();
    for node in &nodes {
        assert!(is_refused(node, &account.key).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_credentials_are_used_on_every_node() {
    let installation = Installation::start().await;
    let nodes = [installation.node("one").await, installation.node("two").await];
    let account = Account::at(&nodes[0].api, "before").await;
    let body = json!({"amount": "500.00", "currency": "INR"});
    for (number, node) in nodes.iter().enumerate() {
        node.order(&account.key, &format!("before-{number}"), &body).await.expect(201);
    }
    let configured = nodes[0]
        .api
        .post(
            "/api/onboarding/configure",
            &[("authorization", &*bearer(&account.token))],
            &json!({"env_text": crate::support::env_of("after"), "create_keys": false}),
        )
        .await;
    configured.expect(200);
    let merchant = crate::support::env_of("after");
    let merchant =
        merchant.lines().next().and_then(|line| line.split_once('=')).expect("a key id").1.to_owned();
    eventually("the other node uses the new credentials", async || {
        let key = format!("after-{:?}", Instant::now());
        nodes[1].order(&account.key, &key, &body).await.expect(201);
        let path = format!("/_control/effects?provider=razorpay&merchant={merchant}");
        let seen = installation.control.get(&path, &[]).await.expect(200).json();
        (seen["count"].as_u64() > Some(0)).then_some(())
    })
    .await;
}
