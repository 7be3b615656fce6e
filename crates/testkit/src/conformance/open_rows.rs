//! What a ledger promises about rows whose outcome is not known.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, Reroute, TransactionLog};
use domain::{LedgerEntry, LedgerState, LookUps, Settlement, TenantId};
use tokio::task::JoinSet;

use super::samples::{self, moment};

/// Runs the suite; both ports are of one store.
pub async fn passes(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    what_was_done_to_find_out_is_kept(ledger, log).await;
    rows_that_are_due_are_taken_over_the_longest_due_first(ledger, log).await;
    as_many_are_taken_over_as_are_asked_for(ledger).await;
    a_started_row_is_given_to_another_provider(ledger, log).await;
    unknown_rows_are_counted_and_listed(ledger, log).await;
}

/// Takes over a hundred rows from eight places at once: each goes to one.
pub async fn a_due_row_goes_to_one(ledger: Arc<dyn Ledger>) {
    take_what_others_left(&*ledger).await;
    let tenant = samples::id();
    let entries = (0..100).map(|_| samples::entry(tenant, None)).collect();
    assert_eq!(ledger.begin(entries).await.unwrap(), vec![Begun::Started; 100]);
    let mut takers = JoinSet::new();
    for _ in 0..8 {
        let ledger = Arc::clone(&ledger);
        takers.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let rows = ledger.take_due(moment(50), moment(2_000_000), 7).await.unwrap();
                if rows.is_empty() {
                    return taken;
                }
                taken.extend(rows.into_iter().map(|row| row.transaction));
            }
        });
    }
    let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    // Whoever finds all that is due in others' hands stops early; what they left is still to be had.
    let left = ledger.take_due(moment(50), moment(2_000_000), 100).await.unwrap();
    let all: HashSet<_> = taken.iter().copied().chain(left.iter().map(|row| row.transaction)).collect();
    assert_eq!((taken.len() + left.len(), all.len()), (100, 100));
}

/// Takes over what earlier suites left, so that it is not due while this one runs.
async fn take_what_others_left(ledger: &dyn Ledger) {
    while !ledger.take_due(moment(1_000_000), moment(2_000_000), 500).await.unwrap().is_empty() {}
}

async fn begun(ledger: &dyn Ledger, entry: LedgerEntry) -> LedgerEntry {
    assert_eq!(ledger.begin(vec![entry.clone()]).await.unwrap(), [Begun::Started]);
    entry
}

async fn settle(log: &dyn TransactionLog, entry: &LedgerEntry, settlement: Settlement) {
    let settlement = Some((entry.tenant, entry.transaction, settlement));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
}

fn look_ups(done: u8, next: Option<u64>) -> LookUps {
    let attempt_lines = Bytes::from_static(b"[{\"status\": 504}, {}]");
    LookUps { done, next: next.map(moment), attempt_lines }
}

/// Begins a row and makes its outcome unknown.
async fn unknown(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
    entry: LedgerEntry,
    next: Option<u64>,
) -> LedgerEntry {
    let look_ups = look_ups(1, next);
    let entry = begun(ledger, entry).await;
    settle(log, &entry, Settlement::Unknown(look_ups.clone())).await;
    LedgerEntry { state: LedgerState::Unknown, look_ups, ..entry }
}

fn answer() -> Settlement {
    Settlement::Settled { status: 201, body: Bytes::from_static(b"{}") }
}

async fn find(ledger: &dyn Ledger, entry: &LedgerEntry) -> LedgerEntry {
    let key = entry.idempotency_key.as_deref().unwrap();
    ledger.find(entry.tenant, entry.environment, key).await.unwrap().unwrap()
}

async fn what_was_done_to_find_out_is_kept(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, samples::entry(samples::id(), Some("lost"))).await;
    for look_ups in [look_ups(0, Some(45)), look_ups(u8::MAX, None), LookUps::default()] {
        settle(log, &entry, Settlement::Unknown(look_ups.clone())).await;
        let kept = LedgerEntry { state: LedgerState::Unknown, look_ups: look_ups.clone(), ..entry.clone() };
        assert_eq!(find(ledger, &entry).await, kept);
        let told = log.find(entry.tenant, entry.environment, entry.transaction).await.unwrap().unwrap();
        let attempts = if look_ups.attempt_lines.is_empty() { 0 } else { 2 };
        assert_eq!((told.attempts, told.attempt_lines), (attempts, look_ups.attempt_lines));
    }
    settle(log, &entry, answer()).await;
    let settled = find(ledger, &entry).await;
    settle(log, &entry, Settlement::Unknown(look_ups(9, Some(9)))).await;
    assert_eq!(find(ledger, &entry).await, settled, "what is settled stays as it is");
}

