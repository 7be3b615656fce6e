//! What was begun in the journal comes to the store in order, when that is back.

use std::time::Duration;

use domain::ports::{Begun, Journal};
use domain::{Environment, LedgerEntry, LedgerState, Settlement, TransactionId};

use super::{back, settle, settled, store_away, to_paypal};
use crate::doubles::{Committed, Stage, ledger_entry, tenant_id};
use crate::{Fallback, LedgerUnavailable};

fn position(stage: &Stage, what: Committed) -> Option<usize> {
    stage.ledger.order.lock().unwrap().iter().position(|committed| *committed == what)
}

#[actix_rt::test]
async fn every_row_is_begun_before_it_is_settled_and_in_few_commits() {
    let stage = store_away();
    let tree = stage.start();
    for number in 1..=2_000 {
        let key = number.to_string();
        let key = (number % 3 != 0).then_some(&*key);
        let begun = tree.ledger.begin(ledger_entry(number, key), Fallback::Journal).await;
        assert_eq!(begun, Ok(Begun::Started));
        settle(&tree, number, settled(number));
    }
    let tries = stage.ledger.batches.lock().unwrap().len();
    back(&stage);
    tree.log.flush().await.unwrap();
    for number in 1..=2_000 {
        let begun = position(&stage, Committed::Begun(number)).unwrap();
        let recorded = position(&stage, Committed::Recorded(number)).unwrap();
        assert!(begun < recorded, "{number}");
    }
    let rows = stage.log.rows.lock().unwrap().clone();
    assert_eq!(rows, (1..=2_000).collect::<Vec<u128>>());
    let commits = stage.ledger.batches.lock().unwrap().len() - tries;
    assert!(commits <= 300, "batches of 16 entries are 8 rows: {commits}");
    assert_eq!(stage.journal().standing().open(), 0);
    assert!(!tree.ledger.observe().await.is_store_away);
}

#[actix_rt::test]
async fn rows_of_one_key_come_one_after_the_other() {
    const DAY: Duration = Duration::from_secs(86_400);
    let stage = store_away();
    let tree = stage.start();
    for number in 1..=40_u32 {
        // The answer before is no longer replayed.
        let entry = ledger_entry(number, Some("same"));
        let started_at = entry.started_at.after(DAY * number);
        let entry = LedgerEntry { started_at, replay_until: started_at.after(DAY), ..entry };
        assert_eq!(tree.ledger.begin(entry, Fallback::Journal).await, Ok(Begun::Started));
        settle(&tree, number, settled(number));
    }
    back(&stage);
    tree.log.flush().await.unwrap();
    let order = stage.ledger.order.lock().unwrap().clone();
    let mut expected = Vec::new();
    for number in 1..=40 {
        expected.extend([Committed::Begun(number), Committed::Recorded(number)]);
    }
    assert_eq!(order, expected);
}

#[actix_rt::test]
async fn what_was_taken_back_meanwhile_is_never_begun() {
    let stage = store_away();
    let tree = stage.start();
    for number in 1..=40 {
        let begun = tree.ledger.begin(ledger_entry(number, Some("same")), Fallback::Journal).await;
        assert_eq!(begun, Ok(Begun::Started));
        settle(&tree, number, Settlement::Released);
    }
    let next = stage.after_a_crash();
    next.start().log.flush().await.unwrap();
    let order = next.ledger.order.lock().unwrap().clone();
    assert_eq!(order, (1..=40).map(Committed::Recorded).collect::<Vec<_>>());
}

