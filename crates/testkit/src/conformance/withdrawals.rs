//! What a ledger promises about rows of which nobody knows whether they were begun.

use std::sync::Arc;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{LedgerEntry, LedgerState, Settlement};

use tokio::task::JoinSet;

use super::samples::{self, moment};

/// Runs the suite; both ports are of one store.
pub async fn passes(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    what_comes_in_after_it_was_withdrawn_begins_nothing(ledger).await;
    what_was_in_before_it_is_withdrawn_leaves_key_and_serial_free(ledger).await;
    it_may_be_withdrawn_again(ledger).await;
    who_has_taken_it_over_keeps_it(ledger, log).await;
    what_has_ended_stays_as_it_is(ledger, log).await;
    another_tenants_row_stays_as_it_is(ledger).await;
    it_is_forgotten_like_every_other(ledger).await;
}

/// Begins rows and withdraws them at once: whichever comes first, nothing is begun in the end.
pub async fn a_row_that_is_begun_and_withdrawn_at_once_is_withdrawn(ledger: Arc<dyn Ledger>) {
    let mut both = JoinSet::new();
    for number in 0..200 {
        let ledger = Arc::clone(&ledger);
        both.spawn(async move {
            let row = entry(&format!("race {number}"));
            let (begun, is_withdrawn) =
                tokio::join!(ledger.begin(vec![row.clone()]), ledger.withdraw(settled(&row)));
            assert!(is_withdrawn.unwrap());
            let begun = begun.unwrap().pop().unwrap();
            assert!(matches!(&begun, Begun::Started | Begun::Existing(_)), "{begun:?}");
            assert_eq!(find(&*ledger, &row).await, None);
            assert_eq!(begin(&*ledger, &row).await, Begun::Existing(Box::new(withdrawn(&row))));
        });
    }
    both.join_all().await;
}

fn entry(key: &str) -> LedgerEntry {
    LedgerEntry { serial: Some("order 7".into()), ..samples::entry(samples::id(), Some(key)) }
}

/// Returns an entry as it is given to be withdrawn.
fn settled(entry: &LedgerEntry) -> LedgerEntry {
    let body = Bytes::from(format!("nothing was sent for {}", entry.transaction));
    LedgerEntry { state: LedgerState::Settled { status: 503, body }, ..entry.clone() }
}

/// Returns an entry as it is once it was withdrawn.
fn withdrawn(entry: &LedgerEntry) -> LedgerEntry {
    LedgerEntry { idempotency_key: None, serial: None, ..settled(entry) }
}

async fn begin(ledger: &dyn Ledger, entry: &LedgerEntry) -> Begun {
    ledger.begin(vec![entry.clone()]).await.unwrap().pop().unwrap()
}

async fn find(ledger: &dyn Ledger, entry: &LedgerEntry) -> Option<LedgerEntry> {
    let key = entry.idempotency_key.as_deref().unwrap();
    ledger.find(entry.tenant, entry.environment, key).await.unwrap()
}

/// Returns another request with the same key and serial.
fn twin(entry: &LedgerEntry) -> LedgerEntry {
    LedgerEntry { transaction: samples::id(), ..entry.clone() }
}

async fn what_comes_in_after_it_was_withdrawn_begins_nothing(ledger: &dyn Ledger) {
    let late = entry("late");
    assert!(ledger.withdraw(settled(&late)).await.unwrap());
    assert_eq!(find(ledger, &late).await, None, "its key is free");
    assert_eq!(begin(ledger, &late).await, Begun::Existing(Box::new(withdrawn(&late))));
    // In a batch its neighbours begin all the same.
    let (neighbour, again) = (twin(&late), late.clone());
    let begun = ledger.begin(vec![again, neighbour.clone()]).await.unwrap();
    assert!(matches!(&*begun, [Begun::Existing(_), _]), "{begun:?}");
    assert!(
        ledger
            .take_due(moment(2_000_000), moment(2_000_001), 500)
            .await
            .unwrap()
            .iter()
            .all(|row| row.transaction != late.transaction)
    );
}

async fn what_was_in_before_it_is_withdrawn_leaves_key_and_serial_free(ledger: &dyn Ledger) {
    let early = entry("early");
    assert_eq!(begin(ledger, &early).await, Begun::Started);
    assert!(ledger.withdraw(settled(&early)).await.unwrap());
    assert_eq!(find(ledger, &early).await, None);
    let next = twin(&early);
    assert_eq!(begin(ledger, &next).await, Begun::Started);
    assert_eq!(find(ledger, &early).await, Some(next));
}

async fn it_may_be_withdrawn_again(ledger: &dyn Ledger) {
    for is_in in [true, false] {
        let twice = entry("twice");
        if is_in {
            assert_eq!(begin(ledger, &twice).await, Begun::Started);
        }
        for _ in 0..2 {
            assert!(ledger.withdraw(settled(&twice)).await.unwrap());
        }
    }
}

async fn who_has_taken_it_over_keeps_it(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let taken = entry("taken");
    assert_eq!(begin(ledger, &taken).await, Begun::Started);
    let until = taken.lease_until.after(std::time::Duration::from_secs(30));
    assert!(ledger.take_over(taken.tenant, taken.transaction, taken.lease_until, until).await.unwrap());
    assert!(!ledger.withdraw(settled(&taken)).await.unwrap());
    let row = find(ledger, &taken).await.unwrap();
    assert_eq!((row.state, row.lease_until), (LedgerState::Started, until));
    let settlement = Some((taken.tenant, taken.transaction, samples::unknown()));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
    assert!(!ledger.withdraw(settled(&taken)).await.unwrap());
    assert_eq!(find(ledger, &taken).await.unwrap().state, LedgerState::Unknown);
}

async fn what_has_ended_stays_as_it_is(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let ended = entry("ended");
    assert_eq!(begin(ledger, &ended).await, Begun::Started);
    let (status, body) = (201, Bytes::from_static(b"{}"));
    let settlement = Settlement::Settled { status, body: body.clone() };
    let settlement = Some((ended.tenant, ended.transaction, settlement));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
    assert!(!ledger.withdraw(settled(&ended)).await.unwrap());
    assert_eq!(find(ledger, &ended).await.unwrap().state, LedgerState::Settled { status, body });
}

async fn another_tenants_row_stays_as_it_is(ledger: &dyn Ledger) {
    let mine = entry("mine");
    assert_eq!(begin(ledger, &mine).await, Begun::Started);
    let theirs = LedgerEntry { tenant: samples::id(), ..mine.clone() };
    assert!(ledger.withdraw(settled(&theirs)).await.unwrap(), "an id is a tenant's own");
    assert_eq!(find(ledger, &mine).await, Some(mine));
}

async fn it_is_forgotten_like_every_other(ledger: &dyn Ledger) {
    let old = entry("old");
    assert!(ledger.withdraw(settled(&old)).await.unwrap());
    let past = old.replay_until.after(std::time::Duration::from_millis(1));
    while ledger.prune(past, 500).await.unwrap() > 0 {}
    assert_eq!(begin(ledger, &old).await, Begun::Started, "nothing is left of it");
}
