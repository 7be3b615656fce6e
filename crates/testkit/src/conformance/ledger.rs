//! What a ledger promises about beginning, taking over and forgetting.

use std::sync::Arc;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{Environment, LedgerEntry, LedgerState, LookUps, Settlement, TransactionId};
use tokio::task::JoinSet;

use super::samples::{self, moment};

/// Runs the suite; `log` is the same store's, which settles ledger rows.
pub async fn passes(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    an_entry_begins_once_and_is_read_back(ledger).await;
    twins_in_one_batch_begin_once(ledger).await;
    a_large_batch_is_answered_in_its_order(ledger).await;
    entries_without_a_key_all_begin(ledger).await;
    a_key_is_the_tenants_and_the_environments_own(ledger).await;
    an_entry_begun_again_is_its_own_existing_row(ledger).await;
    a_settled_row_gives_way_once_it_is_no_longer_replayed(ledger, log).await;
    an_open_row_never_gives_way(ledger, log).await;
    a_row_is_taken_over_by_one_when_its_lease_is_over(ledger).await;
    an_unknown_row_is_taken_over_at_once_and_a_settled_one_never(ledger, log).await;
    a_foreign_tenant_takes_nothing_over(ledger).await;
    pruning_forgets_settled_rows_past_their_replay_up_to_the_limit(ledger, log).await;
}

/// Begins the same key a thousand times at once: one begins, and all others are told of its row.
pub async fn a_thousand_twins_at_once_begin_once(ledger: Arc<dyn Ledger>) {
    let tenant = samples::id();
    let mut twins = JoinSet::new();
    for _ in 0..1000 {
        let ledger = Arc::clone(&ledger);
        twins.spawn(async move { ledger.begin(vec![samples::entry(tenant, Some("twin"))]).await.unwrap() });
    }
    let row = async || ledger.find(tenant, Environment::Test, "twin").await.unwrap().unwrap();
    let mut started = 0;
    for begun in twins.join_all().await {
        match begun.as_slice() {
            [Begun::Started] => started += 1,
            [Begun::Existing(existing)] => assert_eq!(**existing, row().await),
            other => panic!("one answer expected, not {other:?}"),
        }
    }
    assert_eq!(started, 1);
}

fn existing(entry: &LedgerEntry) -> Begun {
    Begun::Existing(Box::new(entry.clone()))
}

async fn begin(ledger: &dyn Ledger, entry: &LedgerEntry) -> Begun {
    let mut begun = ledger.begin(vec![entry.clone()]).await.unwrap();
    assert_eq!(begun.len(), 1);
    begun.pop().unwrap()
}

async fn settle(log: &dyn TransactionLog, entry: &LedgerEntry, settlement: Settlement) {
    let settlement = Some((entry.tenant, entry.transaction, settlement));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
}

fn answer() -> Settlement {
    Settlement::Settled { status: 201, body: Bytes::from_static(b"{}") }
}

async fn an_entry_begins_once_and_is_read_back(ledger: &dyn Ledger) {
    let entry = samples::entry(samples::id(), Some("k 1"));
    assert_eq!(ledger.find(entry.tenant, entry.environment, "k 1").await.unwrap(), None);
    assert_eq!(begin(ledger, &entry).await, Begun::Started);
    let twin = samples::entry(entry.tenant, Some("k 1"));
    assert_eq!(begin(ledger, &twin).await, existing(&entry));
    assert_eq!(ledger.find(entry.tenant, entry.environment, "k 1").await.unwrap(), Some(entry));
}

async fn twins_in_one_batch_begin_once(ledger: &dyn Ledger) {
    let tenant = samples::id();
    let first = samples::entry(tenant, Some("twin"));
    let other = samples::entry(tenant, Some("other"));
    let batch = vec![first.clone(), samples::entry(tenant, Some("twin")), other, first.clone()];
    let begun = ledger.begin(batch).await.unwrap();
    assert_eq!(begun, [Begun::Started, existing(&first), Begun::Started, existing(&first)]);
    assert_eq!(ledger.begin(Vec::new()).await.unwrap(), []);
}

