//! Laws, under any order of appends, acknowledgements, ends of the process and cuts.

use domain::ports::Journal;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    Append(u8),
    Acknowledge(u64),
    Refuse(u64),
    Reopen,
    /// The process ends, and this many bytes at the end of the last segment were not written.
    Kill(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1..20_u8).prop_map(Act::Append),
        3 => (0..30_u64).prop_map(Act::Acknowledge),
        1 => (0..5_u64).prop_map(Act::Refuse),
        1 => Just(Act::Reopen),
        2 => (0..200_usize).prop_map(Act::Kill),
    ]
}

/// Cuts the last segment and returns how many whole entries it lost.
fn cut(folder: &Path, bytes: usize) -> u64 {
    let path = files(folder, "segment").pop().unwrap();
    let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let left = &whole[..whole.len().saturating_sub(bytes)];
    std::fs::write(&path, left).unwrap();
    let entries = |bytes: &[u8]| u64::try_from(crate::recover::scan(bytes, first).places.len()).unwrap();
    entries(&whole) - entries(left)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_that_was_taken_and_not_acknowledged_is_read_once_and_in_order(
        acts in proptest::collection::vec(act(), 1..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path());
        // What is open: number, and what it is known by.
        let mut open_entries: Vec<(u64, u64)> = Vec::new();
        let mut refused: Vec<u64> = Vec::new();
        let mut label = 0;
        for act in acts {
            match act {
                Act::Append(count) => for _ in 0..count {
                    label += 1;
                    open_entries.push((journal.append(&owed(label)).unwrap(), label));
                },
                Act::Acknowledge(ahead) => {
                    let up_to = journal.standing().first_open + ahead;
                    journal.acknowledge(up_to).unwrap();
                    open_entries.retain(|(number, _)| *number > up_to);
                }
                Act::Refuse(ahead) => {
                    let number = journal.standing().first_open + ahead;
                    if let Some((_, label)) = open_entries.iter().find(|(open, _)| *open == number) {
                        journal.refuse(number, &owed(*label)).unwrap();
                        refused.push(*label);
                        journal.acknowledge(number).unwrap();
                        open_entries.retain(|(open, _)| *open > number);
                    }
                }
                Act::Reopen | Act::Kill(_) => {
                    drop(journal);
                    if let Act::Kill(bytes) = act {
                        let lost = usize::try_from(cut(folder.path(), bytes)).unwrap();
                        // Acknowledged ones among the lost were gone already.
                        open_entries.truncate(open_entries.len().saturating_sub(lost));
                    }
                    journal = open(folder.path());
                    prop_assert_eq!(journal.opened().damaged_bytes, 0);
                    prop_assert_eq!(journal.opened().taken_back, u64::try_from(refused.len()).unwrap());
                    let first_new = journal.standing().last + 1 - u64::try_from(refused.len()).unwrap();
                    open_entries.extend((first_new..).zip(refused.drain(..)));
                }
            }
            let last = journal.standing().last;
            prop_assert!(open_entries.iter().map(|(number, _)| *number).all(|number| number <= last));
        }
        prop_assert_eq!(read_all(&journal), open_entries);
    }
}
