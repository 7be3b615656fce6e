//! Parts of a day each: rows go into them by binary COPY, none is refused for want of one, and several nodes look after them at
//! once.
#![expect(clippy::unwrap_used, reason = "a broken test stops at once")]

mod harness;

use harness::{ready_database, sign_in_as};
use testkit::servers::Postgres;
use time::{Duration, OffsetDateTime};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

const WRITER: &str = "gateway_log_writer";
const TENANT: Uuid = Uuid::from_u128(0xa);

const COLUMNS: &str =
    "user_id, transaction_id, api_key_id, environment, operation, endpoint, status, response_status,
    duration_us, provider_duration_us, attempts, request_id, created_at, request_payload, response_payload";

fn today() -> OffsetDateTime {
    let now = Postgres::shared()
        .psql("postgres", "SELECT extract(epoch FROM date_trunc('day', now(), 'UTC'))::bigint");
    OffsetDateTime::from_unix_timestamp(now.parse().unwrap()).unwrap()
}

fn part(table: &str, day: OffsetDateTime) -> String {
    format!("partitions.{table}_{:04}{:02}{:02}", day.year(), u8::from(day.month()), day.day())
}

/// Copies rows as the log writer does; each has a transaction of its own and the same moment.
async fn copy_rows(
    client: &Client,
    table: &str,
    first: u128,
    rows: u128,
    at: OffsetDateTime,
) -> Result<u64, Error> {
    let sink = client.copy_in(&format!("COPY {table} ({COLUMNS}) FROM STDIN BINARY")).await?;
    let types = [
        Type::UUID,
        Type::UUID,
        Type::UUID,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT4,
        Type::INT8,
        Type::INT8,
        Type::INT4,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let writer = BinaryCopyInWriter::new(sink, &types);
    let mut writer = std::pin::pin!(writer);
    for transaction in first..first + rows {
        let transaction = Uuid::from_u128(transaction);
        let endpoint = "POST /v1/payments/orders";
        let payload: &[u8] = b"\x00\xff{}";
        writer
            .as_mut()
            .write(&[
                &TENANT,
                &transaction,
                &Uuid::nil(),
                &"test",
                &"orders.create",
                &endpoint,
                &"success",
                &201_i32,
                &2_500_i64,
                &1_000_i64,
                &1_i32,
                &"req",
                &at,
                &payload,
                &payload,
            ])
            .await?;
    }
    writer.finish().await
}

async fn ensure(client: &Client, from: OffsetDateTime, days: i32) -> i32 {
    client.query_one("SELECT ensure_partitions($1, $2)", &[&from, &days]).await.unwrap().get(0)
}

async fn drop_before(client: &Client, before: OffsetDateTime) -> Result<i32, Error> {
    Ok(client.query_one("SELECT drop_partitions($1, $1)", &[&before]).await?.get(0))
}

#[tokio::test]
async fn a_batch_goes_into_a_days_part_by_binary_copy() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let at = today() + Duration::milliseconds(1_234);
    let table = part("transaction_logs", at);
    assert_eq!(copy_rows(&writer, &table, 1, 1_000, at).await.unwrap(), 1_000);

    let tenant = sign_in_as("gateway_app", &database).await;
    tenant.batch_execute(&format!("SET app.user_id = '{TENANT}'")).await.unwrap();
    let sql = "SELECT created_at, request_payload, http_method, response_time_ms FROM transaction_logs
        WHERE transaction_id = $1";
    let row = tenant.query_one(sql, &[&Uuid::from_u128(500)]).await.unwrap();
    assert_eq!(row.get::<_, OffsetDateTime>(0), at);
    assert_eq!(row.get::<_, &[u8]>(1), b"\x00\xff{}");
    assert_eq!(row.get::<_, &str>(2), "POST");
    assert_eq!(row.get::<_, i64>(3), 2);
}

#[tokio::test]
async fn a_batch_that_repeats_a_row_is_refused_and_goes_in_row_by_row() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let at = today();
    let table = part("transaction_logs", at);
    copy_rows(&writer, &table, 1, 1, at).await.unwrap();
    let error = copy_rows(&writer, &table, 1, 2, at).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
    let insert = |transaction: u32| {
        format!(
            "INSERT INTO transaction_logs ({COLUMNS}) VALUES ('{TENANT}', '{}', '{TENANT}', 'test', 'orders.create', 'POST /',
                'success', 201, 1, 1, 1, 'req', '{at}', '', '') ON CONFLICT DO NOTHING",
            Uuid::from_u128(transaction.into())
        )
    };
    assert_eq!(writer.execute(&insert(1), &[]).await.unwrap(), 0);
    assert_eq!(writer.execute(&insert(2), &[]).await.unwrap(), 1);
}

#[tokio::test]
async fn copying_goes_into_the_right_part_only() {
    let database = ready_database().await;
    let at = today();
    for (table, code) in [
        // Why batches name the part: the table has row-level security, and COPY FROM refuses that.
        ("transaction_logs", SqlState::FEATURE_NOT_SUPPORTED),
        (&*part("transaction_logs", at + Duration::days(1)), SqlState::CHECK_VIOLATION),
        (&*part("transaction_logs", at + Duration::days(50)), SqlState::UNDEFINED_TABLE),
    ] {
        // A session each: when COPY is refused before it takes rows, the client and the server fall out of step.
        let writer = sign_in_as(WRITER, &database).await;
        let error = copy_rows(&writer, table, 1, 1, at).await.unwrap_err();
        assert_eq!(error.code(), Some(&code), "{table}");
    }
}

