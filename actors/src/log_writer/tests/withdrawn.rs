//! Rows of which it is not known whether they were begun.

use std::time::Duration;

use domain::ports::{Begun, Journal, Ledger, Withdrawal};
use domain::{LedgerEntry, TransactionId};

use super::{failed_writes, rows, write};
use crate::Tree;
use crate::doubles::{Committed, Stage, ledger_entry, tenant_id, withdrawal};

fn withdraw(tree: &Tree, number: u32, key: &str) {
    tree.log.reserve().unwrap().withdraw(withdrawal(number, Some(key)));
}

/// Lets a row come in, whoever asked for it.
async fn begin(stage: &Stage, number: u32, key: &str) {
    let begun = stage.ledger.begin(vec![ledger_entry(number, Some(key))]).await.unwrap();
    assert_eq!(begun, [Begun::Started]);
}

fn kept(stage: &Stage) -> Vec<LedgerEntry> {
    stage.ledger.rows.lock().unwrap().values().cloned().collect()
}

#[actix_rt::test]
async fn a_row_that_came_in_is_taken_back_and_told() {
    let stage = Stage::new();
    let tree = stage.start();
    begin(&stage, 1, "late").await;
    withdraw(&tree, 1, "late");
    tree.log.flush().await.unwrap();
    assert_eq!(kept(&stage), []);
    assert_eq!(rows(&stage), [1]);
}

#[actix_rt::test]
async fn one_that_somebody_has_taken_over_is_not_told() {
    let stage = Stage::new();
    let tree = stage.start();
    begin(&stage, 1, "late").await;
    let now = ledger_entry(1, None).lease_until;
    let transaction = TransactionId::from_u128(1);
    let until = now.after(Duration::from_secs(9));
    assert!(stage.ledger.take_over(tenant_id(1), transaction, now, until).await.unwrap());
    withdraw(&tree, 1, "late");
    write(&tree, 2..=2);
    tree.log.flush().await.unwrap();
    assert_eq!(kept(&stage).len(), 1);
    assert_eq!(rows(&stage), [2]);
}

#[actix_rt::test]
async fn it_is_taken_back_once_the_store_answers_and_told_behind_that() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.ledger.fault.set_away(true);
    withdraw(&tree, 1, "late");
    write(&tree, 2..=2);
    failed_writes(&tree, 3).await;
    assert_eq!(rows(&stage), [] as [u128; 0]);
    stage.ledger.fault.set_away(false);
    tree.log.flush().await.unwrap();
    let order = stage.ledger.order.lock().unwrap().clone();
    assert_eq!(order, [Committed::Withdrawn(1), Committed::Recorded(1), Committed::Recorded(2)]);
}

#[actix_rt::test]
async fn the_end_of_the_process_does_not_forget_it() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.ledger.fault.set_away(true);
    withdraw(&tree, 1, "late");
    failed_writes(&tree, 1).await;
    let next = stage.after_a_crash();
    let tree = next.start();
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&next), [1]);
    assert_eq!(next.journal().standing().open(), 0);
}

#[actix_rt::test]
async fn its_key_is_free_for_what_is_begun_in_the_journal_behind_it() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    begin(&stage, 1, "same").await;
    stage.ledger.fault.set_away(true);
    withdraw(&tree, 1, "same");
    let again = tree.ledger.begin(ledger_entry(2, Some("same")), crate::Fallback::Journal).await;
    assert_eq!(again, Ok(Begun::Started));
    stage.ledger.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(kept(&stage).iter().map(|row| row.transaction.as_u128()).collect::<Vec<_>>(), [2]);
}

#[actix_rt::test]
async fn what_comes_in_behind_it_begins_nothing() {
    let stage = Stage::new();
    let tree = stage.start();
    withdraw(&tree, 1, "late");
    tree.log.flush().await.unwrap();
    let begun = stage.ledger.begin(vec![ledger_entry(1, Some("late"))]).await.unwrap();
    assert!(matches!(&*begun, [Begun::Existing(_)]), "{begun:?}");
}

#[actix_rt::test]
async fn one_that_is_known_to_be_in_goes_with_the_others_while_nobody_else_can_find_it() {
    let mut stage = Stage::new();
    stage.settings.log.timeout = Duration::from_secs(5);
    let tree = stage.start();
    let withdraw = |number| {
        let withdrawal = Withdrawal { is_begun: true, ..withdrawal(number, None) };
        tree.log.reserve().unwrap().withdraw(withdrawal);
    };
    withdraw(1);
    write(&tree, 2..=2);
    tree.log.flush().await.unwrap();
    stage.clock.advance(Duration::from_secs(54));
    withdraw(3);
    tree.log.flush().await.unwrap();
    let order = stage.ledger.order.lock().unwrap().clone();
    let told = [Committed::Recorded(2), Committed::Recorded(1)];
    assert_eq!(order, [&told[..], &[Committed::Withdrawn(3), Committed::Recorded(3)]].concat());
}

#[actix_rt::test]
async fn one_that_only_the_journal_has_never_comes_to_the_store() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.ledger.fault.set_away(true);
    stage.log.fault.set_away(true);
    let begin = async |number, key| {
        let begun = tree.ledger.begin(ledger_entry(number, Some(key)), crate::Fallback::Journal).await;
        assert_eq!(begun, Ok(Begun::Started));
    };
    // The writer is at this one, and at no other before it is through.
    begin(9, "first").await;
    failed_writes(&tree, 1).await;
    begin(1, "same").await;
    withdraw(&tree, 1, "same");
    assert!(tree.ledger.is_taken_back_here(TransactionId::from_u128(1)).await);
    stage.ledger.fault.set_away(false);
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(*stage.ledger.order.lock().unwrap(), [Committed::Begun(9), Committed::Recorded(1)]);
}
