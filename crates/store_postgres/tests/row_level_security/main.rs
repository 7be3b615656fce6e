//! What keeps tenants apart, tried with a node's own role and plain SQL: every table that the catalog has, partitions included,
//! in every way, by a stranger and by nobody. A table that is added without protection makes these tests fail.

#![expect(clippy::unwrap_used, reason = "a broken test stops at once")]

mod catalog;
mod functions;
#[path = "../harness/mod.rs"]
mod harness;
mod rows;

use std::collections::BTreeSet;

use harness::{NODE, ready_database, sign_in, sign_in_as, sign_in_at};
use rows::{STRANGER, TENANT, contents, database_with_rows, rows_of, tables};
use testkit::servers::{PgBouncer, Postgres};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Fails unless a statement touches no row, because there is none to see or because it is not allowed.
async fn touches_nothing(client: &Client, sql: &str) {
    match rows_of(client, sql).await {
        Ok(rows) => assert_eq!(rows, 0, "{sql}"),
        Err(error) => {
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error:?}");
        }
    }
}

/// Everything that can be done to a table, with the tenant's own row as what is added.
fn attempts(database: &str, table: &str) -> Vec<String> {
    let postgres = Postgres::shared();
    let columns = |condition: &str| {
        postgres.psql(
            database,
            &format!(
                "SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute
                 WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND {condition}"
            ),
        )
    };
    let row = postgres.psql(database, &format!("SELECT quote_literal(to_json(t)) FROM {table} AS t LIMIT 1"));
    assert!(!row.is_empty(), "{table} has no row of the tenant: add one to ROWS");
    let given = columns("attgenerated = ''");
    let changeable = columns(&format!("has_column_privilege('gateway_app', '{table}', attname, 'UPDATE')"));
    let owner = if table == "users" { "id" } else { "user_id" };
    let change = |column: &str| format!("{column} = {column}");
    let mut attempts = vec![
        format!("SELECT * FROM {table}"),
        format!("SELECT {owner} FROM {table} WHERE {owner} = '{TENANT}' FOR UPDATE"),
        format!(
            "INSERT INTO {table} ({given}) SELECT {given} FROM json_populate_record(NULL::{table}, {row})"
        ),
        format!("UPDATE {table} SET {owner} = '{STRANGER}'"),
        format!("DELETE FROM {table}"),
        format!("TRUNCATE {table}"),
    ];
    if !changeable.is_empty() {
        let changes: Vec<String> = changeable.split(',').map(change).collect();
        attempts.push(format!("UPDATE {table} SET {}", changes.join(", ")));
    }
    attempts
}

#[tokio::test]
async fn a_stranger_and_nobody_touch_no_row_of_any_table() {
    let database = database_with_rows().await;
    let before = contents(&database);
    let tables = tables(&database);
    assert!(tables.len() >= 20, "{tables:?}");
    for role in ["", "SET ROLE gateway_app;"] {
        for who in ["", "SET app.user_id = '';", &format!("SET app.user_id = '{STRANGER}';")] {
            let client = sign_in(NODE, &database).await;
            client.batch_execute(&format!("{role}{who}")).await.unwrap();
            for table in &tables {
                for attempt in attempts(&database, table) {
                    touches_nothing(&client, &attempt).await;
                }
            }
        }
    }
    assert_eq!(contents(&database), before);
}

#[tokio::test]
async fn the_tenant_itself_sees_its_rows() {
    let database = database_with_rows().await;
    let client = sign_in_as("gateway_app", &database).await;
    client.batch_execute(&format!("SET app.user_id = '{TENANT}'")).await.unwrap();
    for (table, rows) in [
        ("users", 1),
        ("api_keys", 1),
        ("service_credentials", 1),
        ("ledger", 1),
        ("transaction_logs", 4),
        ("webhook_events", 8),
        ("usage_rollups", 4),
        ("audit_log", 1),
    ] {
        assert_eq!(rows_of(&client, &format!("SELECT * FROM {table}")).await.unwrap(), rows, "{table}");
    }
}

