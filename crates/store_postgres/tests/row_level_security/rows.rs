//! A tenant with a row in every table and partition, and what the catalog and a session say of them.

use testkit::servers::Postgres;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use crate::harness::ready_database;

/// Whose rows there are.
pub(crate) const TENANT: &str = "018f0000-0000-7000-8000-00000000000a";
/// Who must not see them.
pub(crate) const STRANGER: &str = "018f0000-0000-7000-8000-00000000000b";

/// One row in each table; a new table of tenants' rows gets its own here.
const ROWS: &str = "
    INSERT INTO users (id, clerk_user_id, email, plan_tier, data_key, created_at, updated_at)
        VALUES ('{tenant}', 'clerk_a', 'a@example.com', 'free', 'key', now(), now());
    INSERT INTO api_keys (id, user_id, key_hash, key_name, environment, scopes, rate_limit_per_min, rate_limit_per_day,
            allowed_ips, created_at)
        VALUES (gen_random_uuid(), '{tenant}', decode(repeat('0a', 32), 'hex'), 'k', 'test', '{}', 1, 1, '{}', now());
    INSERT INTO service_credentials (user_id, service_name, environment, field_names, credentials_encrypted,
            features_config, created_at, updated_at)
        VALUES ('{tenant}', 'stripe', 'test', '{}', '{}', '{}', now(), now());
    INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, operation, fingerprint, service_name, provider_key,
            target, started_at, lease_until, replay_until, state, request_payload, serial, attempt_lines)
        VALUES (gen_random_uuid(), '{tenant}', gen_random_uuid(), 'test', 'orders.create', decode(repeat('00', 32), 'hex'),
            'stripe', 'p', '', now(), now(), now(), 'unknown', '', 'order', '[]');
    INSERT INTO transaction_logs (user_id, transaction_id, api_key_id, environment, operation, endpoint, status,
            response_status, duration_us, provider_duration_us, attempts, request_id, created_at, request_payload,
            response_payload)
        SELECT '{tenant}', gen_random_uuid(), gen_random_uuid(), 'test', 'orders.create', 'POST /v1/payments/orders', 'success',
            201, 1, 1, 1, 'req', at, '', '' FROM {days};
    INSERT INTO webhook_events (id, user_id, service_name, environment, provider_event_id, event_type, payload, created_at)
        SELECT gen_random_uuid(), '{tenant}', service, 'test', at::text, 'e', '', at
        FROM {days} CROSS JOIN unnest('{stripe, gateway}'::text[]) AS service;
    INSERT INTO usage_rollups
        SELECT '{tenant}', 'test', date_trunc('minute', at, 'UTC'), '', 'orders.create', '', 1, 0, 0, 1, 0, 1, 1,
            1, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM {days};
    INSERT INTO audit_log (id, user_id, actor, action, subject, created_at)
        VALUES (gen_random_uuid(), '{tenant}', 'somebody', 'api_keys.revoke', 'key', now());";

/// A moment in each partition that there is at first, and one in the part for days without any.
const DAYS: &str = "(SELECT now() + days * interval '1 day' AS at FROM unnest('{0, 1, 2, 50}'::integer[]) AS days) AS moments";

/// Tables with tenants' rows, by what they are: a table, or a partition of one.
const TABLES: &str = "
    SELECT pg_class.oid::regclass::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'
        AND (relname = 'users' OR EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'user_id' AND NOT attisdropped))
    ORDER BY 1";

/// Makes a database where the tenant has a row in every table and partition.
pub(crate) async fn database_with_rows() -> String {
    let database = ready_database().await;
    Postgres::shared().psql(&database, &ROWS.replace("{tenant}", TENANT).replace("{days}", DAYS));
    database
}

/// Returns what `psql` printed, by lines.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Returns every table and partition with tenants' rows.
pub(crate) fn tables(database: &str) -> Vec<String> {
    lines(&Postgres::shared().psql(database, TABLES))
}

/// Returns how many rows a statement read or changed.
pub(crate) async fn rows_of(client: &Client, sql: &str) -> Result<u64, Error> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count();
    let changed = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    });
    Ok(changed.unwrap_or(0).max(u64::try_from(rows).unwrap()))
}

/// Returns a digest of each table's rows.
pub(crate) fn contents(database: &str) -> Vec<String> {
    let content = |table: &String| {
        let sql = format!("SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t");
        format!("{table} {}", Postgres::shared().psql(database, &sql))
    };
    tables(database).iter().map(content).collect()
}
