//! What the journal promises: through appends and acknowledgements, ends of the process, and disks that fail.

mod disks;
mod ends;
mod laws;
mod numbers;
mod version_1;

use std::path::Path;

use domain::ports::{Journal, Owed, Record, Withdrawal};
use domain::{LookUps, Settlement, TenantId, TransactionId};
use testkit::conformance::samples;

use crate::{DiskJournal, Opened, Options};

/// Segments of a few entries, and room for a thousand.
fn options(folder: &Path) -> Options {
    Options { folder: folder.join("journal"), capacity_bytes: 1 << 20, segment_bytes: 400 }
}

fn open(folder: &Path) -> DiskJournal {
    DiskJournal::open(&options(folder)).unwrap()
}

/// A small entry that is known by a number.
fn owed(number: u64) -> Owed {
    let transaction = TransactionId::from_u128(u128::from(number));
    let settlement = Settlement::Settled { status: 201, body: vec![b'x'; 20].into() };
    let settlement = Some((TenantId::from_u128(7), transaction, settlement));
    Owed::Recorded(Box::new(Record { transaction: None, settlement, event: None }))
}

/// A large entry with everything in it.
fn full(tenant: TenantId) -> [Owed; 3] {
    let mut entry = samples::entry(tenant, Some("order 42"));
    entry.state = domain::LedgerState::Settled { status: 402, body: vec![0, 255, 10].into() };
    entry.serial = Some("order_N1".into());
    let mut order = samples::order(tenant);
    order.ip = Some("2001:db8::1".parse().unwrap());
    let look_ups = LookUps { done: 3, next: Some(samples::moment(7)), attempt_lines: vec![b'['; 3].into() };
    entry.look_ups = look_ups.clone();
    let event = Some(samples::event(tenant, order.id));
    let settlement = Some((tenant, order.id, Settlement::Unknown(look_ups)));
    let record = Record { transaction: Some(order), settlement, event };
    [
        Owed::Begun(Box::new(entry.clone())),
        Owed::Recorded(Box::new(record.clone())),
        Owed::Withdrawn(Box::new(Withdrawal { row: entry, is_begun: true, record })),
    ]
}

fn known(entry: &Owed) -> u64 {
    let Owed::Recorded(record) = entry else { panic!("not one of ours") };
    u64::try_from(record.settlement.as_ref().unwrap().1.as_u128()).unwrap()
}

/// Reads everything that is open: numbers, and what the entries are known by.
fn read_all(journal: &DiskJournal) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    let mut from = 0;
    loop {
        let entries = journal.read(from, 5).unwrap();
        let Some((last, _)) = entries.last() else { return all };
        from = last + 1;
        all.extend(entries.iter().map(|(number, entry)| (*number, known(entry))));
    }
}

/// Returns the files of the journal with this suffix, by name.
fn files(folder: &Path, suffix: &str) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("journal"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == suffix))
        .collect();
    files.sort();
    files
}

fn nothing_wrong(journal: &DiskJournal) {
    let Opened { torn_bytes, damaged_bytes, .. } = journal.opened();
    assert_eq!((torn_bytes, damaged_bytes), (0, 0));
}
