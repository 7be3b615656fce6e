//! Limits beside a key's own: of endpoints, of addresses, of guesses, and of a client's patience with us and ours with it.

mod addresses;
mod deadlines;
mod endpoints;
mod guessing;
mod slow;

use gateway::Config;
use serde_json::{Value, json};

use crate::support::{Account, Answer, Stage, bearer};

/// Where requests pretend to come from, with this machine as a trusted proxy.
const HERE: &str = "198.51.100.7";
const THERE: &str = "203.0.113.9";

/// Believes this machine when it says whom a request is from.
fn trust_this_machine(config: &mut Config) {
    config.listen.trusted_proxies = ["127.0.0.1/32".parse().expect("a network")].into();
}

/// Lists orders with a key, from an address.
async fn list(stage: &Stage, key: &str, from: &str) -> Answer {
    let headers = [("x-platform-key", key), ("x-forwarded-for", from)];
    stage.api.get("/v1/payments/orders", &headers).await
}

/// Makes a key.
async fn make_key(stage: &Stage, account: &Account, mut fields: Value) -> String {
    fields["name"] = json!("limited");
    fields["environment"] = json!("test");
    let auth = bearer(&account.token);
    let made = stage.api.post("/api/keys", &[("authorization", auth.as_str())], &fields).await.expect(201);
    made.json()["key"].as_str().expect("a key").to_owned()
}

/// Fails the test unless the answer says when to come again.
#[track_caller]
fn refused(answer: Answer, code: &str) -> Answer {
    let answer = answer.expect(429);
    assert_eq!((answer.code().as_str(), answer.json()["error"]["type"].as_str()), (code, Some("rate_limit")));
    let wait = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(wait.is_some_and(|seconds| seconds > 0), "{:?}", answer.headers);
    answer
}

/// Returns the value of a metric, 0 where it is not there.
async fn metric(stage: &Stage, series: &str) -> u64 {
    let page = stage.admin.get("/metrics", &[]).await.text();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0, |value| value.trim().parse().expect("a number"))
}
