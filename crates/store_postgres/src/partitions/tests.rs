//! Partitions are there before they are needed, and go when their time is over.

use domain::Timestamp;
use testkit::servers::Postgres;
use tokio_postgres::NoTls;

use super::{of_day, tend};
use crate::{MigrateOptions, migrate};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[test]
fn a_partition_is_named_after_its_day_in_utc() {
    for (unix_ms, name) in [
        (0, "partitions.ledger_19700101"),
        (DAY_MS - 1, "partitions.ledger_19700101"),
        (1_756_455_561_000, "partitions.ledger_20250829"),
        (u64::MAX, "partitions.ledger_99991231"),
    ] {
        assert_eq!(of_day("ledger", Timestamp::from_unix_ms(unix_ms)), name);
    }
}

#[tokio::test]
async fn tending_makes_the_days_ahead_and_drops_those_past_their_retention() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    let options = MigrateOptions { login: Some("gateway_node".into()), ..MigrateOptions::default() };
    migrate(&postgres.url("postgres", &database), options).await.unwrap();
    let now = postgres.psql(&database, "SELECT (extract(epoch FROM now()) * 1000)::bigint");
    let now = Timestamp::from_unix_ms(now.parse().unwrap());
    postgres.psql(&database, "SELECT ensure_partitions(now() - interval '10 days', 10)");
    // Its day has no partition.
    postgres.psql(
        &database,
        "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id, event_type, payload, created_at)
         VALUES (gen_random_uuid(), gen_random_uuid(), 's', 'test', 'e', 't', '', now() - interval '20 days')",
    );

    let url = postgres.url("gateway_node", &database);
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let later = Timestamp::from_unix_ms(now.unix_ms() + DAY_MS);
    let work = async {
        // Whoever comes second finds nothing to do.
        tend(&mut client, later, 7).await.unwrap();
        tend(&mut client, later, 7).await.unwrap();
    };
    tokio::select! {
        () = work => {}
        _ = connection => panic!("the connection ended"),
    }

    let parts = |table: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = '{table}'::regclass AND inhrelid::regclass::text !~ 'default'"
        );
        postgres.psql(&database, &sql)
    };
    // The six days before today that are kept, today, and three from tomorrow on.
    assert_eq!(parts("transaction_logs"), "10");
    assert_eq!(parts("webhook_events"), "10");
    assert_eq!(parts("usage_rollups"), "14");
    assert_eq!(postgres.psql(&database, "SELECT count(*) FROM webhook_events"), "0");
    assert_eq!(postgres.psql(&database, "SELECT count(*) FROM webhook_event_ids"), "0");
}
