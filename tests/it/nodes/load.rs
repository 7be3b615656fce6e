//! Two thousand requests a second while PostgreSQL is gone for half of the time, or while the gateway is killed: what was
//! answered is in the log, exactly once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::TransactionId;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Account, Client, Installation, eventually};

/// Requests a second.
const RATE: u32 = 2_000;
/// How long they come.
const SECONDS: u64 = 60;
/// Connections and requests at once: past it the machine is too slow for the rate, and the next ones wait.
const AT_ONCE: usize = 512;

/// What became of the requests.
#[derive(Debug, Default)]
struct Tally {
    answered: Vec<TransactionId>,
    refused: Vec<String>,
    lost: usize,
}

/// Sends orders at the rate until the time is over; each has a key of its own.
async fn orders(api: Client, account: &Account, seconds: u64) -> Tally {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut requests = JoinSet::new();
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    let per_beat = RATE / 100;
    for number in 0..RATE * u32::try_from(seconds).expect("a minute or so") {
        if number % per_beat == 0 {
            beat.tick().await;
        }
        let place = Arc::clone(&places).acquire_owned().await.expect("a place");
        let (api, key, tally) = (api.clone(), account.key.clone(), Arc::clone(&tally));
        requests.spawn(async move {
            let idempotency_key = format!("load-{number}");
            let headers = [
                ("x-platform-key", &*key),
                ("idempotency-key", &*idempotency_key),
                ("content-type", "application/json"),
            ];
            let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"}).to_string();
            let answer = api.try_send(http::Method::POST, "/v1/payments/orders", &headers, body).await;
            let mut tally = tally.lock().expect("a tally");
            match answer {
                Ok(answer) if answer.status == http::StatusCode::CREATED => {
                    let id = answer.json()["transaction_id"].as_str().and_then(|id| id.parse().ok());
                    tally.answered.push(id.expect("an id"));
                }
                Ok(answer) => tally.refused.push(answer.code()),
                Err(_) => tally.lost += 1,
            }
            drop(place);
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
    std::mem::take(&mut *tally.lock().expect("a tally"))
}

/// Every id that was answered is in the log, and no id is there twice.
async fn assert_logged_once(installation: &Installation, answered: &[TransactionId]) {
    let wanted: HashSet<u128> = answered.iter().map(|id| id.as_u128()).collect();
    assert_eq!(wanted.len(), answered.len(), "ids are given once");
    let mut missing = wanted.len();
    for _ in 0..120 {
        let rows = installation.sql("SELECT transaction_id FROM transaction_logs");
        let ids: Vec<u128> = rows
            .lines()
            .map(|line| u128::from_str_radix(&line.replace('-', ""), 16).expect("a uuid"))
            .collect();
        let distinct: HashSet<u128> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), ids.len(), "no transaction is logged twice");
        missing = wanted.difference(&distinct).count();
        if missing == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{missing} of {} answered transactions are not in the log", answered.len());
}

/// A tenant whose limits are out of the way.
async fn busy_account(installation: &Installation, node: &crate::support::Node, name: &str) -> Account {
    let account = Account::at(&node.api, name).await;
    let key = installation.key_with_limits(node, &account, ("enterprise", 600_000, 500_000_000)).await;
    Account { key: key["key"].as_str().expect("a key").to_owned(), ..account }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stopped_for_half_a_minute_loses_nothing_that_was_answered() {
    let installation = Installation::start().await;
    // Whoever waits on a busy machine is served at last: only PostgreSQL is to be missed here.
    let node = installation.node_with("one", &[("GATEWAY_CALLS__DEADLINE_MS", "30000")]).await;
    let account = busy_account(&installation, &node, "stopped").await;
    let outage = async {
        tokio::time::sleep(Duration::from_secs(SECONDS / 4)).await;
        tokio::task::block_in_place(|| installation.postgres.stop());
        tokio::time::sleep(Duration::from_secs(SECONDS / 2)).await;
        tokio::task::block_in_place(|| installation.postgres.start_again());
    };
    let (tally, ()) = futures_util::join!(orders(node.api.clone(), &account, SECONDS), outage);
    let kinds: HashSet<&String> = tally.refused.iter().collect();
    assert_eq!((tally.lost, tally.refused.len()), (0, 0), "{kinds:?}");
    assert_logged_once(&installation, &tally.answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_killed_under_load_loses_nothing_that_was_answered() {
    let installation = Installation::start().await;
    let node = installation.node("one").await;
    let account = busy_account(&installation, &node, "killed").await;
    let api = node.api.clone();
    let death = async {
        tokio::time::sleep(Duration::from_secs(SECONDS / 6)).await;
        node.kill();
    };
    let (tally, ()) = futures_util::join!(orders(api, &account, SECONDS / 6 + 2), death);
    assert!(!tally.answered.is_empty() && tally.lost > 0);
    let node = installation.node("one").await;
    assert_logged_once(&installation, &tally.answered).await;
    // And it goes on.
    let body = json!({"amount": "20.00", "currency": "USD", "provider": "stripe"});
    eventually("it serves again", async || {
        (node.order(&account.key, "again", &body).await.status == http::StatusCode::CREATED).then_some(())
    })
    .await;
}
