//! What may go together.

use domain::ports::{Owed, Record};
use domain::{Settlement, TransactionId};

use super::runs;
use crate::doubles::{ledger_entry, tenant_id, withdrawal};
use crate::log_writer::begun::{LedgerKey, key_of};

fn begun(number: u32, key: &str) -> Owed {
    Owed::Begun(Box::new(ledger_entry(number, (!key.is_empty()).then_some(key))))
}

fn recorded(number: u32) -> Owed {
    let settlement = (tenant_id(1), TransactionId::from_u128(u128::from(number)), Settlement::Released);
    Owed::Recorded(Box::new(Record { transaction: None, settlement: Some(settlement), event: None }))
}

/// Knows transactions from 100 on: begun earlier, under the key `old`; from 200 on under none.
fn known(transaction: TransactionId) -> Option<Option<LedgerKey>> {
    match transaction.as_u128() {
        200.. => Some(None),
        100.. => Some(key_of(&ledger_entry(1, Some("old")))),
        _ => None,
    }
}

#[track_caller]
fn check(entries: Vec<Owed>, expected: &[(&[u128], &[u128])]) {
    let runs = runs(entries, known);
    let found: Vec<(Vec<u128>, Vec<u128>)> = runs
        .iter()
        .map(|run| {
            let begun = run.begun.iter().map(|entry| entry.transaction.as_u128()).collect();
            let settled = |record: &Record| record.settlement.as_ref().unwrap().1.as_u128();
            (begun, run.records.iter().map(settled).collect())
        })
        .collect();
    let expected: Vec<(Vec<u128>, Vec<u128>)> =
        expected.iter().map(|(begun, records)| (begun.to_vec(), records.to_vec())).collect();
    assert_eq!(found, expected);
}

#[test]
fn records_alone_go_together() {
    check(vec![recorded(1), recorded(100), recorded(2)], &[(&[], &[1, 100, 2])]);
}

#[test]
fn rows_of_different_keys_are_begun_together_whatever_became_of_them() {
    check(
        vec![begun(1, "a"), recorded(1), begun(2, "b"), recorded(2), begun(3, ""), recorded(3), begun(4, "")],
        &[(&[1, 2, 3, 4], &[1, 2, 3])],
    );
}

#[test]
fn a_key_is_begun_again_only_behind_what_became_of_it() {
    check(
        vec![begun(1, "a"), recorded(1), begun(2, "a"), begun(3, "b"), recorded(2)],
        &[(&[1], &[1]), (&[2, 3], &[2])],
    );
    check(vec![recorded(100), begun(1, "new"), begun(2, "old")], &[(&[1], &[100]), (&[2], &[])]);
    check(vec![recorded(200), begun(1, "new"), begun(2, "old")], &[(&[1, 2], &[200])]);
}

#[test]
fn what_became_of_a_row_of_the_store_holds_back_its_tenants_keys() {
    check(vec![recorded(9), begun(1, "a"), begun(2, "b")], &[(&[], &[9]), (&[1, 2], &[])]);
    check(vec![recorded(9), begun(1, ""), begun(2, "b")], &[(&[1], &[9]), (&[2], &[])]);
}

#[test]
fn a_key_is_begun_again_only_behind_the_row_of_it_that_is_withdrawn() {
    let withdrawn = || Owed::Withdrawn(Box::new(withdrawal(7, Some("a"))));
    let alone = runs(vec![begun(1, "b"), recorded(1), withdrawn(), begun(2, "c")], known);
    assert_eq!(alone.len(), 1);
    assert_eq!((alone[0].withdrawn.len(), alone[0].begun.len(), alone[0].records.len()), (1, 2, 1));
    let again = runs(vec![withdrawn(), begun(2, "a")], known);
    assert_eq!(
        again.iter().map(|run| (run.withdrawn.len(), run.begun.len())).collect::<Vec<_>>(),
        [(1, 0), (0, 1)]
    );
}
