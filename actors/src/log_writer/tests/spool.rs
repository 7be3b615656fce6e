//! With a journal: what memory has no place for waits on the disk, in its order.

use std::time::Duration;

use domain::ports::Journal;

use super::{failed_writes, rows, write};
use crate::doubles::{Stage, record};
use crate::{LogStopped, Overloaded};

#[actix_rt::test]
async fn a_record_is_in_the_journal_before_its_caller_goes_on() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.writes.close();
    for number in 1..=3 {
        tree.log.reserve().unwrap().record(record(number));
        assert_eq!(u128::from(stage.journal().standing().last), number);
    }
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    assert_eq!(stage.journal().standing().open(), 0);
}

#[actix_rt::test]
async fn of_a_hundred_thousand_records_none_is_lost_while_the_store_is_away() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=50_000);
    failed_writes(&tree, 3).await;
    write(&tree, 50_001..=100_000);
    let observed = tree.log.observe().await;
    assert_eq!((observed.unwritten, observed.written, observed.dropped), (100_000, 0, 0));
    assert_eq!(observed.spooled, 100_000 - 64, "memory has as many as there are places");
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=100_000).collect::<Vec<u128>>(), "all, once, and in order");
    let observed = tree.log.observe().await;
    assert_eq!((observed.unwritten, observed.written, observed.dropped), (0, 100_000, 0));
    assert_eq!((observed.spooled, observed.free), (0, 64));
    assert_eq!(stage.journal().standing().open(), 0);
}

#[actix_rt::test]
async fn memory_takes_over_again_when_the_writer_has_caught_up() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=200);
    assert!(tree.log.observe().await.spooled > 0);
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    stage.log.writes.close();
    write(&tree, 201..=230);
    assert_eq!(tree.log.observe().await.spooled, 0);
    stage.log.writes.open();
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=230).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn records_that_come_while_the_journal_is_emptied_keep_their_order() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=300);
    stage.log.fault.set_away(false);
    for number in 301..=3_000 {
        tree.log.reserve().unwrap().record(record(number));
        tokio::task::yield_now().await;
    }
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=3_000).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn a_flush_waits_for_what_is_in_the_journal_only() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=100);
    let log = tree.log.clone();
    let flushing = actix_rt::spawn(async move { log.flush().await });
    failed_writes(&tree, 5).await;
    assert!(!flushing.is_finished());
    stage.log.fault.set_away(false);
    flushing.await.unwrap().unwrap();
    assert_eq!(rows(&stage).len(), 100);
}

#[actix_rt::test]
async fn only_a_full_journal_and_a_full_memory_refuse() {
    let mut stage = Stage::with_journal();
    stage.settings.log.queue = 4;
    let tree = stage.start();
    stage.journal().set_capacity(100);
    stage.log.fault.set_away(true);
    let mut accepted = 0;
    while let Ok(place) = tree.log.reserve() {
        accepted += 1;
        place.record(record(accepted));
    }
    assert!((90..=104).contains(&accepted), "{accepted}");
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded);
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=accepted).collect::<Vec<u128>>());
    assert!(tree.log.reserve().is_ok());
    assert_eq!(tree.log.observe().await.dropped, 0);
}

#[actix_rt::test]
async fn a_journal_that_fills_up_after_the_reservation_costs_no_record() {
    let mut stage = Stage::with_journal();
    stage.settings.log.queue = 1;
    let tree = stage.start();
    stage.log.fault.set_away(true);
    let places: Vec<_> = (0..9).map(|_| tree.log.reserve().unwrap()).collect();
    stage.journal().set_capacity(2);
    for (place, number) in places.into_iter().zip(1..) {
        place.record(record(number));
    }
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded);
    let observed = tree.log.observe().await;
    assert_eq!((observed.unwritten, observed.dropped), (9, 0));
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=9).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn stopping_while_the_store_is_away_leaves_everything_in_the_journal() {
    let mut stage = Stage::with_journal();
    stage.settings.stop_grace = Duration::ZERO;
    let tree = stage.start();
    let log = tree.log.clone();
    stage.log.fault.set_away(true);
    write(&tree, 1..=100);
    let report = tree.stop().await;
    assert_eq!((report.unwritten, report.spooled), (0, 100));
    assert!(stage.journal().syncs.count() >= 1, "the machine may go down next");
    assert_eq!(log.flush().await, Err(LogStopped { unwritten: 100 }));
    let next = stage.after_a_crash();
    next.start().log.flush().await.unwrap();
    assert_eq!(rows(&next), (1..=100).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn stopping_waits_for_records_whose_place_is_in_the_journal() {
    let mut stage = Stage::with_journal();
    stage.settings.log.queue = 1;
    let tree = stage.start();
    let log = tree.log.clone();
    let places = [log.reserve().unwrap(), log.reserve().unwrap()];
    let stopping = actix_rt::spawn(tree.stop());
    while log.reserve().is_ok() {
        tokio::task::yield_now().await;
    }
    for (place, number) in places.into_iter().zip(1..) {
        place.record(record(number));
    }
    let report = stopping.await.unwrap();
    assert_eq!((report.unwritten, report.spooled), (0, 0));
    assert_eq!(rows(&stage), [1, 2]);
}

#[actix_rt::test]
async fn handles_on_many_threads_share_one_order() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    let writers: Vec<_> = (0..4_u128)
        .map(|thread| {
            let log = tree.log.clone();
            actix_rt::task::spawn_blocking(move || {
                for number in 1..=500 {
                    log.reserve().unwrap().record(record(thread * 1_000 + number));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    let rows = rows(&stage);
    assert_eq!(rows.len(), 2_000);
    for thread in 0..4 {
        let own: Vec<u128> = rows.iter().copied().filter(|number| number / 1_000 == thread).collect();
        assert!(own.is_sorted(), "each thread's records stay in its order");
    }
}