async fn rows_that_are_due_are_taken_over_the_longest_due_first(
    ledger: &dyn Ledger,
    log: &dyn TransactionLog,
) {
    take_what_others_left(ledger).await;
    let tenant: TenantId = samples::id();
    let named = |name| samples::entry(tenant, Some(name));
    let started = begun(ledger, named("started")).await;
    let second = unknown(ledger, log, named("second"), Some(30)).await;
    let first = unknown(ledger, log, samples::entry(samples::id(), Some("first")), Some(20)).await;
    let later = unknown(ledger, log, named("later"), Some(60)).await;
    let hopeless = unknown(ledger, log, named("hopeless"), None).await;
    let settled = begun(ledger, named("settled")).await;
    settle(log, &settled, answer()).await;
    let take_due = async |now| ledger.take_due(moment(now), moment(100), 10).await.unwrap();
    assert_eq!(take_due(19).await, []);
    assert_eq!(take_due(39).await, [first.clone(), second.clone()], "as they were");
    assert_eq!(take_due(39).await, [], "someone else was faster");
    let taken = LedgerEntry {
        state: LedgerState::Started,
        lease_until: moment(100),
        look_ups: LookUps { next: Some(moment(100)), ..second.look_ups.clone() },
        ..second.clone()
    };
    assert_eq!(find(ledger, &second).await, taken);
    assert!(!ledger.take_over(tenant, second.transaction, moment(99), moment(200)).await.unwrap());
    assert_eq!(take_due(40).await, [started]);
    assert_eq!(take_due(99).await, [later]);
    settle(log, &first, answer()).await;
    let again = ledger.take_due(moment(100), moment(2_000_000), 10).await.unwrap();
    assert_eq!(again.len(), 3, "whoever took them over is gone");
    assert!(again.contains(&taken));
    assert_eq!(find(ledger, &hopeless).await, hopeless);
}

async fn as_many_are_taken_over_as_are_asked_for(ledger: &dyn Ledger) {
    take_what_others_left(ledger).await;
    let tenant = samples::id();
    let entries: Vec<_> = (0..5).map(|_| samples::entry(tenant, None)).collect();
    ledger.begin(entries).await.unwrap();
    let mut taken = Vec::new();
    for limit in [0, 2, 2, 2, 2] {
        taken.push(ledger.take_due(moment(40), moment(2_000_000), limit).await.unwrap().len());
    }
    assert_eq!(taken, [0, 2, 2, 1, 0]);
}

async fn a_started_row_is_given_to_another_provider(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, samples::entry(samples::id(), Some("moves"))).await;
    let lines = Bytes::from_static(b"[{}]");
    let reroute = async |tenant, (from, to): (&str, &str)| {
        let reroute = Reroute {
            from: from.into(),
            to: to.into(),
            provider_key: "another key".into(),
            attempt_lines: lines.clone(),
        };
        ledger.reroute(tenant, entry.transaction, reroute).await.unwrap()
    };
    assert!(!reroute(entry.tenant, ("stripe", "paypal")).await, "it is another's");
    assert!(!reroute(samples::id(), ("razorpay", "stripe")).await, "a foreign tenant");
    assert_eq!(find(ledger, &entry).await, entry);
    assert!(reroute(entry.tenant, ("razorpay", "stripe")).await);
    assert!(!reroute(entry.tenant, ("razorpay", "stripe")).await, "it is there already");
    let look_ups = LookUps { attempt_lines: lines.clone(), ..entry.look_ups.clone() };
    let (provider, provider_key) = ("stripe".into(), "another key".into());
    let moved = LedgerEntry { provider, provider_key, look_ups, ..entry.clone() };
    assert_eq!(find(ledger, &entry).await, moved);
    settle(log, &entry, samples::unknown()).await;
    assert!(!reroute(entry.tenant, ("stripe", "paypal")).await, "who knows what stripe did");
    settle(log, &entry, answer()).await;
    assert!(!reroute(entry.tenant, ("stripe", "paypal")).await);
}

async fn unknown_rows_are_counted_and_listed(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let before = ledger.unsettled().await.unwrap();
    let at = |second| LedgerEntry { started_at: moment(second), ..samples::entry(samples::id(), Some("k")) };
    let third = unknown(ledger, log, at(3), Some(60)).await;
    let first = unknown(ledger, log, at(1), None).await;
    let second = unknown(ledger, log, at(2), Some(60)).await;
    let started = begun(ledger, at(0)).await;
    let counted = ledger.unsettled().await.unwrap();
    assert_eq!(counted.waiting - before.waiting, 2);
    assert_eq!(counted.needs_attention - before.needs_attention, 1);
    assert_eq!(counted.oldest, Some(moment(1)), "what is started is at work");
    let list = async |needs_attention, limit| ledger.list_unknown(needs_attention, limit).await.unwrap();
    assert_eq!(list(false, 3).await, [first.clone(), second.clone(), third.clone()]);
    assert_eq!(list(false, 1).await.first(), Some(&first));
    assert_eq!(list(true, 1).await.first(), Some(&first));
    assert_eq!((list(false, 1).await.len(), list(true, 1).await.len(), list(true, 0).await.len()), (1, 1, 0));
    assert!(list(true, 1000).await.iter().all(|row| row.look_ups.next.is_none()));
    for entry in [started, first, second, third] {
        settle(log, &entry, answer()).await;
    }
    assert_eq!(ledger.unsettled().await.unwrap(), before);
}