/// What a tenant may do to an event is to note that it was delivered; the log's writer adds events and reads none.
#[tokio::test]
async fn an_event_is_added_by_the_logs_writer_and_never_changed() {
    let database = database_with_rows().await;
    let of_gateway = "webhook_events WHERE service_name = 'gateway'";
    let (app, log_writer, ledger_writer) = (
        sign_in_as("gateway_app", &database).await,
        sign_in_as("gateway_log_writer", &database).await,
        sign_in_as("gateway_ledger_writer", &database).await,
    );
    app.batch_execute(&format!("SET app.user_id = '{TENANT}'")).await.unwrap();
    assert_eq!(rows_of(&app, &format!("SELECT * FROM {of_gateway}")).await.unwrap(), 4);
    let insert = format!(
        "INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id, event_type, payload, created_at)
         VALUES (gen_random_uuid(), '{TENANT}', 'gateway', 'test', 'once', 'transaction.settled', '', now())"
    );
    for (client, sql) in [
        (&app, insert.as_str()),
        (&app, "UPDATE webhook_events SET payload = 'forged'"),
        (&app, "DELETE FROM webhook_events"),
        (&log_writer, "SELECT * FROM webhook_events"),
        (&ledger_writer, insert.as_str()),
        (&ledger_writer, "SELECT * FROM webhook_events"),
    ] {
        let refused = rows_of(client, sql).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
    assert_eq!(rows_of(&log_writer, &insert).await.unwrap(), 1);
    assert_eq!(rows_of(&log_writer, &insert).await.unwrap(), 0, "once");
}

#[tokio::test]
async fn writers_of_many_tenants_read_only_what_they_add_to() {
    let database = database_with_rows().await;
    for (role, readable) in [("gateway_log_writer", ["usage_rollups"]), ("gateway_ledger_writer", ["ledger"])]
    {
        let client = sign_in_as(role, &database).await;
        let mut read = BTreeSet::new();
        for table in tables(&database) {
            if rows_of(&client, &format!("SELECT * FROM {table}")).await.is_ok_and(|rows| rows > 0) {
                read.insert(table);
            }
        }
        assert_eq!(read, BTreeSet::from(readable.map(str::to_owned)), "{role}");
    }
}

#[tokio::test]
async fn a_node_becomes_nobody_but_its_three_roles() {
    let database = ready_database().await;
    let client = sign_in(NODE, &database).await;
    for role in ["gateway_app", "gateway_log_writer", "gateway_ledger_writer"] {
        client.batch_execute(&format!("SET ROLE {role}; RESET ROLE")).await.unwrap();
    }
    for role in ["gateway_definer", "postgres"] {
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_tenant_ends_with_its_transaction() {
    let database = database_with_rows().await;
    let client = sign_in(NODE, &database).await;
    let work = format!(
        "BEGIN; SET LOCAL ROLE gateway_app; SELECT set_config('app.user_id', '{TENANT}', true); COMMIT;
         SET ROLE gateway_app"
    );
    client.batch_execute(&work).await.unwrap();
    assert_eq!(rows_of(&client, "SELECT * FROM users").await.unwrap(), 0);
}

#[tokio::test]
async fn signing_up_is_an_insert_under_the_new_id() {
    let database = ready_database().await;
    let client = sign_in_as("gateway_app", &database).await;
    let insert = format!(
        "INSERT INTO users (id, email, plan_tier, data_key, created_at, updated_at)
         VALUES ('{STRANGER}', 'b@example.com', 'free', '', now(), now())"
    );
    let refused = client.batch_execute(&insert).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    client.batch_execute(&format!("SET app.user_id = '{STRANGER}'; {insert}")).await.unwrap();
    // What a tenant may use is not the tenant's to say.
    let refused = client.batch_execute("UPDATE users SET plan_tier = 'enterprise'").await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn a_tenant_stays_with_its_transaction_behind_a_pooler() {
    let database = database_with_rows().await;
    let pooler = PgBouncer::start(Postgres::shared(), &[NODE]);
    let url = pooler.url(NODE, &database);
    let seen = async |tenant: &str| {
        let client = sign_in_at(&url).await;
        let begin =
            format!("BEGIN; SET LOCAL ROLE gateway_app; SELECT set_config('app.user_id', '{tenant}', true)");
        client.batch_execute(&begin).await.unwrap();
        let rows = rows_of(&client, "SELECT * FROM users").await.unwrap();
        client.batch_execute("COMMIT").await.unwrap();
        // What comes next on the same backend is somebody else's.
        rows_of(&client, "SELECT * FROM users").await.unwrap_err();
        rows
    };
    for _ in 0..8 {
        assert_eq!(seen(TENANT).await, 1);
        assert_eq!(seen(STRANGER).await, 0);
        assert_eq!(seen("").await, 0);
    }
}

#[tokio::test]
async fn logged_rows_are_changed_by_nobody() {
    let database = database_with_rows().await;
    let before = contents(&database);
    let insert_only: Vec<String> = tables(&database)
        .into_iter()
        .filter(|table| table.contains("transaction_logs") || table == "audit_log")
        .collect();
    assert_eq!(insert_only.len(), 6, "{insert_only:?}");
    let mut sessions = vec![("postgres", sign_in("postgres", &database).await)];
    for role in ["gateway_app", "gateway_log_writer", "gateway_ledger_writer"] {
        let client = sign_in_as(role, &database).await;
        client.batch_execute(&format!("SET app.user_id = '{TENANT}'")).await.unwrap();
        sessions.push((role, client));
    }
    for (role, client) in &sessions {
        for table in &insert_only {
            for change in [
                format!("UPDATE {table} SET user_agent = 'x'"),
                format!("UPDATE {table} SET user_agent = 'x' WHERE false"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
            ] {
                let error = client.batch_execute(&change).await.unwrap_err();
                assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {change}");
            }
        }
    }
    assert_eq!(contents(&database), before);
}
