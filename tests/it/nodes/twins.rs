//! One idempotency key is one side effect, whichever node is asked.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Account, Installation};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_twins_over_three_nodes_are_one_order() {
    let installation = Installation::start().await;
    // Nobody's time is over while others are served.
    let nodes = installation.three_nodes_with(&[("GATEWAY_CALLS__DEADLINE_MS", "30000")]).await;
    let account = Account::at(&nodes[0].api, "twins").await;
    let limited = installation.key_with_limits(&nodes[0], &account, ("pro", 6_000, 100_000)).await;
    let key = limited["key"].as_str().expect("a key");
    // The provider takes its time, so that the twins really meet.
    let slow = json!({"provider": "razorpay", "fault": {"latency_ms": 300}});
    installation.control.fault(&slow).await;
    let body = json!({"amount": "500.00", "currency": "INR"});
    let answers = join_all((0..1_000).map(|number| nodes[number % 3].order(key, "twin", &body))).await;
    let bodies: HashSet<_> = answers.iter().map(|answer| (answer.status, answer.body.clone())).collect();
    assert_eq!(bodies.len(), 1, "identical answers: {:?}", bodies.iter().take(3).collect::<Vec<_>>());
    assert_eq!(answers[0].status, 201, "{}", answers[0].text());
    assert_eq!(installation.effects("razorpay", "orders.create").await, 1);

    // And later, at another node, when the first answer is history.
    let late = nodes[2].order(key, "twin", &body).await;
    assert_eq!((late.status, &late.body), (answers[0].status, &answers[0].body));
    let other = nodes[1].order(key, "twin", &json!({"amount": "500.01", "currency": "INR"})).await;
    assert_eq!(other.expect(422).code(), "idempotency_key_reused");
    assert_eq!(installation.effects("razorpay", "orders.create").await, 1);
}
