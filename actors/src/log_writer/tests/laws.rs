//! A law: whatever is recorded and begun, and however journal and store fare meanwhile, the writer gets everything once and in
//! order, and the journal keeps what the store has not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::ports::{Journal, Owed};
use proptest::prelude::*;

use crate::doubles::{JournalDouble, ledger_entry, record, withdrawal};
use crate::log_writer::Queue;
use crate::log_writer::backlog::Failure;

#[derive(Debug, Clone, Copy)]
enum Act {
    Record(u8),
    Withdraw,
    Begin,
    /// The journal's disk fails, or is well again.
    Disk(bool),
    /// A batch is tried, and succeeds or not.
    Try(bool),
    /// The process is killed, and another starts.
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1..12_u8).prop_map(Act::Record),
        1 => Just(Act::Withdraw),
        2 => Just(Act::Begin),
        1 => any::<bool>().prop_map(Act::Disk),
        4 => any::<bool>().prop_map(Act::Try),
        1 => Just(Act::Crash),
    ]
}

fn number(owed: &Owed) -> u128 {
    match owed {
        Owed::Begun(entry) => entry.transaction.as_u128(),
        Owed::Recorded(record) => record.settlement.as_ref().unwrap().1.as_u128(),
        Owed::Withdrawn(withdrawal) => withdrawal.row.transaction.as_u128(),
    }
}

fn open(journal: &Arc<JournalDouble>) -> Queue {
    let journal = Arc::clone(journal) as Arc<dyn Journal>;
    Queue::new(5, 4, Some(journal), Arc::new(telemetry::Catalog::silent()))
}

fn in_journal(journal: &JournalDouble) -> Vec<u128> {
    journal.read(0, usize::MAX).unwrap().iter().map(|(_, owed)| number(owed)).collect()
}

/// Tries a batch and returns what the store got.
fn try_once(queue: &Queue, is_fine: bool) -> Vec<u128> {
    if !queue.with_backlog(|backlog| backlog.has_head()) {
        queue.take_over().unwrap();
    }
    let tried = queue.begin();
    if is_fine {
        queue.succeeded();
        tried.iter().map(number).collect()
    } else {
        queue.failed(Failure::Away);
        Vec::new()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn everything_comes_once_and_in_order(acts in proptest::collection::vec(act(), 1..80)) {
        let mut journal = Arc::new(JournalDouble::default());
        let mut queue = open(&journal);
        let mut last = 0_u32;
        // What the store has not, in order; and whether it is in memory only.
        let mut owed: Vec<(u128, bool)> = Vec::new();
        for act in acts {
            let is_failing = journal.is_write_failing.load(Ordering::SeqCst);
            match act {
                Act::Record(count) => for _ in 0..count {
                    last += 1;
                    let place = Arc::clone(&queue.places).try_acquire_owned().ok();
                    queue.add(Owed::Recorded(Box::new(record(u128::from(last)))), place);
                    owed.push((u128::from(last), is_failing));
                },
                Act::Withdraw => {
                    last += 1;
                    let place = Arc::clone(&queue.places).try_acquire_owned().ok();
                    queue.add(Owed::Withdrawn(Box::new(withdrawal(last, None))), place);
                    owed.push((u128::from(last), is_failing));
                }
                Act::Begin => {
                    last += 1;
                    let key = (last % 3).to_string();
                    if queue.begin_in_journal(ledger_entry(last, Some(&key)), false).is_ok() {
                        owed.push((u128::from(last), false));
                    }
                }
                Act::Disk(is_failing) => journal.is_write_failing.store(is_failing, Ordering::SeqCst),
                Act::Try(is_fine) => {
                    let got = try_once(&queue, is_fine);
                    let expected: Vec<u128> = owed.drain(..got.len()).map(|(number, _)| number).collect();
                    prop_assert_eq!(got, expected);
                }
                Act::Crash => {
                    journal = Arc::new(journal.reopened());
                    queue = open(&journal);
                    owed.retain(|(_, is_in_memory_only)| !is_in_memory_only);
                    // Repeats of what was not acknowledged come first.
                    let repeats = in_journal(&journal).len() - owed.len();
                    let mut all: Vec<(u128, bool)> = in_journal(&journal)[..repeats].iter().map(|number| (*number, false)).collect();
                    all.append(&mut owed);
                    owed = all;
                }
            }
            prop_assert_eq!(queue.depth(), owed.len());
            let kept = in_journal(&journal);
            prop_assert!(owed.iter().all(|(number, is_in_memory_only)| *is_in_memory_only || kept.contains(number)));
        }
        while !owed.is_empty() {
            let got = try_once(&queue, true);
            prop_assert!(!got.is_empty(), "{:?} never come", owed);
            let expected: Vec<u128> = owed.drain(..got.len()).map(|(number, _)| number).collect();
            prop_assert_eq!(got, expected);
        }
        prop_assert_eq!((queue.depth(), queue.spooled(), queue.places.available_permits()), (0, 0, 5));
        prop_assert_eq!(in_journal(&journal), [0_u128; 0]);
    }
}
