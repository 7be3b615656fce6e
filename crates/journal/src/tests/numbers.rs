//! Entries come back as they went in, and what is acknowledged goes.

use domain::TenantId;
use domain::ports::{Journal, JournalError};

use super::*;

#[test]
fn entries_come_back_in_order_and_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = TenantId::from_u128(u128::MAX);
    let entries = full(tenant);
    let journal = open(folder.path());
    for (entry, number) in entries.iter().zip(1..) {
        assert_eq!(journal.append(entry).unwrap(), number);
    }
    drop(journal);
    let journal = open(folder.path());
    let read: Vec<(u64, Owed)> = (1..=3).flat_map(|number| journal.read(number, 1).unwrap()).collect();
    let numbers: Vec<u64> = read.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let shown = |entry: &Owed| format!("{entry:?}");
    let read: Vec<String> = read.iter().map(|(_, entry)| shown(entry)).collect();
    assert_eq!(read, entries.each_ref().map(shown));
}

#[test]
fn what_is_acknowledged_is_not_read_again_and_its_segments_go() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    for number in 1..=100 {
        journal.append(&owed(number)).unwrap();
    }
    let segments = files(folder.path(), "segment").len();
    assert!(segments > 5, "{segments}");
    journal.acknowledge(57).unwrap();
    assert_eq!(read_all(&journal), (58..=100).map(|number| (number, number)).collect::<Vec<_>>());
    assert!(files(folder.path(), "segment").len() < segments);
    let standing = journal.standing();
    assert_eq!((standing.first_open, standing.last, standing.open()), (58, 100, 43));
    drop(journal);
    let journal = open(folder.path());
    nothing_wrong(&journal);
    assert_eq!(journal.opened().entries, 43);
    assert_eq!(journal.standing(), standing);
    assert_eq!(read_all(&journal).len(), 43);
}

#[test]
fn numbers_go_on_when_everything_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let journal = open(folder.path());
        assert_eq!(journal.append(&owed(1)).unwrap(), round + 1);
        // More than there is: only what is there can be acknowledged.
        journal.acknowledge(u64::MAX).unwrap();
        assert_eq!((journal.standing().first_open, journal.standing().open()), (round + 2, 0));
        assert!(journal.read(0, 10).unwrap().is_empty());
    }
}

#[test]
fn a_lost_position_only_means_that_entries_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    for number in 1..=20 {
        journal.append(&owed(number)).unwrap();
    }
    journal.acknowledge(18).unwrap();
    drop(journal);
    std::fs::write(folder.path().join("journal/acknowledged"), b"scribble!!!!").unwrap();
    let journal = open(folder.path());
    let numbers: Vec<u64> = read_all(&journal).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers.last(), Some(&20));
    assert!(numbers.contains(&19), "{numbers:?}");
    assert_eq!(journal.append(&owed(21)).unwrap(), 21);
}

#[test]
fn a_position_ahead_of_lost_segments_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    for number in 1..=30 {
        journal.append(&owed(number)).unwrap();
    }
    journal.acknowledge(29).unwrap();
    drop(journal);
    for segment in files(folder.path(), "segment") {
        std::fs::remove_file(segment).unwrap();
    }
    let journal = open(folder.path());
    assert_eq!(journal.append(&owed(30)).unwrap(), 30, "no number that was acknowledged is given again");
    assert_eq!(read_all(&journal), [(30, 30)]);
}

#[test]
fn a_full_journal_refuses_and_takes_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { capacity_bytes: 2_000, ..options(folder.path()) };
    let journal = DiskJournal::open(&options).unwrap();
    let mut last = 0;
    let refusal = loop {
        match journal.append(&owed(1)) {
            Ok(number) => last = number,
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, JournalError::Full), "{refusal:?}");
    assert!(journal.standing().bytes <= 2_000);
    assert!(last > 10);
    journal.acknowledge(last).unwrap();
    assert_eq!(journal.append(&owed(1)).unwrap(), last + 1);
    assert!(journal.standing().bytes < 1_000, "{:?}", journal.standing());
}

#[test]
fn only_one_process_has_a_journal_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.append(&owed(1)).unwrap();
    journal.refuse(1, &owed(1)).unwrap();
    let again = DiskJournal::open(&options(folder.path()));
    assert!(matches!(again, Err(crate::OpenError::InUse { .. })), "{again:?}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let journal_folder = folder.path().join("journal");
    assert_eq!((mode(&journal_folder), mode(&journal_folder.join("refused"))), (0o700, 0o700));
    for file in ["lock", "acknowledged", "00000000000000000001.segment", "refused/00000000000000000001.frame"]
    {
        assert_eq!(mode(&journal_folder.join(file)), 0o600, "{file}");
    }
    drop(journal);
    open(folder.path());
}

#[test]
fn what_the_store_refused_is_kept_and_tried_again_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.append(&owed(8)).unwrap();
    journal.append(&owed(9)).unwrap();
    journal.refuse(1, &owed(8)).unwrap();
    journal.acknowledge(2).unwrap();
    assert_eq!((journal.standing().refused, journal.standing().open()), (1, 0));
    drop(journal);
    let journal = open(folder.path());
    assert_eq!((journal.opened().taken_back, journal.opened().entries), (1, 1));
    assert_eq!(read_all(&journal), [(3, 8)]);
    assert_eq!(journal.standing().refused, 0);
}

#[tokio::test]
async fn reading_and_syncing_beside_appending_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let journal = std::sync::Arc::new(open(folder.path()));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let journal = std::sync::Arc::clone(&journal);
            std::thread::spawn(move || (0..500).for_each(|_| assert!(journal.append(&owed(1)).unwrap() > 0)))
        })
        .collect();
    let syncs = futures(&journal).await;
    assert!(syncs.into_iter().all(|result| result.is_ok()));
    let mut next = 1;
    while next <= 2_000 {
        for (number, _) in journal.read(next, 64).unwrap() {
            assert_eq!(number, next);
            next += 1;
        }
        journal.acknowledge(next - 1).unwrap();
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(journal.standing().open(), 0);
}

/// Syncs thirty times at once.
async fn futures(journal: &std::sync::Arc<DiskJournal>) -> Vec<Result<(), JournalError>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let journal = std::sync::Arc::clone(journal);
        tasks.spawn(async move { journal.sync().await });
    }
    tasks.join_all().await
}
