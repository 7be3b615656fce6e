//! How many log rows a second the store takes, with what belongs to them, against a plain binary `COPY` of the same rows into
//! the same table; and how many ledger entries begin. Starts a server of its own.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made stops at once")]

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use domain::ports::{Ledger, Record, TransactionLog};
use domain::{Id, LedgerEntry, Secret, Settlement, TenantId, Transaction, TransactionId};
use store_postgres::{MigrateOptions, Options, PostgresStore, migrate};
use testkit::conformance::samples;
use testkit::servers::Postgres;
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// Rows are spread over so many tenants.
const TENANTS: u64 = 100;
const NODE: &str = "gateway_node";
/// The day of the samples.
const PARTITION: &str = "partitions.transaction_logs_20250829";

static ROWS: AtomicU64 = AtomicU64::new(0);

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

/// The server with a migrated database.
struct Place {
    server: Postgres,
    database: String,
    runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = Postgres::start();
        let database = server.create_database();
        let options = MigrateOptions { login: Some(NODE.into()), ..MigrateOptions::default() };
        runtime.block_on(migrate(&server.url("postgres", &database), options)).unwrap();
        server.psql(&database, "SELECT ensure_partitions('2025-08-29', 1)");
        Self { server, database, runtime }
    }

    fn open(&self, prepared_statements: bool) -> PostgresStore {
        let _inside = self.runtime.enter();
        PostgresStore::connect(&Options {
            url: Secret::new(self.server.url(NODE, &self.database)),
            pool_size: 4,
            connect_timeout: Duration::from_secs(5),
            checkout_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
            max_lifetime: Duration::from_secs(3600),
            prepared_statements,
            ca_pem: None,
            retention_days: 30,
        })
        .unwrap()
    }

    fn connect(&self) -> Client {
        self.runtime.block_on(async {
            let url = self.server.url("postgres", &self.database);
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            self.runtime.spawn(async move { connection.await.unwrap() });
            client
        })
    }
}

const TYPES: [Type; 26] = [
    Type::UUID,
    Type::UUID,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT4,
    Type::TEXT,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
    Type::INT4,
    Type::TEXT,
    Type::INET,
    Type::TEXT,
    Type::TIMESTAMPTZ,
    Type::BYTEA,
    Type::BYTEA,
];

const COLUMNS: &str = "user_id, transaction_id, api_key_id, environment, operation, subject, service_name,
    provider_txn_id, endpoint, status, object_status, provider_status, response_status, error_code, amount_minor,
    currency, reference, duration_us, provider_duration_us, attempts, request_id, ip_address, user_agent, created_at,
    request_payload, response_payload";

/// Copies rows with the driver's own means, as the superuser, in a transaction of one statement.
async fn plain_copy(client: &Client, rows: Vec<Transaction>) {
    let sink =
        client.copy_in(&format!("COPY {PARTITION} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await.unwrap();
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
    for row in rows {
        let created_at = UNIX_EPOCH + Duration::from_millis(row.created_at.unix_ms());
        let values: [&(dyn ToSql + Sync); 26] = [
            &Uuid::from_u128(row.tenant.as_u128()),
            &Uuid::from_u128(row.id.as_u128()),
            &Uuid::from_u128(row.key.as_u128()),
            &row.environment.as_str(),
            &row.operation.as_str(),
            &row.subject.map(|id| Uuid::from_u128(id.as_u128())),
            &row.provider,
            &row.provider_ref,
            &row.endpoint,
            &row.status.as_str(),
            &row.object_status,
            &row.provider_status,
            &i32::from(row.response_status),
            &row.error_code,
            &row.amount_minor,
            &row.currency,
            &row.reference,
            &i64::try_from(row.duration.as_micros()).unwrap(),
            &i64::try_from(row.provider_duration.as_micros()).unwrap(),
            &i32::from(row.attempts),
            &row.request_id,
            &row.ip,
            &row.user_agent,
            &created_at,
            &&*row.request_payload,
            &&*row.response_payload,
        ];
        writer.as_mut().write(&values).await.unwrap();
    }
    writer.finish().await.unwrap();
}

fn log_rows(count: usize) -> Vec<Record> {
    (0..count).map(|_| Record { transaction: Some(order()), settlement: None, event: None }).collect()
}

/// The log row and the settlement of a begun ledger row, as the gateway writes them.
fn settling(place: &Place, store: &PostgresStore, count: usize) -> Vec<Record> {
    let entries: Vec<LedgerEntry> = (0..count).map(|_| entry()).collect();
    let records = entries.iter().map(|entry| {
        let transaction = Transaction { id: entry.transaction, tenant: entry.tenant, ..order() };
        let body = transaction.response_payload.clone();
        let settlement = (entry.tenant, entry.transaction, Settlement::Settled { status: 201, body });
        Record { transaction: Some(transaction), settlement: Some(settlement), event: None }
    });
    let records = records.collect();
    let begun = std::thread::scope(|scope| {
        // The set-up runs where nothing may block.
        scope.spawn(|| place.runtime.block_on(store.begin(entries))).join()
    });
    begun.unwrap().unwrap();
    records
}

fn write_log(criterion: &mut Criterion, place: &Place) {
    let client = place.connect();
    let copying = place.open(true);
    let inserting = place.open(false);
    let mut group = criterion.benchmark_group("log_record");
    for rows in [256_usize, 1000] {
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("plain_copy", rows), |bencher| {
            bencher.to_async(&place.runtime).iter_batched(
                || (0..rows).map(|_| order()).collect(),
                |rows| plain_copy(&client, rows),
                BatchSize::PerIteration,
            );
        });
        for (name, store) in [("copied", &copying), ("inserted", &inserting)] {
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                bencher.to_async(&place.runtime).iter_batched(
                    || log_rows(rows),
                    async |records| store.record(records).await.unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
        group.bench_function(BenchmarkId::new("copied_and_settled", rows), |bencher| {
            bencher.to_async(&place.runtime).iter_batched(
                || settling(place, &copying, rows),
                async |records| copying.record(records).await.unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
}

fn begin(criterion: &mut Criterion, place: &Place) {
    let store = place.open(true);
    let mut group = criterion.benchmark_group("ledger_begin");
    for rows in [1_usize, 64, 256] {
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.to_async(&place.runtime).iter_batched(
                || (0..rows).map(|_| entry()).collect::<Vec<_>>(),
                async |entries| store.begin(entries).await.unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
}

fn main() {
    let place = Place::new();
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    write_log(&mut criterion, &place);
    begin(&mut criterion, &place);
    criterion.final_summary();
}
