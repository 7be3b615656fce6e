//! Entries that wait are begun together, and a store that fails leaves nobody without an answer.

use domain::ports::Begun;
use futures_util::future::join_all;

use crate::doubles::{Committed, Stage, ledger_entry};
use crate::{Fallback, LedgerHandle, LedgerUnavailable};

fn begin(ledger: &LedgerHandle, number: u32) -> actix_rt::task::JoinHandle<Result<Begun, LedgerUnavailable>> {
    let ledger = ledger.clone();
    actix_rt::spawn(async move { ledger.begin(ledger_entry(number, None), Fallback::None).await })
}

/// Waits until this many entries wait behind the commit under way.
async fn waiting(ledger: &LedgerHandle, entries: usize) {
    while ledger.observe().await.waiting != entries {
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn what_comes_during_a_commit_goes_into_the_next_one_together() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.commits.close();
    let first = begin(&tree.ledger, 1);
    stage.ledger.commits.arrived(1).await;
    let others: Vec<_> = (2..302).map(|number| begin(&tree.ledger, number)).collect();
    waiting(&tree.ledger, 300).await;
    stage.ledger.commits.open();
    assert_eq!(first.await.unwrap(), Ok(Begun::Started));
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(Begun::Started));
    }
    assert_eq!(*stage.ledger.batches.lock().unwrap(), [1, 256, 44]);
    assert_eq!(tree.ledger.observe().await.committed, 301);
}

#[actix_rt::test]
async fn of_a_thousand_twins_one_begins_in_a_handful_of_commits() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.commits.close();
    let twins = actix_rt::spawn({
        let ledger = tree.ledger.clone();
        async move {
            join_all((0..1000).map(|number| ledger.begin(ledger_entry(number, Some("same")), Fallback::None)))
                .await
        }
    });
    loop {
        let observed = tree.ledger.observe().await;
        if observed.waiting + observed.under_way == 1000 {
            break;
        }
        tokio::task::yield_now().await;
    }
    stage.ledger.commits.open();
    let begun: Vec<Begun> = twins.await.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::Started).count(), 1);
    assert!(stage.ledger.batches.lock().unwrap().len() <= 5);
}

#[actix_rt::test]
async fn a_store_that_is_away_is_told_to_all_who_wait_and_the_next_commit_works() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.fault.set_away(true);
    let refused =
        join_all((0..3).map(|number| tree.ledger.begin(ledger_entry(number, None), Fallback::None))).await;
    assert!(refused.into_iter().all(|answer| answer == Err(LedgerUnavailable::Store)));
    stage.ledger.fault.set_away(false);
    assert_eq!(tree.ledger.begin(ledger_entry(4, None), Fallback::None).await, Ok(Begun::Started));
}

#[actix_rt::test]
async fn a_commit_that_panics_is_told_to_its_callers_and_what_waits_is_committed() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.commits.close();
    stage.ledger.fault.panic_times(1);
    let doomed = begin(&tree.ledger, 1);
    stage.ledger.commits.arrived(1).await;
    let others: Vec<_> = (2..5).map(|number| begin(&tree.ledger, number)).collect();
    waiting(&tree.ledger, 3).await;
    stage.ledger.commits.open();
    assert_eq!(doomed.await.unwrap(), Err(LedgerUnavailable::Lost));
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(Begun::Started));
    }
    assert_eq!(tree.ledger.observe().await.restarts, 1);
}

#[actix_rt::test]
async fn a_full_queue_refuses_before_anything_is_sent() {
    let mut stage = Stage::new();
    stage.settings.ledger.queue = 2;
    let tree = stage.start();
    stage.ledger.commits.close();
    let first = begin(&tree.ledger, 1);
    stage.ledger.commits.arrived(1).await;
    let second = begin(&tree.ledger, 2);
    waiting(&tree.ledger, 1).await;
    assert_eq!(tree.ledger.begin(ledger_entry(3, None), Fallback::None).await, Err(LedgerUnavailable::Busy));
    stage.ledger.commits.open();
    assert_eq!(first.await.unwrap(), Ok(Begun::Started));
    assert_eq!(second.await.unwrap(), Ok(Begun::Started));
}

#[actix_rt::test]
async fn no_row_is_begun_for_a_caller_that_has_gone() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.commits.close();
    let first = begin(&tree.ledger, 1);
    stage.ledger.commits.arrived(1).await;
    let gone = begin(&tree.ledger, 2);
    let stays = begin(&tree.ledger, 3);
    waiting(&tree.ledger, 2).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    stage.ledger.commits.open();
    assert_eq!(first.await.unwrap(), Ok(Begun::Started));
    assert_eq!(stays.await.unwrap(), Ok(Begun::Started));
    assert_eq!(*stage.ledger.batches.lock().unwrap(), [1, 1]);
}

#[actix_rt::test]
async fn whose_time_is_over_knows_whether_the_store_was_asked() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.ledger.commits.close();
    let brief = std::time::Duration::from_millis(20);
    let begin = |number| tree.ledger.begin_within(brief, ledger_entry(number, None), Fallback::None);
    assert_eq!(begin(1).await, Err(LedgerUnavailable::Unsure));
    assert_eq!(begin(2).await, Err(LedgerUnavailable::Late));
    stage.ledger.commits.open();
    assert_eq!(tree.ledger.begin(ledger_entry(3, None), Fallback::None).await, Ok(Begun::Started));
    let order = stage.ledger.order.lock().unwrap().clone();
    assert_eq!(order, [Committed::Begun(1), Committed::Begun(3)]);
}

#[actix_rt::test]
async fn a_stopped_writer_refuses() {
    let stage = Stage::new();
    let tree = stage.start();
    let ledger = tree.ledger.clone();
    tree.stop().await;
    assert_eq!(ledger.begin(ledger_entry(1, None), Fallback::None).await, Err(LedgerUnavailable::Stopped));
    assert!(!ledger.observe().await.is_up);
}
