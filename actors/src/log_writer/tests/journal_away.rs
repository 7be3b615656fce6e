//! With a journal whose disk fails, in one way or another: memory carries on, and nothing that was taken is lost.

use std::sync::atomic::Ordering;

use super::{rows, write};
use crate::Overloaded;
use crate::doubles::{Stage, record};

#[actix_rt::test]
async fn while_the_journal_cannot_be_written_memory_carries_on_as_far_as_it_goes() {
    let mut stage = Stage::with_journal();
    stage.settings.log.queue = 8;
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=20);
    stage.journal().is_write_failing.store(true, Ordering::SeqCst);
    stage.journal().is_sync_failing.store(true, Ordering::SeqCst);
    let place = tree.log.reserve().unwrap();
    place.record(record(21));
    let observed = tree.log.observe().await;
    assert!(observed.is_journal_failing);
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded, "memory is full, and the journal takes nothing");
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    write(&tree, 22..=25);
    tree.log.flush().await.unwrap();
    stage.journal().is_write_failing.store(false, Ordering::SeqCst);
    write(&tree, 26..=40);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=40).collect::<Vec<u128>>());
    let observed = tree.log.observe().await;
    assert_eq!((observed.is_journal_failing, observed.dropped, observed.written), (false, 0, 40));
}

#[actix_rt::test]
async fn what_only_memory_has_does_not_wait_for_a_journal_that_cannot_be_read() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=200);
    stage.journal().is_read_failing.store(true, Ordering::SeqCst);
    stage.journal().is_write_failing.store(true, Ordering::SeqCst);
    stage.log.fault.set_away(false);
    while rows(&stage).len() < 64 {
        tokio::task::yield_now().await;
    }
    write(&tree, 201..=203);
    while rows(&stage).len() < 67 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rows(&stage).last(), Some(&203));
    stage.journal().is_read_failing.store(false, Ordering::SeqCst);
    stage.journal().is_write_failing.store(false, Ordering::SeqCst);
    tree.log.flush().await.unwrap();
    let mut written = rows(&stage);
    written.sort_unstable();
    assert_eq!(written, (1..=203).collect::<Vec<u128>>());
}

#[actix_rt::test]
async fn an_entry_that_the_disk_spoilt_holds_up_no_other() {
    let stage = Stage::with_journal();
    let tree = stage.start();
    stage.log.fault.set_away(true);
    write(&tree, 1..=100);
    for number in [70, 99, 100] {
        stage.journal().spoil(number);
    }
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    let expected: Vec<u128> = (1..=98).filter(|number| *number != 70).collect();
    assert_eq!(rows(&stage), expected);
    write(&tree, 101..=101);
    tree.log.flush().await.unwrap();
    assert_eq!(tree.log.observe().await.unwritten, 0);
}

#[actix_rt::test]
async fn a_journal_that_is_well_again_is_found_so_while_the_store_is_still_away() {
    let mut stage = Stage::with_journal();
    stage.settings.log.queue = 2;
    let tree = stage.start();
    stage.log.fault.set_away(true);
    stage.journal().is_write_failing.store(true, Ordering::SeqCst);
    stage.journal().is_sync_failing.store(true, Ordering::SeqCst);
    write(&tree, 1..=2);
    assert_eq!(tree.log.reserve().unwrap_err(), Overloaded);
    stage.journal().is_write_failing.store(false, Ordering::SeqCst);
    stage.journal().is_sync_failing.store(false, Ordering::SeqCst);
    let place = loop {
        match tree.log.reserve() {
            Ok(place) => break place,
            Err(Overloaded) => tokio::task::yield_now().await,
        }
    };
    place.record(record(3));
    write(&tree, 4..=50);
    assert!(!tree.log.observe().await.is_journal_failing);
    stage.log.fault.set_away(false);
    tree.log.flush().await.unwrap();
    assert_eq!(rows(&stage), (1..=50).collect::<Vec<u128>>());
}
