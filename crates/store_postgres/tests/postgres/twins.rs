//! Several nodes at once on one database: each a store with a pool of its own.

use std::collections::HashMap;

use crate::support::{COUNTED_SQL, Database, TASKS, nodes, on_nodes, shuffled};
use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{LedgerEntry, Settlement, TenantId, Transaction};
use testkit::conformance::samples::{self, moment};
use tokio::task::JoinSet;

fn is_started(begun: &Begun) -> bool {
    *begun == Begun::Started
}

fn named(tenant: TenantId, number: usize) -> LedgerEntry {
    samples::entry(tenant, Some(&format!("key {number:03}")))
}

async fn started_by_key(mut tasks: JoinSet<Vec<(usize, Begun)>>) -> HashMap<usize, usize> {
    let mut started = HashMap::new();
    while let Some(answers) = tasks.join_next().await {
        for (key, begun) in answers.unwrap() {
            *started.entry(key).or_default() += usize::from(is_started(&begun));
        }
    }
    started
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_twins_on_three_nodes_begin_once() {
    let database = Database::new().await.with_partitions();
    let tenant = samples::id();
    let tasks = on_nodes(&nodes(&database), |_, node| async move {
        let mut answers = Vec::new();
        for _ in 0..1000 / TASKS {
            let begun = node.begin(vec![named(tenant, 0)]).await.unwrap();
            answers.extend(begun.into_iter().map(|begun| (0, begun)));
        }
        answers
    });
    assert_eq!(started_by_key(tasks).await, HashMap::from([(0, 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_of_the_same_keys_in_any_order_begin_each_key_once() {
    const KEYS: usize = 64;
    let database = Database::new().await.with_partitions();
    let tenant = samples::id();
    let tasks = on_nodes(&nodes(&database), |task, node| async move {
        let keys: Vec<usize> = shuffled(KEYS, task).collect();
        let begun = node.begin(keys.iter().map(|key| named(tenant, *key)).collect()).await.unwrap();
        keys.into_iter().zip(begun).collect()
    });
    assert_eq!(started_by_key(tasks).await, (0..KEYS).map(|key| (key, 1)).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_past_their_replay_give_way_to_one_each() {
    const KEYS: usize = 16;
    let database = Database::new().await.with_partitions();
    let nodes = nodes(&database);
    let [first, ..] = &nodes;
    let tenant = samples::id();
    let old: Vec<_> = (0..KEYS).map(|key| named(tenant, key)).collect();
    first.begin(old.clone()).await.unwrap();
    first.record(old.iter().map(settlement).collect()).await.unwrap();
    let tasks = on_nodes(&nodes, |task, node| async move {
        let keys: Vec<usize> = shuffled(KEYS, task).collect();
        let late = |key: &usize| LedgerEntry { started_at: moment(90_000), ..named(tenant, *key) };
        let begun = node.begin(keys.iter().map(late).collect()).await.unwrap();
        keys.into_iter().zip(begun).collect()
    });
    assert_eq!(started_by_key(tasks).await, (0..KEYS).map(|key| (key, 1)).collect());
}

fn settlement(entry: &LedgerEntry) -> Record {
    let answer = Settlement::Settled { status: 201, body: Bytes::from_static(b"{}") };
    Record { transaction: None, settlement: Some((entry.tenant, entry.transaction, answer)), event: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_batch_that_every_node_writes_is_logged_settled_and_counted_once() {
    const ROWS: usize = 128;
    let database = Database::new().await.with_partitions();
    let nodes = nodes(&database);
    let [first, ..] = &nodes;
    let tenant = samples::id();
    let entries: Vec<_> = (0..ROWS).map(|key| named(tenant, key)).collect();
    first.begin(entries.clone()).await.unwrap();
    let records: Vec<Record> = entries
        .iter()
        .map(|entry| {
            let logged = Transaction { id: entry.transaction, ..samples::order(tenant) };
            Record { transaction: Some(logged), ..settlement(entry) }
        })
        .collect();
    let mut tasks = on_nodes(&nodes, |task, node| {
        let records: Vec<_> = shuffled(ROWS, task).filter_map(|place| records.get(place).cloned()).collect();
        async move { node.record(records).await.unwrap() }
    });
    while let Some(written) = tasks.join_next().await {
        written.unwrap();
    }
    let count = |sql: &str| database.psql(sql);
    assert_eq!(count("SELECT count(*) FROM transaction_logs"), ROWS.to_string());
    assert_eq!(count("SELECT count(*) FROM ledger WHERE state = 'settled'"), ROWS.to_string());
    assert_eq!(count(COUNTED_SQL), ROWS.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_begin_settle_and_release_the_same_rows_all_come_through() {
    const KEYS: usize = 40;
    const ROUNDS: usize = 12;
    let database = Database::new().await.with_partitions();
    let tenant = samples::id();
    let mut tasks = on_nodes(&nodes(&database), |task, node| async move {
        for round in 0..ROUNDS {
            let entries: Vec<_> = shuffled(KEYS, task + round).map(|key| named(tenant, key)).collect();
            let begun = node.begin(entries.clone()).await.unwrap();
            let rows = entries.into_iter().zip(begun).map(|(entry, begun)| match begun {
                Begun::Started => entry,
                Begun::Existing(row) | Begun::Occupied(row) => *row,
            });
            let ends = rows.enumerate().map(|(place, row)| {
                let end = [samples::unknown(), Settlement::Released];
                let end = end.into_iter().nth((place + round) % 2).unwrap();
                let logged = Transaction { id: samples::id(), ..samples::order(tenant) };
                let settlement = Some((tenant, row.transaction, end));
                Record { transaction: Some(logged), settlement, event: None }
            });
            node.record(ends.collect()).await.unwrap();
            node.prune(moment(100_000), 10).await.unwrap();
        }
    });
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let logged = (TASKS * ROUNDS * KEYS).to_string();
    assert_eq!(database.psql("SELECT count(*) FROM transaction_logs"), logged);
    assert_eq!(database.psql(COUNTED_SQL), logged);
    assert_eq!(database.deadlocks().await, "0", "they queue up and never cross");
}
