//! How many ledger and log rows a second the store takes, by rows per job and by callers at once.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made stops at once")]

use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{BenchmarkId, Criterion, Throughput};
use domain::ports::{Ledger, Record, TransactionLog};
use domain::{Id, LedgerEntry, Settlement, TenantId, Transaction, TransactionId};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use testkit::conformance::samples;
use tokio::runtime::Runtime;

/// Rows are spread over so many tenants.
const TENANTS: u64 = 100;

static ROWS: AtomicU64 = AtomicU64::new(0);

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { folder: folder.path().to_path_buf(), readers: 2, queue: 256 };
    (SqliteStore::open(options).unwrap(), folder)
}

/// Returns numbers in no order.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn tenant() -> TenantId {
    let row = ROWS.fetch_add(1, Ordering::Relaxed);
    Id::from_u128(u128::from(scattered(row % TENANTS)) << 64)
}

/// Returns ids that grow with time and end at random, as real ones do.
fn transaction_id() -> TransactionId {
    let row = ROWS.fetch_add(1, Ordering::Relaxed);
    let unix_ms = 1_756_455_561_000 + row / 100;
    Id::from_u128((u128::from(unix_ms) << 80) | u128::from(scattered(row)))
}

fn entry() -> LedgerEntry {
    let key = format!("{:032x}", scattered(ROWS.fetch_add(1, Ordering::Relaxed)));
    LedgerEntry { transaction: transaction_id(), ..samples::entry(tenant(), Some(&key)) }
}

/// Returns an order with payloads of the size of a real one's.
fn order() -> Transaction {
    let payload = |bytes| vec![b'x'; bytes].into();
    Transaction {
        id: transaction_id(),
        request_payload: payload(200),
        response_payload: payload(400),
        ..samples::order(tenant())
    }
}

fn log_rows() -> Record {
    Record { transaction: Some(order()), settlement: None, event: None }
}

fn begin(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("ledger_begin");
    for rows in [1_usize, 64, 256] {
        let (store, _folder) = open();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.to_async(runtime).iter_batched(
                || (0..rows).map(|_| entry()).collect::<Vec<_>>(),
                async |entries| store.begin(entries).await.unwrap(),
                criterion::BatchSize::PerIteration,
            );
        });
    }
}

fn record(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("log_record");
    for rows in [64_usize, 256, 1024] {
        let (store, _folder) = open();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.to_async(runtime).iter_batched(
                || (0..rows).map(|_| log_rows()).collect::<Vec<_>>(),
                async |records| store.record(records).await.unwrap(),
                criterion::BatchSize::PerIteration,
            );
        });
    }
}

/// The log row and the settlement of a begun ledger row, as the gateway writes them.
fn settle(criterion: &mut Criterion, runtime: &Runtime) {
    let mut group = criterion.benchmark_group("log_record_and_settle");
    for rows in [64_usize, 256] {
        let (store, _folder) = open();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.to_async(runtime).iter_batched(
                || begun_records(&store, rows),
                async |records| store.record(records).await.unwrap(),
                criterion::BatchSize::PerIteration,
            );
        });
    }
}

fn begun_records(store: &SqliteStore, rows: usize) -> Vec<Record> {
    let entries: Vec<LedgerEntry> = (0..rows).map(|_| entry()).collect();
    let records = entries.iter().map(|entry| {
        let transaction = Transaction { id: entry.transaction, tenant: entry.tenant, ..order() };
        let body = transaction.response_payload.clone();
        let settlement = (entry.tenant, entry.transaction, Settlement::Settled { status: 201, body });
        Record { transaction: Some(transaction), settlement: Some(settlement), event: None }
    });
    let records = records.collect();
    let store = store.clone();
    // The set-up runs outside the runtime that measures.
    std::thread::spawn(move || Runtime::new().unwrap().block_on(store.begin(entries)).unwrap())
        .join()
        .unwrap();
    records
}

/// A hundred callers with one row each: what grouping makes of them.
fn begin_concurrently(criterion: &mut Criterion, runtime: &Runtime) {
    const CALLERS: usize = 100;
    let (store, _folder) = open();
    let mut group = criterion.benchmark_group("ledger_begin_concurrent");
    group.throughput(Throughput::Elements(CALLERS as u64));
    group.bench_function(BenchmarkId::from_parameter(CALLERS), |bencher| {
        bencher.to_async(runtime).iter(async || {
            let mut callers = tokio::task::JoinSet::new();
            for _ in 0..CALLERS {
                let store = store.clone();
                callers.spawn(async move { store.begin(vec![entry()]).await.unwrap() });
            }
            callers.join_all().await
        });
    });
}

fn main() {
    let runtime = Runtime::new().unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    begin(&mut criterion, &runtime);
    begin_concurrently(&mut criterion, &runtime);
    record(&mut criterion, &runtime);
    settle(&mut criterion, &runtime);
    criterion.final_summary();
}
