//! With a journal, while the store is away: what can be repeated is begun, once for each key, and nobody waits for the store.

use std::sync::atomic::Ordering;

use domain::ports::{Begun, Journal};
use domain::{Environment, LedgerEntry, LedgerState, LookUps, Settlement, Timestamp, TransactionId};

use super::{back, settle, settled, store_away, to_paypal};
use crate::doubles::{Stage, ledger_entry, tenant_id};
use crate::{Fallback, LedgerUnavailable, Tree};

async fn begin(tree: &Tree, number: u32, key: &str) -> Result<Begun, LedgerUnavailable> {
    tree.ledger.begin(ledger_entry(number, Some(key)), Fallback::Journal).await
}

async fn existing(tree: &Tree, number: u32, key: &str) -> LedgerEntry {
    match begin(tree, number, key).await {
        Ok(Begun::Existing(row)) => *row,
        other => panic!("{other:?}"),
    }
}

async fn find(tree: &Tree, key: &str) -> Result<Option<LedgerEntry>, LedgerUnavailable> {
    tree.ledger.find(tenant_id(1), Environment::Test, key).await
}

async fn take_over(tree: &Tree, number: u32, now: Timestamp) -> Result<bool, LedgerUnavailable> {
    let until = now.after(std::time::Duration::from_secs(30));
    tree.ledger.take_over(tenant_id(1), TransactionId::from_u128(u128::from(number)), now, until).await
}

#[actix_rt::test]
async fn only_what_can_be_repeated_is_begun_in_the_journal() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "keyed").await, Ok(Begun::Started));
    let unkeyed = tree.ledger.begin(ledger_entry(2, Some("unkeyed")), Fallback::None).await;
    assert_eq!(unkeyed, Err(LedgerUnavailable::Store));
    assert!(stage.journal().syncs.count() >= 1, "it survives a power failure");
    let observed = tree.ledger.observe().await;
    assert_eq!((observed.journaled, observed.failed, observed.is_store_away), (1, 1, true));
}

#[actix_rt::test]
async fn without_a_journal_nothing_is_begun() {
    let stage = Stage::new();
    stage.ledger.fault.set_away(true);
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "keyed").await, Err(LedgerUnavailable::Store));
    assert!(!tree.ledger.observe().await.is_store_away);
}

#[actix_rt::test]
async fn a_twin_meets_the_row_in_the_journal_and_later_its_answer() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "same").await, Ok(Begun::Started));
    let row = existing(&tree, 2, "same").await;
    assert_eq!(row, ledger_entry(1, Some("same")));
    assert_eq!(find(&tree, "same").await, Ok(Some(row)));
    settle(&tree, 1, settled(1));
    let state = LedgerState::Settled { status: 201, body: "1".into() };
    assert_eq!(existing(&tree, 3, "same").await.state, state);
    assert_eq!(find(&tree, "same").await.unwrap().unwrap().state, state);
    // Once settled it stays so.
    settle(&tree, 1, Settlement::Unknown(LookUps::default()));
    assert_eq!(existing(&tree, 4, "same").await.state, state);
    assert_eq!(find(&tree, "other").await, Err(LedgerUnavailable::Store));
}

#[actix_rt::test]
async fn of_twins_that_come_together_one_begins() {
    let stage = store_away();
    let tree = stage.start();
    let twins = (0..100).map(|number| begin(&tree, number, "same"));
    let begun = futures_util::future::join_all(twins).await;
    assert_eq!(begun.iter().filter(|begun| **begun == Ok(Begun::Started)).count(), 1);
    assert!(begun.iter().all(Result::is_ok));
}

#[actix_rt::test]
async fn a_key_is_free_again_when_nothing_happened_or_its_answer_is_no_longer_replayed() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "released").await, Ok(Begun::Started));
    settle(&tree, 1, Settlement::Released);
    assert_eq!(begin(&tree, 2, "released").await, Ok(Begun::Started));
    assert_eq!(existing(&tree, 3, "released").await.transaction, TransactionId::from_u128(2));
    assert_eq!(begin(&tree, 4, "over").await, Ok(Begun::Started));
    settle(&tree, 4, settled(4));
    let late =
        LedgerEntry { started_at: ledger_entry(4, None).replay_until, ..ledger_entry(5, Some("over")) };
    assert_eq!(tree.ledger.begin(late, Fallback::Journal).await, Ok(Begun::Started));
}

