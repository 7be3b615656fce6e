//! Without a journal: records that were accepted are written, through a store that is away, a writer that dies, and a stop.

use std::time::Duration;

use super::{failed_writes, rows, write};
use crate::doubles::{Stage, record};
use crate::{LogStopped, Overloaded};

#[actix_rt::test]
async fn a_flush_returns_when_what_was_recorded_is_written() {
    let mut stage = Stage::new();
    stage.settings.log.linger = Duration::from_secs(3_600);
    let tree = stage.start();
    write(&tree, 1..=3);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), [1, 2, 3]);
    tree.log.flush().await.unwrap();
}

#[actix_rt::test]
async fn a_full_batch_does_not_linger() {
    let mut stage = Stage::new();
    stage.settings.log.linger = Duration::from_secs(3_600);
    let tree = stage.start();
    write(&tree, 1..=16);
    stage.log.writes.arrived(1).await;
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage).len(), 16);
}

#[actix_rt::test]
async fn what_comes_during_a_write_is_written_together_and_in_order() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.log.writes.close();
    write(&tree, 1..=1);
    stage.log.writes.arrived(1).await;
    write(&tree, 2..=20);
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=20).collect::<Vec<u128>>());
    assert_eq!(*stage.log.batches.lock().unwrap(), [1, 16, 3]);
}

#[actix_rt::test]
async fn a_store_that_was_away_has_everything_when_it_is_back() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=40);
    failed_writes(&tree, 5).await;
    assert_eq!(tree.log.observe().await.unwritten, 40);
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=40).collect::<Vec<u128>>());
    let observed = tree.log.observe().await;
    assert_eq!((observed.written, observed.unwritten, observed.free), (40, 0, 64));
}

#[actix_rt::test]
async fn a_batch_that_killed_its_writer_is_written_by_the_next() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.log.writes.close();
    stage.log.fault.panic_times(1);
    write(&tree, 1..=1);
    stage.log.writes.arrived(1).await;
    write(&tree, 2..=5);
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    let mut written = rows(&stage);
    written.sort_unstable();
    assert_eq!(written, [1, 2, 3, 4, 5]);
    assert_eq!(tree.log.observe().await.restarts, 1);
}

#[actix_rt::test]
async fn a_record_that_kills_every_writer_holds_up_no_other_and_is_kept() {
    let mut stage = Stage::new();
    stage.settings.supervision.restarts = 1_000_000;
    let tree = stage.start();
    *stage.log.poison.lock().unwrap() = Some(2);
    write(&tree, 1..=5);
    while rows(&stage).len() < 4 {
        tokio::task::yield_now().await;
    }
    write(&tree, 6..=9);
    while rows(&stage).len() < 8 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tree.log.observe().await.unwritten, 1);
    *stage.log.poison.lock().unwrap() = None;
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage).last(), Some(&2));
}

#[actix_rt::test]
async fn reservations_are_bounded_and_one_that_is_dropped_is_free_again() {
    let mut stage = Stage::new();
    stage.settings.log.queue = 2;
    let tree = stage.start();
    let first = tree.log.reserve().unwrap();
    let second = tree.log.reserve().unwrap();
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded);
    drop(first);
    let third = tree.log.reserve().unwrap();
    stage.log.writes.close();
    second.record(record(1));
    third.record(record(2));
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded);
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    assert!(tree.log.reserve().is_ok());
}

#[actix_rt::test]
async fn stopping_waits_for_records_whose_place_is_reserved() {
    let stage = Stage::new();
    let tree = stage.start();
    let log = tree.log.clone();
    write(&tree, 1..=2);
    let place = log.reserve().unwrap();
    let stopping = actix_rt::spawn(tree.stop());
    while log.reserve().is_ok() {
        tokio::task::yield_now().await;
    }
    place.record(record(3));
    assert_eq!(stopping.await.unwrap().unwritten, 0);
    assert_eq!(rows(&stage), [1, 2, 3]);
}

#[actix_rt::test]
async fn stopping_while_the_store_is_away_says_what_was_not_written() {
    let mut stage = Stage::new();
    stage.settings.stop_grace = Duration::ZERO;
    let tree = stage.start();
    let log = tree.log.clone();
    stage.log.fault.set_away(true);
    write(&tree, 1..=3);
    let flushing = actix_rt::spawn({
        let log = log.clone();
        async move { log.flush().await }
    });
    failed_writes(&tree, 1).await;
    assert_eq!(tree.stop().await.unwritten, 3);
    assert_eq!(flushing.await.unwrap(), Err(LogStopped { unwritten: 3 }));
    assert_eq!(log.flush().await, Err(LogStopped { unwritten: 3 }));
}
