//! After the process's death, and around records that the store will not have.

use domain::ports::{Journal, Owed};

use super::{failed_writes, rows, write};
use crate::doubles::Stage;

#[actix_rt::test]
async fn what_a_killed_process_left_is_written_before_what_comes_next() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    write(&tree, 1..=100);
    tree.log.flush().await.unwrap();
    stage.log.fault.set_away(true);
    write(&tree, 101..=1_000);
    failed_writes(&tree, 1).await;
    let next = stage.after_a_crash();
    let tree = next.start();
    assert_eq!(tree.log.observe().await.dropped, 0);
    write(&tree, 1_001..=1_010);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&next), (101..=1_010).collect::<Vec<u128>>());
    assert_eq!(next.journal().standing().open(), 0);
}

#[actix_rt::test]
async fn a_process_killed_while_it_recovers_leaves_what_it_had_not_written() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=500);
    let second = stage.after_a_crash();
    let tree = second.start();
    while rows(&second).len() < 100 {
        tokio::task::yield_now().await;
    }
    second.log.fault.set_away(true);
    let third = second.after_a_crash();
    let before = rows(&second);
    third.start().log.flush().await.unwrap();
    let after = rows(&third);
    // A repeat of what was not acknowledged is harmless; a gap would not be.
    let first = after.first().copied().unwrap_or(501);
    assert!(first <= u128::try_from(before.len()).unwrap() + 1);
    assert_eq!(after, (first..=500).collect::<Vec<u128>>());
    second.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&second), (1..=500).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn a_record_that_the_store_refuses_is_kept_and_blocks_nothing() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    *stage.log.refuses.lock().unwrap() = Some(2);
    write(&tree, 1..=50);
    tree.log.flush().await.unwrap();
    let mut written = rows(&stage);
    written.sort_unstable();
    assert_eq!(written, (1..=50).filter(|number| *number != 2).collect::<Vec<u128>>());
    let observed = tree.log.observe().await;
    assert_eq!((observed.refused, observed.unwritten, observed.dropped), (1, 0, 0));
    assert_eq!(stage.journal().standing().open(), 0, "it does not hold up the journal");
    let refused = stage.journal().refused.lock().unwrap().clone();
    assert!(matches!(refused.as_slice(), [Owed::Recorded(record)]
        if record.settlement.as_ref().is_some_and(|(_, transaction, _)| transaction.as_u128() == 2)));
}

#[actix_rt::test]
async fn a_record_that_kills_every_writer_is_kept_and_blocks_nothing() {
    let mut stage = Stage::with_journal();
    stage.settings.supervision.restarts = 1_000_000;
    let tree = stage.start();
    *stage.log.poison.lock().unwrap() = Some(2);
    write(&tree, 1..=5);
    tree.log.flush().await.unwrap();
    assert_eq!(tree.log.observe().await.refused, 1);
    assert_eq!(stage.journal().standing().open(), 0);
    assert_eq!(rows(&stage).len(), 4);
}

#[actix_rt::test]
async fn a_store_that_refuses_everything_is_taken_for_one_that_is_away() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.refuses_all.store(true, std::sync::atomic::Ordering::SeqCst);
    write(&tree, 1..=3_000);
    failed_writes(&tree, 1_100).await;
    assert_eq!(tree.log.observe().await.refused, 0, "so many are not at fault themselves");
    stage.log.refuses_all.store(false, std::sync::atomic::Ordering::SeqCst);
    tree.log.flush().await.unwrap();
    let mut written = rows(&stage);
    written.sort_unstable();
    assert_eq!(written, (1..=3_000).collect::<Vec<u128>>());
}