#[actix_rt::test]
async fn an_unknown_row_is_taken_over_by_one() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "lost").await, Ok(Begun::Started));
    let now = ledger_entry(1, None).started_at;
    assert_eq!(take_over(&tree, 1, now).await, Ok(false), "its owner is at work");
    settle(&tree, 1, Settlement::Unknown(LookUps::default()));
    assert_eq!(existing(&tree, 2, "lost").await.state, LedgerState::Unknown);
    assert_eq!(take_over(&tree, 1, now).await, Ok(true));
    assert_eq!(take_over(&tree, 1, now).await, Ok(false));
    let row = existing(&tree, 3, "lost").await;
    assert_eq!((row.state, row.lease_until.since(now).as_secs()), (LedgerState::Started, 30));
    assert_eq!(take_over(&tree, 1, row.lease_until).await, Ok(true), "its lease is over");
    assert_eq!(
        take_over(&tree, 9, now).await,
        Err(LedgerUnavailable::Store),
        "a row that only the store may have"
    );
}

#[actix_rt::test]
async fn an_unknown_row_keeps_what_was_done_to_find_out() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "lost").await, Ok(Begun::Started));
    let now = ledger_entry(1, None).started_at;
    let look_ups = LookUps { done: 2, next: Some(now), attempt_lines: "[{}]".into() };
    settle(&tree, 1, Settlement::Unknown(look_ups.clone()));
    assert_eq!(existing(&tree, 2, "lost").await.look_ups, look_ups);
    assert_eq!(find(&tree, "lost").await.unwrap().unwrap().look_ups, look_ups);
    assert_eq!(take_over(&tree, 1, now).await, Ok(true));
    let taken = existing(&tree, 3, "lost").await;
    assert_eq!(taken.look_ups, LookUps { next: Some(taken.lease_until), ..look_ups.clone() });
    let next = stage.after_a_crash();
    next.ledger.fault.set_away(true);
    next.log.fault.set_away(true);
    let tree = next.start();
    assert_eq!(existing(&tree, 4, "lost").await.look_ups, look_ups, "as the journal has it");
}

#[actix_rt::test]
async fn an_entry_with_a_serial_is_never_begun_in_the_journal() {
    let stage = store_away();
    let tree = stage.start();
    let entry = LedgerEntry { serial: Some("order 7".into()), ..ledger_entry(1, Some("refund")) };
    let begun = tree.ledger.begin(entry.clone(), Fallback::Journal).await;
    assert_eq!(begun, Err(LedgerUnavailable::Store));
    assert_eq!(stage.journal().standing().open(), 0);
    back(&stage);
    while tree.ledger.is_store_away() {
        tokio::task::yield_now().await;
    }
    assert_eq!(tree.ledger.begin(entry.clone(), Fallback::Journal).await, Ok(Begun::Started));
    let other = LedgerEntry { serial: entry.serial.clone(), ..ledger_entry(2, Some("other")) };
    let begun = tree.ledger.begin(other, Fallback::Journal).await;
    assert_eq!(begun, Ok(Begun::Occupied(Box::new(entry))));
}

#[actix_rt::test]
async fn what_only_the_store_can_tell_is_an_error_while_it_is_away() {
    let stage = store_away();
    let tree = stage.start();
    assert_eq!(begin(&tree, 1, "begun here").await, Ok(Begun::Started));
    let now = ledger_entry(1, None).started_at;
    let away = LedgerUnavailable::Store;
    assert_eq!(tree.ledger.take_due(now, now, 10).await, Err(away));
    assert_eq!(tree.ledger.unsettled().await, Err(away));
    assert_eq!(tree.ledger.list_unknown(false, 10).await, Err(away));
    for number in [1, 2] {
        let transaction = TransactionId::from_u128(number);
        let rerouted = tree.ledger.reroute(tenant_id(1), transaction, to_paypal("stripe")).await;
        assert_eq!(rerouted, Err(away));
    }
}

#[actix_rt::test]
async fn rows_are_known_again_after_the_process_was_killed() {
    let stage = store_away();
    let tree = stage.start();
    for (number, key) in [(1, "started"), (2, "settled"), (3, "released")] {
        assert_eq!(begin(&tree, number, key).await, Ok(Begun::Started));
    }
    settle(&tree, 2, settled(2));
    settle(&tree, 3, Settlement::Released);
    let next = stage.after_a_crash();
    next.ledger.fault.set_away(true);
    next.log.fault.set_away(true);
    let tree = next.start();
    assert_eq!(existing(&tree, 4, "started").await.state, LedgerState::Started);
    let state = LedgerState::Settled { status: 201, body: "2".into() };
    assert_eq!(existing(&tree, 5, "settled").await.state, state);
    assert_eq!(begin(&tree, 6, "released").await, Ok(Begun::Started));
}