#[actix_rt::test]
async fn what_was_begun_for_a_caller_that_has_gone_is_taken_back() {
    let stage = store_away();
    let tree = stage.start();
    stage.journal().syncs.close();
    let ledger = tree.ledger.clone();
    let gone =
        actix_rt::spawn(async move { ledger.begin(ledger_entry(1, Some("same")), Fallback::Journal).await });
    stage.journal().syncs.arrived(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    stage.journal().syncs.open();
    let begun = tree.ledger.begin(ledger_entry(2, Some("same")), Fallback::Journal).await;
    assert_eq!(begun, Ok(Begun::Started), "the key is free");
}

#[actix_rt::test]
async fn while_it_drains_a_twin_still_meets_the_row_of_the_journal() {
    let stage = store_away();
    let tree = stage.start();
    let begun = tree.ledger.begin(ledger_entry(1, Some("same")), Fallback::Journal).await;
    assert_eq!(begun, Ok(Begun::Started));
    // The ledger is back; the log's writer is held in the middle of its drain.
    stage.log.writes.close();
    settle(&tree, 1, settled(1));
    back(&stage);
    while tree.ledger.observe().await.is_store_away {
        tokio::task::yield_now().await;
    }
    match tree.ledger.begin(ledger_entry(2, Some("same")), Fallback::None).await {
        Ok(Begun::Existing(row)) => {
            assert_eq!(row.state, LedgerState::Settled { status: 201, body: "1".into() });
        }
        other => panic!("{other:?}"),
    }
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    // From now on the store tells.
    match tree.ledger.begin(ledger_entry(3, Some("same")), Fallback::None).await {
        Ok(Begun::Existing(row)) => assert_eq!(row.transaction, TransactionId::from_u128(1)),
        other => panic!("{other:?}"),
    }
}

#[actix_rt::test]
async fn while_it_drains_a_row_whose_answer_is_on_its_way_is_neither_looked_up_nor_rerouted() {
    let mut stage = store_away();
    // Time enough for all of it to go together.
    stage.settings.log.linger = Duration::from_millis(500);
    let tree = stage.start();
    for (number, key) in [(1, "answered"), (2, "open")] {
        let begun = tree.ledger.begin(ledger_entry(number, Some(key)), Fallback::Journal).await;
        assert_eq!(begun, Ok(Begun::Started));
    }
    // Both are begun in the store; the log's writer is held before what became of one.
    stage.log.writes.close();
    settle(&tree, 1, settled(1));
    back(&stage);
    while tree.ledger.is_store_away() || stage.ledger.rows.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    let lease_until = ledger_entry(1, None).lease_until;
    let until = lease_until.after(Duration::from_secs(30));
    let due = tree.ledger.take_due(lease_until, until, 10).await.unwrap();
    assert_eq!(due, [ledger_entry(2, Some("open"))]);
    let transaction = TransactionId::from_u128(2);
    let provider = ledger_entry(2, None).provider;
    let rerouted = tree.ledger.reroute(tenant_id(1), transaction, to_paypal(&provider)).await;
    assert_eq!(rerouted, Err(LedgerUnavailable::Store));
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    let rerouted = tree.ledger.reroute(tenant_id(1), transaction, to_paypal(&provider)).await;
    assert_eq!(rerouted, Ok(true));
    let moved = tree.ledger.find(tenant_id(1), Environment::Test, "open").await.unwrap().unwrap();
    assert_eq!((&*moved.provider, moved.look_ups.attempt_lines), ("paypal", "[]".into()));
}

#[actix_rt::test]
async fn a_twin_of_another_node_is_met_and_the_record_is_still_written() {
    let stage = store_away();
    let tree = stage.start();
    let begun = tree.ledger.begin(ledger_entry(1, Some("same")), Fallback::Journal).await;
    assert_eq!(begun, Ok(Begun::Started));
    settle(&tree, 1, settled(1));
    let theirs = ledger_entry(77, Some("same"));
    let key = (tenant_id(1), theirs.environment, "same".into());
    stage.ledger.rows.lock().unwrap().insert(key, theirs.clone());
    back(&stage);
    tree.log.flush().await.unwrap();
    assert_eq!(*stage.log.rows.lock().unwrap(), [1]);
    assert_eq!(tree.ledger.find(tenant_id(1), theirs.environment, "same").await, Ok(Some(theirs)));
}

#[actix_rt::test]
async fn a_crash_in_the_middle_of_an_outage_loses_no_row() {
    let stage = store_away();
    let tree = stage.start();
    for number in 1..=100 {
        let key = number.to_string();
        let begun = tree.ledger.begin(ledger_entry(number, Some(&key)), Fallback::Journal).await;
        assert_eq!(begun, Ok(Begun::Started));
        if number % 2 == 0 {
            settle(&tree, number, settled(number));
        }
    }
    let next = stage.after_a_crash();
    let tree = next.start();
    tree.log.flush().await.unwrap();
    assert_eq!(next.ledger.rows.lock().unwrap().len(), 100);
    assert_eq!(next.log.rows.lock().unwrap().len(), 50);
    for number in (2..=100).step_by(2) {
        assert!(position(&next, Committed::Begun(number)) < position(&next, Committed::Recorded(number)));
    }
}
