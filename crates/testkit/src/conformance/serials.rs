//! What a ledger promises about rows that are kept apart by their serial.

use std::sync::Arc;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{Environment, LedgerEntry, LedgerState, Settlement, TenantId};
use tokio::task::JoinSet;

use super::samples::{self, moment};

/// Runs the suite; both ports are of one store.
pub async fn passes(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    an_open_row_occupies_its_serial(ledger).await;
    a_serial_is_the_tenants_and_the_environments_own(ledger).await;
    a_row_that_ends_frees_its_serial(ledger, log).await;
    a_repeat_finds_its_own_row_whoever_has_the_serial(ledger, log).await;
    of_a_batch_the_first_of_a_serial_begins(ledger).await;
    a_repeat_in_a_batch_takes_no_serial(ledger, log).await;
    a_row_past_its_replay_gives_way_to_one_whose_serial_is_free(ledger, log).await;
}

/// Begins a thousand rows of one serial at once: one begins, and all others are told of it.
pub async fn a_thousand_at_once_begin_one(ledger: Arc<dyn Ledger>) {
    let tenant = samples::id();
    let mut calls = JoinSet::new();
    for number in 0..1000 {
        let ledger = Arc::clone(&ledger);
        let call = named(tenant, &format!("call {number}"));
        calls.spawn(async move { (call.transaction, ledger.begin(vec![call]).await.unwrap()) });
    }
    let (mut started, mut told) = (Vec::new(), Vec::new());
    for (transaction, begun) in calls.join_all().await {
        match begun.as_slice() {
            [Begun::Started] => started.push(transaction),
            [Begun::Occupied(row)] => told.push(row.transaction),
            other => panic!("one answer expected, not {other:?}"),
        }
    }
    assert_eq!((started.len(), told.len()), (1, 999));
    assert!(told.iter().all(|row| started.contains(row)));
}

/// Returns an entry of one and the same serial.
fn named(tenant: TenantId, key: &str) -> LedgerEntry {
    LedgerEntry { serial: Some("order 7".into()), ..samples::entry(tenant, Some(key)) }
}

fn occupied(by: &LedgerEntry) -> Begun {
    Begun::Occupied(Box::new(by.clone()))
}

fn existing(row: &LedgerEntry) -> Begun {
    Begun::Existing(Box::new(row.clone()))
}

async fn begin(ledger: &dyn Ledger, entry: &LedgerEntry) -> Begun {
    ledger.begin(vec![entry.clone()]).await.unwrap().pop().unwrap()
}

async fn settle(log: &dyn TransactionLog, entry: &LedgerEntry, settlement: Settlement) {
    let settlement = Some((entry.tenant, entry.transaction, settlement));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
}

/// Settles a row, and returns it as it is then.
async fn answer(log: &dyn TransactionLog, entry: &LedgerEntry) -> LedgerEntry {
    let (status, body) = (201, Bytes::from_static(b"{}"));
    settle(log, entry, Settlement::Settled { status, body: body.clone() }).await;
    LedgerEntry { state: LedgerState::Settled { status, body }, ..entry.clone() }
}

async fn an_open_row_occupies_its_serial(ledger: &dyn Ledger) {
    let first = named(samples::id(), "first");
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    let found = ledger.find(first.tenant, first.environment, "first").await.unwrap();
    assert_eq!(found.as_ref(), Some(&first));
    let unkeyed = LedgerEntry { idempotency_key: None, ..named(first.tenant, "") };
    for other in [named(first.tenant, "a"), named(first.tenant, "z"), unkeyed] {
        assert_eq!(begin(ledger, &other).await, occupied(&first));
        assert_eq!(begin(ledger, &other).await, occupied(&first), "nothing was begun");
    }
    assert_eq!(begin(ledger, &named(first.tenant, "first")).await, existing(&first));
    assert_eq!(begin(ledger, &first).await, existing(&first));
}

async fn a_serial_is_the_tenants_and_the_environments_own(ledger: &dyn Ledger) {
    let first = named(samples::id(), "first");
    let live = LedgerEntry { environment: Environment::Live, ..named(first.tenant, "live") };
    let other_serial =
        LedgerEntry { serial: Some("order 8".into()), ..samples::entry(first.tenant, Some("8")) };
    let none = samples::entry(first.tenant, Some("none"));
    for entry in [&first, &named(samples::id(), "first"), &live, &other_serial, &none] {
        assert_eq!(begin(ledger, entry).await, Begun::Started);
    }
}

async fn a_row_that_ends_frees_its_serial(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let [first, second, third] = ["first", "second", "third"].map({
        let tenant = samples::id();
        move |key| named(tenant, key)
    });
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    settle(log, &first, samples::unknown()).await;
    let unknown = LedgerEntry { state: LedgerState::Unknown, ..first.clone() };
    assert_eq!(begin(ledger, &second).await, occupied(&unknown), "its outcome is not known");
    answer(log, &first).await;
    assert_eq!(begin(ledger, &second).await, Begun::Started);
    assert_eq!(begin(ledger, &third).await, occupied(&second));
    settle(log, &second, Settlement::Released).await;
    assert_eq!(begin(ledger, &third).await, Begun::Started);
}

async fn a_repeat_finds_its_own_row_whoever_has_the_serial(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let first = named(samples::id(), "first");
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    let first = answer(log, &first).await;
    let second = named(first.tenant, "second");
    assert_eq!(begin(ledger, &second).await, Begun::Started);
    assert_eq!(begin(ledger, &named(first.tenant, "first")).await, existing(&first));
}

async fn of_a_batch_the_first_of_a_serial_begins(ledger: &dyn Ledger) {
    let tenant = samples::id();
    let first = named(tenant, "m");
    let (before, behind) = (named(tenant, "a"), named(tenant, "z"));
    let apart = samples::entry(tenant, Some("apart"));
    let batch = vec![first.clone(), before, apart, named(tenant, "m"), behind, first.clone()];
    let begun = ledger.begin(batch).await.unwrap();
    let expected = [
        Begun::Started,
        occupied(&first),
        Begun::Started,
        existing(&first),
        occupied(&first),
        existing(&first),
    ];
    assert_eq!(begun, expected);
    let many = (0..200).map(|number| named(tenant, &number.to_string())).collect();
    assert_eq!(ledger.begin(many).await.unwrap(), vec![occupied(&first); 200]);
}

async fn a_repeat_in_a_batch_takes_no_serial(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let first = named(samples::id(), "first");
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    let first = answer(log, &first).await;
    let (second, third) = (named(first.tenant, "second"), named(first.tenant, "third"));
    let begun = ledger.begin(vec![named(first.tenant, "first"), second.clone(), third]).await.unwrap();
    assert_eq!(begun, [existing(&first), Begun::Started, occupied(&second)]);
}

async fn a_row_past_its_replay_gives_way_to_one_whose_serial_is_free(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
) {
    let old = named(samples::id(), "daily");
    let late = |key| LedgerEntry { started_at: moment(90_000), ..named(old.tenant, key) };
    assert_eq!(begin(ledger, &old).await, Begun::Started);
    answer(log, &old).await;
    let open = late("open");
    assert_eq!(begin(ledger, &open).await, Begun::Started);
    assert_eq!(begin(ledger, &late("daily")).await, occupied(&open));
    settle(log, &open, Settlement::Released).await;
    assert_eq!(begin(ledger, &late("daily")).await, Begun::Started);
}