async fn a_large_batch_is_answered_in_its_order(ledger: &dyn Ledger) {
    let tenant = samples::id();
    let old = samples::entry(tenant, Some("100"));
    assert_eq!(begin(ledger, &old).await, Begun::Started);
    let batch = (0..256).map(|n| samples::entry(tenant, Some(&n.to_string()))).collect();
    let begun = ledger.begin(batch).await.unwrap();
    assert_eq!(begun.len(), 256);
    let not_started: Vec<_> =
        begun.iter().enumerate().filter(|(_, begun)| **begun != Begun::Started).collect();
    assert_eq!(not_started, [(100, &existing(&old))]);
}

async fn entries_without_a_key_all_begin(ledger: &dyn Ledger) {
    let tenant = samples::id();
    let batch = vec![samples::entry(tenant, None), samples::entry(tenant, None)];
    assert_eq!(ledger.begin(batch).await.unwrap(), [Begun::Started, Begun::Started]);
}

async fn a_key_is_the_tenants_and_the_environments_own(ledger: &dyn Ledger) {
    let entry = samples::entry(samples::id(), Some("shared"));
    let of_other_tenant = samples::entry(samples::id(), Some("shared"));
    let live = LedgerEntry { environment: Environment::Live, ..samples::entry(entry.tenant, Some("shared")) };
    for entry in [&entry, &of_other_tenant, &live] {
        assert_eq!(begin(ledger, entry).await, Begun::Started);
    }
    for entry in [&entry, &of_other_tenant, &live] {
        let found = ledger.find(entry.tenant, entry.environment, "shared").await.unwrap();
        assert_eq!(found.as_ref(), Some(entry));
    }
    assert_eq!(ledger.find(samples::id(), Environment::Test, "shared").await.unwrap(), None);
}

async fn an_entry_begun_again_is_its_own_existing_row(ledger: &dyn Ledger) {
    for key in [Some("again"), None] {
        let entry = samples::entry(samples::id(), key);
        assert_eq!(begin(ledger, &entry).await, Begun::Started);
        assert_eq!(begin(ledger, &entry).await, existing(&entry));
    }
}

async fn a_settled_row_gives_way_once_it_is_no_longer_replayed(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
) {
    let first = samples::entry(samples::id(), Some("daily"));
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    settle(log, &first, answer()).await;
    let settled = LedgerEntry {
        state: LedgerState::Settled { status: 201, body: Bytes::from_static(b"{}") },
        ..first.clone()
    };
    let just_before =
        LedgerEntry { started_at: moment(86_409), ..samples::entry(first.tenant, Some("daily")) };
    assert_eq!(begin(ledger, &just_before).await, existing(&settled));
    let past = LedgerEntry { started_at: first.replay_until, ..samples::entry(first.tenant, Some("daily")) };
    assert_eq!(begin(ledger, &past).await, Begun::Started);
    assert_eq!(ledger.find(first.tenant, first.environment, "daily").await.unwrap(), Some(past));
}

async fn an_open_row_never_gives_way(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let first = samples::entry(samples::id(), Some("open"));
    assert_eq!(begin(ledger, &first).await, Begun::Started);
    let late = LedgerEntry { started_at: moment(900_000), ..samples::entry(first.tenant, Some("open")) };
    assert_eq!(begin(ledger, &late).await, existing(&first));
    settle(log, &first, samples::unknown()).await;
    let unknown = LedgerEntry { state: LedgerState::Unknown, ..first };
    assert_eq!(begin(ledger, &late).await, existing(&unknown));
}

async fn a_row_is_taken_over_by_one_when_its_lease_is_over(ledger: &dyn Ledger) {
    let entry = samples::entry(samples::id(), Some("lease"));
    assert_eq!(begin(ledger, &entry).await, Begun::Started);
    let take_over = async |now| {
        ledger.take_over(entry.tenant, entry.transaction, moment(now), moment(now + 30)).await.unwrap()
    };
    assert!(!take_over(39).await);
    assert!(take_over(40).await);
    assert!(!take_over(41).await, "someone else was faster");
    let look_ups = LookUps { next: Some(moment(70)), ..LookUps::default() };
    let taken = LedgerEntry { lease_until: moment(70), look_ups, ..entry.clone() };
    assert_eq!(ledger.find(entry.tenant, entry.environment, "lease").await.unwrap(), Some(taken));
}

