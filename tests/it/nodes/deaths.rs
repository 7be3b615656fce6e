//! A node that dies leaves nothing stuck past its lease, and loses nothing that was answered.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Account, Installation, eventually};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_node_died_is_finished_by_another_one() {
    let installation = Installation::start().await;
    // A lease is a request's deadline and five seconds.
    let settings = [("GATEWAY_CALLS__DEADLINE_MS", "2000")];
    let doomed = installation.node_with("doomed", &settings).await;
    let other = installation.node_with("other", &settings).await;
    let account = Account::at(&doomed.api, "deaths").await;
    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
    let fault = json!({"provider": "stripe", "operation": "orders.create", "times": 1, "fault": {"kind": "execute_then_hang"}});
    installation.control.fault(&fault).await;
    let api = doomed.api.clone();
    let (key, text) = (account.key.clone(), body.to_string());
    let waiting = tokio::spawn(async move {
        let headers = [("x-platform-key", &*key), ("idempotency-key", "once"), JSON[0]];
        api.try_send(Method::POST, "/v1/payments/orders", &headers, text).await
    });
    eventually("the provider did it", async || {
        (installation.effects("stripe", "orders.create").await == 1).then_some(())
    })
    .await;
    doomed.kill();
    waiting.await.expect("joined").expect_err("nobody is left to answer");

    let order = eventually("the other node answers", async || {
        let answer = other.order(&account.key, "once", &body).await;
        match answer.status.as_u16() {
            201 => Some(answer.json()),
            // Not yet, or not known in time: how often it was done is counted below.
            409 | 504 => None,
            _ => panic!("{}", answer.text()),
        }
    })
    .await;
    assert_eq!(installation.effects("stripe", "orders.create").await, 1);
    assert_eq!(order["status"], "created", "{order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_a_kill_is_in_the_log_when_the_node_is_back() {
    let installation = Installation::start().await;
    let node = installation.node("one").await;
    let account = Account::at(&node.api, "answered").await;
    let mut answered = Vec::new();
    for number in 0..40 {
        let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
        let answer = node.order(&account.key, &format!("k{number}"), &body).await.expect(201);
        answered.push(answer.json()["transaction_id"].as_str().expect("an id").to_owned());
    }
    node.kill();
    let node = installation.node("one").await;
    eventually("everything answered is logged", async || {
        (installation.sql("SELECT count(*) FROM transaction_logs") == "40").then_some(())
    })
    .await;
    for id in &answered {
        let path = format!("/v1/transactions/{id}");
        let logged: Value = node.api.get(&path, &[("x-platform-key", &account.key)]).await.expect(200).json();
        assert_eq!(logged["status"], "success", "{logged}");
    }
}