#[tokio::test]
async fn a_row_of_a_day_without_a_part_is_kept_and_moves_when_its_day_gets_one() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let at = today() + Duration::days(40);
    copy_rows(&writer, "partitions.transaction_logs_default", 1, 3, at).await.unwrap();
    copy_rows(&writer, "partitions.transaction_logs_default", 9, 1, at + Duration::days(1)).await.unwrap();
    writer
        .execute(
            "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id, event_type, payload,
                created_at) VALUES ($1, $1, 'stripe', 'test', 'evt_1', 'e', '', $2)",
            &[&TENANT, &at],
        )
        .await
        .unwrap();
    assert_eq!(ensure(&writer, at, 1).await, 3);
    let counted = format!(
        "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM partitions.transaction_logs_default),
            (SELECT count(*) FROM {}), (SELECT count(*) FROM transaction_logs)",
        part("transaction_logs", at),
        part("webhook_events", at)
    );
    assert_eq!(Postgres::shared().psql(&database, &counted), "3|1|1|4");
    // What moved is as protected as before.
    let refused = Postgres::shared()
        .psql(&database, "SELECT bool_and(tgenabled = 'O') FROM pg_trigger WHERE tgname = 'refuse_change'");
    assert_eq!(refused, "t");
}

#[tokio::test]
async fn nodes_that_make_parts_at_once_make_each_once() {
    let database = ready_database().await;
    let from = today() + Duration::days(100);
    let makes = async || ensure(&sign_in_as(WRITER, &database).await, from, 5).await;
    let (a, b, c, d) = tokio::join!(makes(), makes(), makes(), makes());
    assert_eq!(a + b + c + d, 15);
}

#[tokio::test]
async fn making_parts_lets_writers_and_readers_go_on() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let at = today();
    writer.batch_execute("BEGIN").await.unwrap();
    copy_rows(&writer, &part("transaction_logs", at), 1, 1, at).await.unwrap();
    let reader = sign_in_as("gateway_app", &database).await;
    let sql = "SELECT count(*) FROM transaction_logs WHERE created_at >= $1 AND created_at < $2";
    reader.batch_execute("BEGIN").await.unwrap();
    reader.query_one(sql, &[&at, &(at + Duration::days(1))]).await.unwrap();
    let keeper = sign_in_as(WRITER, &database).await;
    assert_eq!(ensure(&keeper, at + Duration::days(20), 1).await, 3);
    writer.batch_execute("COMMIT").await.unwrap();
    reader.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn two_nodes_that_drop_at_once_drop_each_part_once() {
    let database = ready_database().await;
    let nodes = [sign_in_as(WRITER, &database).await, sign_in_as(WRITER, &database).await];
    let [first, second] = &nodes;
    let old = today() - Duration::days(30);
    assert_eq!(ensure(first, old, 4).await, 12);
    for day in 0..4 {
        let at = old + Duration::days(day);
        copy_rows(first, &part("transaction_logs", at), 1, 10, at).await.unwrap();
    }
    copy_rows(first, "partitions.transaction_logs_default", 1, 5, old - Duration::days(1)).await.unwrap();
    let before = old + Duration::days(3);
    let (a, b) = tokio::join!(drop_before(first, before), drop_before(second, before));
    assert_eq!(a.unwrap() + b.unwrap(), 9);
    let left = "SELECT count(*), min(created_at) >= now() - interval '28 days' FROM transaction_logs";
    assert_eq!(Postgres::shared().psql(&database, left), "10|t");
    assert_eq!(drop_before(first, before).await.unwrap(), 0);
}

#[tokio::test]
async fn a_clock_that_runs_ahead_drops_nothing_of_the_last_days() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let at = today();
    copy_rows(&writer, &part("transaction_logs", at), 1, 1, at).await.unwrap();
    assert_eq!(drop_before(&writer, at + Duration::days(1_000)).await.unwrap(), 0);
    assert_eq!(Postgres::shared().psql(&database, "SELECT count(*) FROM transaction_logs"), "1");
}

#[tokio::test]
async fn dropping_gives_up_when_somebody_is_at_it_for_long() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let old = today() - Duration::days(30);
    ensure(&writer, old, 1).await;
    let reader = sign_in_as("gateway_app", &database).await;
    reader.batch_execute("BEGIN; SELECT count(*) FROM transaction_logs").await.unwrap();
    let error = drop_before(&writer, today() - Duration::days(10)).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::LOCK_NOT_AVAILABLE));
    reader.batch_execute("COMMIT").await.unwrap();
    assert_eq!(drop_before(&writer, today() - Duration::days(10)).await.unwrap(), 3);
}

#[tokio::test]
async fn an_event_is_taken_in_once_whatever_its_day() {
    let database = ready_database().await;
    let writer = sign_in_as(WRITER, &database).await;
    let take = async |id: u128, event: &str, at: OffsetDateTime| {
        let sql = "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id, event_type, payload,
            created_at) VALUES ($1, $2, 'stripe', 'test', $3, 'e', '', $4)";
        writer.execute(sql, &[&Uuid::from_u128(id), &TENANT, &event, &at]).await.unwrap()
    };
    assert_eq!(take(1, "evt_1", today()).await, 1);
    assert_eq!(take(2, "evt_1", today() + Duration::days(1)).await, 0);
    assert_eq!(take(3, "evt_2", today()).await, 1);
}
