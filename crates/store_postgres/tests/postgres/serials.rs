//! Rows that are kept apart by their serial, begun on several nodes at once: two unique indexes, in no common order.

use std::collections::HashMap;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, Reroute, TransactionLog};
use domain::{LedgerEntry, LookUps, Settlement, TenantId, TransactionId};
use testkit::conformance::samples::{self, moment};

use crate::support::{Database, TASKS, nodes, on_nodes, shuffled};

const ROWS: usize = 48;
const ROUNDS: usize = 12;

fn named(tenant: TenantId, key: &str, serial: usize) -> LedgerEntry {
    LedgerEntry {
        serial: Some(format!("order {serial:03}").into()),
        // Its answer is not replayed at all: once settled it gives way.
        replay_until: moment(10),
        ..samples::entry(tenant, Some(key))
    }
}

/// Returns who began each serial, and who was told to be in the way of another.
async fn begin_on_all(
    database: &Database<'_>,
    key: fn(usize, usize) -> String,
) -> (HashMap<Box<str>, Vec<TransactionId>>, Vec<LedgerEntry>) {
    let tenant = samples::id();
    let mut tasks = on_nodes(&nodes(database), |task, node| async move {
        let mut answers = Vec::new();
        for round in 0..ROUNDS {
            let entry =
                |(place, serial)| named(tenant, &key(round * ROWS + place, task), round * ROWS + serial);
            let entries: Vec<_> = shuffled(ROWS, task + round).enumerate().map(entry).collect();
            let begun = node.begin(entries.clone()).await.unwrap();
            answers.extend(entries.into_iter().zip(begun));
        }
        answers
    });
    let (mut started, mut in_the_way): (HashMap<_, Vec<_>>, Vec<_>) = Default::default();
    while let Some(answers) = tasks.join_next().await {
        for (entry, begun) in answers.unwrap() {
            match begun {
                Begun::Started => started.entry(entry.serial.unwrap()).or_default().push(entry.transaction),
                Begun::Occupied(row) => {
                    assert_eq!(row.serial, entry.serial);
                    in_the_way.push(*row);
                }
                Begun::Existing(row) => {
                    assert_eq!(row.idempotency_key, entry.idempotency_key);
                    in_the_way.push(*row);
                }
            }
        }
    }
    (started, in_the_way)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_calls_with_keys_of_their_own_one_begins_for_each_serial() {
    let database = Database::new().await.with_partitions();
    let (started, in_the_way) = begin_on_all(&database, |place, task| format!("{place:03} {task}")).await;
    assert_eq!(started.len(), ROUNDS * ROWS);
    assert!(started.values().all(|rows| rows.len() == 1), "{started:?}");
    assert_eq!(in_the_way.len(), ROUNDS * ROWS * (TASKS - 1));
    assert!(in_the_way.iter().all(|row| started[row.serial.as_ref().unwrap()] == [row.transaction]));
    assert_eq!(database.deadlocks().await, "0", "they queue up and never cross");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twins_with_other_serials_none_begins_twice() {
    let database = Database::new().await.with_partitions();
    let (started, in_the_way) = begin_on_all(&database, |place, _| format!("{place:03}")).await;
    assert!(started.values().all(|rows| rows.len() == 1), "{started:?}");
    assert_eq!(started.len() + in_the_way.len(), ROUNDS * ROWS * TASKS);
    let rows = "SELECT count(*), count(DISTINCT idempotency_key), count(DISTINCT serial) FROM ledger";
    let begun = started.len();
    assert_eq!(database.psql(rows), format!("{begun}|{begun}|{begun}"));
    assert_eq!(database.deadlocks().await, "0", "they queue up and never cross");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_do_everything_to_the_same_rows_all_come_through() {
    let database = Database::new().await.with_partitions();
    let tenant = samples::id();
    let mut tasks = on_nodes(&nodes(&database), |task, node| async move {
        for round in 0..ROUNDS {
            let serials = shuffled(ROWS, task + round).enumerate();
            let entries: Vec<_> =
                serials.map(|(place, serial)| named(tenant, &format!("{place:03}"), serial)).collect();
            let begun = node.begin(entries.clone()).await.unwrap();
            let rows = entries.into_iter().zip(begun).map(|(entry, begun)| match begun {
                Begun::Started => entry,
                Begun::Existing(row) | Begun::Occupied(row) => *row,
            });
            let ends = rows.enumerate().map(|(place, row)| {
                let end = match (place + round) % 3 {
                    0 => {
                        Settlement::Unknown(LookUps { done: 1, next: Some(moment(0)), ..LookUps::default() })
                    }
                    1 => Settlement::Released,
                    _ => Settlement::Settled { status: 201, body: Bytes::new() },
                };
                let event = Some(samples::event(tenant, row.transaction));
                let settlement = Some((tenant, row.transaction, end));
                Record { transaction: None, settlement, event }
            });
            node.record(ends.collect()).await.unwrap();
            let due = node.take_due(moment(50), moment(60), 10).await.unwrap();
            for row in due {
                let reroute = Reroute {
                    from: "razorpay".into(),
                    to: "stripe".into(),
                    provider_key: row.provider_key,
                    attempt_lines: Bytes::new(),
                };
                node.reroute(tenant, row.transaction, reroute).await.unwrap();
            }
            node.prune(moment(100_000), 3).await.unwrap();
        }
    });
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let twice = "SELECT count(*) - count(DISTINCT provider_event_id) FROM webhook_events";
    assert_eq!(database.psql(twice), "0");
    assert_eq!(database.deadlocks().await, "0", "they queue up and never cross");
}