async fn an_unknown_row_is_taken_over_at_once_and_a_settled_one_never(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
) {
    let entry = samples::entry(samples::id(), Some("unknown"));
    assert_eq!(begin(ledger, &entry).await, Begun::Started);
    let take_over =
        async || ledger.take_over(entry.tenant, entry.transaction, moment(11), moment(41)).await.unwrap();
    assert!(!take_over().await);
    settle(log, &entry, samples::unknown()).await;
    assert!(take_over().await);
    assert!(!take_over().await, "someone else was faster");
    settle(log, &entry, answer()).await;
    let (late, later) = (moment(900_000), moment(900_001));
    assert!(!ledger.take_over(entry.tenant, entry.transaction, late, later).await.unwrap());
}

async fn a_foreign_tenant_takes_nothing_over(ledger: &dyn Ledger) {
    let entry = samples::entry(samples::id(), Some("mine"));
    assert_eq!(begin(ledger, &entry).await, Begun::Started);
    let (now, until) = (moment(1000), moment(2000));
    assert!(!ledger.take_over(samples::id(), entry.transaction, now, until).await.unwrap());
    let nowhere: TransactionId = samples::id();
    assert!(!ledger.take_over(entry.tenant, nowhere, now, until).await.unwrap());
    assert_eq!(ledger.find(entry.tenant, entry.environment, "mine").await.unwrap(), Some(entry));
}

/// What a store promises that only one process has open.
pub async fn leases_of_started_rows_can_be_ended(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    ledger.expire_leases().await.unwrap();
    let tenant = samples::id();
    let started = samples::entry(tenant, Some("started"));
    let settled = samples::entry(tenant, Some("settled"));
    let unkeyed = samples::entry(tenant, None);
    ledger.begin(vec![started.clone(), settled.clone(), unkeyed.clone()]).await.unwrap();
    settle(log, &settled, answer()).await;
    assert_eq!(ledger.expire_leases().await.unwrap(), 2);
    assert_eq!(ledger.expire_leases().await.unwrap(), 0);
    let due = ledger.take_due(moment(9), moment(10), 1000).await.unwrap();
    assert!([&started, &unkeyed].iter().all(|row| due.iter().any(|due| due.transaction == row.transaction)));
    assert!(due.iter().all(|row| row.transaction != settled.transaction));
    assert!(ledger.take_over(tenant, started.transaction, moment(11), moment(41)).await.unwrap());
    assert!(!ledger.take_over(tenant, settled.transaction, moment(11), moment(41)).await.unwrap());
}

async fn pruning_forgets_settled_rows_past_their_replay_up_to_the_limit(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
) {
    while ledger.prune(moment(1_000_000), 100).await.unwrap() > 0 {}
    let tenant = samples::id();
    let names = ["a", "b", "c", "unknown", "started", "young"];
    let entries: Vec<_> = names.iter().map(|name| samples::entry(tenant, Some(name))).collect();
    for (entry, name) in entries.iter().zip(names) {
        let replay_until = if name == "young" { moment(90_000) } else { entry.replay_until };
        begin(ledger, &LedgerEntry { replay_until, ..entry.clone() }).await;
        match name {
            "started" => {}
            "unknown" => settle(log, entry, samples::unknown()).await,
            _ => settle(log, entry, answer()).await,
        }
    }
    assert_eq!(ledger.prune(moment(86_410), 100).await.unwrap(), 0, "not before the replay's end");
    assert_eq!(ledger.prune(moment(86_411), 2).await.unwrap(), 2);
    assert_eq!(ledger.prune(moment(86_411), 2).await.unwrap(), 1);
    assert_eq!(ledger.prune(moment(86_411), 2).await.unwrap(), 0);
    for name in names {
        let is_kept = ledger.find(tenant, Environment::Test, name).await.unwrap().is_some();
        assert_eq!(is_kept, ["unknown", "started", "young"].contains(&name), "{name}");
    }
}