#[actix_rt::test]
async fn a_store_that_hangs_costs_one_batch_its_timeout() {
    let mut stage = Stage::with_journal();
    stage.settings.ledger.timeout = std::time::Duration::from_millis(100);
    let tree = stage.start();
    stage.ledger.commits.close();
    for number in 1..=200 {
        assert_eq!(begin(&tree, number, &number.to_string()).await, Ok(Begun::Started));
    }
    let is_only_here = |number| tree.ledger.is_only_here(TransactionId::from_u128(number));
    assert!(!is_only_here(1), "the store may have begun it, or do so yet");
    assert!(is_only_here(200) && !is_only_here(201));
    let unkeyed = tree.ledger.begin(ledger_entry(201, None), Fallback::None).await;
    assert_eq!(unkeyed, Err(LedgerUnavailable::Store));
    // One row is the first request's; the log's writer tries what is in the journal, and no request waits for that.
    assert_eq!(tree.ledger.observe().await.journaled, 200);
    assert_eq!(stage.ledger.batches.lock().unwrap().first(), Some(&1));
    stage.ledger.commits.open();
    tree.log.flush().await.unwrap();
    while tree.ledger.observe().await.is_store_away {
        tokio::task::yield_now().await;
    }
    assert_eq!(begin(&tree, 202, "202").await, Ok(Begun::Started));
    assert_eq!(tree.ledger.observe().await.journaled, 200, "the store is back");
}

#[actix_rt::test]
async fn who_left_while_the_store_hung_is_not_begun_in_the_journal() {
    let mut stage = Stage::with_journal();
    stage.settings.ledger.timeout = std::time::Duration::from_millis(100);
    let tree = stage.start();
    stage.ledger.commits.close();
    let ledger = tree.ledger.clone();
    let left =
        actix_rt::spawn(async move { ledger.begin(ledger_entry(1, Some("same")), Fallback::Journal).await });
    stage.ledger.commits.arrived(1).await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    assert_eq!(begin(&tree, 2, "same").await, Ok(Begun::Started), "the key is free");
    assert_eq!(tree.ledger.observe().await.journaled, 1);
}

#[actix_rt::test]
async fn a_probe_finds_the_store_back_when_nothing_else_asks_it() {
    let stage = store_away();
    let tree = stage.start();
    let begun = tree.ledger.begin(ledger_entry(1, None), Fallback::None).await;
    assert_eq!(begun, Err(LedgerUnavailable::Store));
    assert!(tree.ledger.observe().await.is_store_away);
    back(&stage);
    while tree.ledger.observe().await.is_store_away {
        tokio::task::yield_now().await;
    }
    assert_eq!(tree.ledger.begin(ledger_entry(2, None), Fallback::None).await, Ok(Begun::Started));
}

#[actix_rt::test]
async fn nothing_is_begun_when_the_journal_cannot_keep_it_through_a_power_failure() {
    let stage = store_away();
    let tree = stage.start();
    stage.journal().is_sync_failing.store(true, Ordering::SeqCst);
    assert_eq!(begin(&tree, 1, "same").await, Err(LedgerUnavailable::Unsure));
    stage.journal().is_sync_failing.store(false, Ordering::SeqCst);
    assert_eq!(begin(&tree, 2, "same").await, Ok(Begun::Started), "the key is free");
    stage.journal().is_write_failing.store(true, Ordering::SeqCst);
    assert_eq!(begin(&tree, 3, "other").await, Err(LedgerUnavailable::Store));
    assert_eq!(begin(&tree, 4, "same").await.map(|begun| begun == Begun::Started), Ok(false));
}

#[actix_rt::test]
async fn nothing_is_begun_in_a_journal_that_has_no_room_for_the_outcome() {
    let stage = store_away();
    let tree = stage.start();
    stage.journal().set_capacity(32);
    let mut begun = 0;
    while begin(&tree, begun, &begun.to_string()).await == Ok(Begun::Started) {
        begun += 1;
        settle(&tree, begun - 1, settled(1));
    }
    assert_eq!(begin(&tree, 99, "99").await, Err(LedgerUnavailable::Store));
    assert!(begun > 10, "{begun}");
    assert_eq!(stage.journal().standing().open(), 2 * u64::from(begun), "every outcome found room");
}
