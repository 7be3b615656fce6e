//! How many records of an ordinary size a second the journal takes, alone and with a sync behind every 64th.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made stops at once")]

use criterion::{Criterion, Throughput};
use domain::ports::{Journal, Owed, Record};
use journal::{DiskJournal, Options};
use testkit::conformance::samples;

fn record() -> Owed {
    let tenant = samples::id();
    let mut row = samples::order(tenant);
    row.request_payload = vec![b'q'; 500].into();
    row.response_payload = vec![b'a'; 700].into();
    Owed::Recorded(Box::new(Record { transaction: Some(row), settlement: None, event: None }))
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { folder: folder.path().join("journal"), capacity_bytes: 1 << 30, segment_bytes: 16 << 20 };
    let journal = DiskJournal::open(&options).unwrap();
    let record = record();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1));
    group.bench_function("append", |bencher| {
        bencher.iter(|| {
            let number = journal.append(&record).unwrap();
            if number.is_multiple_of(1024) {
                journal.acknowledge(number).unwrap();
            }
        });
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("append 64 and sync", |bencher| {
        bencher.iter(|| {
            for _ in 0..63 {
                journal.append(&record).unwrap();
            }
            let number = journal.append(&record).unwrap();
            runtime.block_on(journal.sync()).unwrap();
            journal.acknowledge(number).unwrap();
        });
    });
    group.finish();
    criterion.final_summary();
}
