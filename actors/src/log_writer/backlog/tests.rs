//! What waits to be written is kept in order, through failures of the store and of the writer.

use super::{Backlog, Failure, TURN, Verdict};

fn backlog(items: std::ops::RangeInclusive<u64>) -> Backlog<u64> {
    let mut backlog = Backlog::default();
    backlog.extend(items);
    backlog
}

fn first_open(backlog: &Backlog<u64>) -> Option<u64> {
    backlog.iter().min().copied()
}

fn tried(backlog: &mut Backlog<u64>) -> Vec<u64> {
    backlog.begin(|item| *item)
}

#[test]
fn a_batch_goes_when_it_is_acknowledged_and_not_before() {
    let mut backlog = backlog(1..=3);
    assert_eq!(tried(&mut backlog), [1, 2, 3]);
    assert_eq!((backlog.len(), first_open(&backlog)), (3, Some(1)));
    assert_eq!(backlog.succeeded().len(), 3);
    assert_eq!((backlog.len(), first_open(&backlog)), (0, None));
}

#[test]
fn a_store_that_is_away_changes_nothing_but_the_size_of_the_next_try() {
    let mut backlog = backlog(1..=3);
    for failures in 1..=5 {
        tried(&mut backlog);
        backlog.failed(Failure::Away);
        assert_eq!((backlog.len(), backlog.failures(), backlog.has_aside()), (3, failures, false));
    }
    assert_eq!(tried(&mut backlog), [1]);
    assert_eq!(backlog.succeeded().len(), 1);
    assert_eq!(tried(&mut backlog), [2, 3]);
}

#[test]
fn an_item_that_is_refused_alone_lets_the_others_pass_and_is_tried_again_at_the_end() {
    let mut backlog = backlog(1..=3);
    assert_eq!(tried(&mut backlog), [1, 2, 3]);
    backlog.failed(Failure::Refused);
    assert_eq!(tried(&mut backlog), [1]);
    backlog.failed(Failure::Refused);
    assert_eq!(tried(&mut backlog), [2]);
    assert_eq!(backlog.succeeded().len(), 1);
    assert_eq!(tried(&mut backlog), [3]);
    assert_eq!(backlog.succeeded().len(), 1);
    assert_eq!(first_open(&backlog), Some(1));
    assert_eq!(tried(&mut backlog), [1]);
    assert_eq!(backlog.succeeded().len(), 1);
    assert_eq!(backlog.len(), 0);
}

#[test]
fn a_try_that_its_writer_did_not_survive_counts_as_refused() {
    let mut backlog = backlog(1..=2);
    tried(&mut backlog);
    backlog.recover();
    assert_eq!(tried(&mut backlog), [1]);
    assert_eq!(backlog.recover(), Verdict::Open);
    assert!(backlog.has_aside());
    assert_eq!(tried(&mut backlog), [2]);
}

#[test]
fn what_is_aside_takes_turns_and_has_its_own_pace() {
    let mut backlog = backlog(1..=2);
    tried(&mut backlog);
    backlog.failed(Failure::Refused);
    for _ in 0..2 {
        tried(&mut backlog);
        backlog.failed(Failure::Refused);
    }
    assert_eq!(tried(&mut backlog), [1]);
    backlog.failed(Failure::Refused);
    assert_eq!(tried(&mut backlog), [2]);
    backlog.failed(Failure::Away);
    assert_eq!(backlog.aside_failures(), 2);
    backlog.extend([3]);
    assert_eq!(tried(&mut backlog), [3]);
}

#[test]
fn an_item_that_is_refused_once_more_is_hopeless_also_while_others_come_and_go() {
    let mut backlog = backlog(1..=2);
    for _ in 0..2 {
        tried(&mut backlog);
        assert_eq!(backlog.failed(Failure::Refused), Verdict::Open);
    }
    let mut tries = 0;
    for next in 3.. {
        let what = tried(&mut backlog);
        if what == [1] {
            break;
        }
        assert!(!backlog.succeeded().is_empty());
        backlog.extend([next]);
        tries += 1;
    }
    assert_eq!(tries, TURN);
    assert_eq!(backlog.failed(Failure::Refused), Verdict::Hopeless);
    assert_eq!(backlog.hopeless(), Some(&1));
    assert_eq!(backlog.take_hopeless(), Some(1));
    assert!(!backlog.has_aside());
}
