//! Bringing the schema up to date: again, at two places at once, and what is refused.

use store_postgres::{MigrateError, MigrateOptions, MigrateReport, migrate};
use testkit::servers::Postgres;

const NODE: &str = "gateway_node";

fn options() -> MigrateOptions {
    MigrateOptions { login: Some(NODE.into()), ..MigrateOptions::default() }
}

async fn migrate_database(database: &str) -> Result<MigrateReport, MigrateError> {
    migrate(&Postgres::shared().url("postgres", database), options()).await
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do() {
    let database = Postgres::shared().create_database();
    let first = migrate_database(&database).await.unwrap();
    assert_eq!(first.applied.len(), usize::try_from(first.version).unwrap());
    let second = migrate_database(&database).await.unwrap();
    assert_eq!(second, MigrateReport { applied: Vec::new(), version: first.version });
}

#[tokio::test]
async fn nodes_that_migrate_at_once_do_it_once() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    let (first, second, third) =
        tokio::join!(migrate_database(&database), migrate_database(&database), migrate_database(&database));
    let reports = [first.unwrap(), second.unwrap(), third.unwrap()];
    assert_eq!(reports.iter().filter(|report| !report.applied.is_empty()).count(), 1, "{reports:?}");
}

#[tokio::test]
async fn databases_of_one_server_share_the_roles() {
    let postgres = Postgres::start();
    let databases = [(); 4].map(|()| postgres.create_database());
    let urls = databases.each_ref().map(|database| postgres.url("postgres", database));
    let [first, second, third, fourth] = urls.each_ref().map(|url| migrate(url, options()));
    let (first, second, third, fourth) = tokio::join!(first, second, third, fourth);
    for report in [first, second, third, fourth] {
        assert!(!report.unwrap().applied.is_empty());
    }
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    migrate_database(&database).await.unwrap();
    postgres.psql(&database, "UPDATE schema_migrations SET checksum = '\\x00' WHERE version = 2");
    let error = migrate_database(&database).await.unwrap_err();
    assert!(matches!(error, MigrateError::ChangedMigration { name: "0002_tenants" }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    migrate_database(&database).await.unwrap();
    postgres.psql(&database, "INSERT INTO schema_migrations VALUES (999, '0999_later', '\\x00')");
    let error = migrate_database(&database).await.unwrap_err();
    assert!(matches!(error, MigrateError::NewerSchema { found: 999, .. }), "{error}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    postgres.psql(&database, "CREATE TABLE audit_log (in_the_way integer)");
    let error = migrate_database(&database).await.unwrap_err();
    assert!(matches!(error, MigrateError::Refused { name: "0008_audit_log", .. }), "{error}");
    assert_eq!(postgres.psql(&database, "SELECT to_regclass('users') IS NULL"), "t");
}

#[tokio::test]
async fn an_owner_that_is_no_superuser_will_do() {
    let postgres = Postgres::start();
    postgres.psql("postgres", "CREATE ROLE owner LOGIN CREATEROLE");
    postgres.psql("postgres", "CREATE DATABASE owned OWNER owner");
    let url = postgres.url("owner", "owned");
    assert!(!migrate(&url, options()).await.unwrap().applied.is_empty());
    assert!(migrate(&url, options()).await.unwrap().applied.is_empty());
    let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'users'";
    assert_eq!(postgres.psql("owned", owner), "owner");
    // What the owner's functions do as somebody else still works.
    let signs_up = "SET ROLE gateway_app; SET app.user_id = '018f0000-0000-7000-8000-000000000001';
        INSERT INTO users (id, email, plan_tier, data_key, created_at, updated_at)
            VALUES ('018f0000-0000-7000-8000-000000000001', 'a@b.example', 'free', '', now(), now());
        INSERT INTO api_keys (id, user_id, key_hash, key_name, environment, scopes, rate_limit_per_min,
                rate_limit_per_day, allowed_ips, created_at)
            VALUES (gen_random_uuid(), '018f0000-0000-7000-8000-000000000001', decode(repeat('ab', 32), 'hex'), 'key',
                'test', '{}', 1, 1, '{}', now());
        RESET app.user_id;
        SELECT user_by_email('a@b.example'), (SELECT count(*) FROM users)";
    assert_eq!(postgres.psql("owned", signs_up), "018f0000-0000-7000-8000-000000000001|0");
    let makes_room = "SET ROLE gateway_log_writer; SELECT ensure_partitions(now() + interval '30 days', 1)";
    assert_eq!(postgres.psql("owned", makes_room), "3");
}

#[tokio::test]
async fn a_mighty_role_cannot_be_a_nodes() {
    let postgres = Postgres::start();
    postgres.psql("postgres", "CREATE ROLE owner LOGIN CREATEROLE");
    postgres.psql("postgres", "CREATE ROLE bypasses LOGIN BYPASSRLS");
    postgres.psql("postgres", "CREATE ROLE acts_for_owner LOGIN IN ROLE owner");
    postgres.psql("postgres", "CREATE DATABASE owned OWNER owner");
    for login in ["postgres", "owner", "bypasses", "acts_for_owner"] {
        let options = MigrateOptions { login: Some(login.into()), ..MigrateOptions::default() };
        let error = migrate(&postgres.url("owner", "owned"), options).await.unwrap_err();
        assert!(matches!(error, MigrateError::Login { .. }), "{login}: {error}");
    }
}

#[tokio::test]
async fn a_nodes_role_has_nothing_by_itself() {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    migrate_database(&database).await.unwrap();
    let inherits = format!("SELECT rolinherit FROM pg_roles WHERE rolname = '{NODE}'");
    assert_eq!(postgres.psql(&database, &inherits), "f");
    let readable = format!(
        "SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname IN ('public', 'partitions') AND relkind IN ('r', 'p')
             AND has_any_column_privilege('{NODE}', pg_class.oid, 'SELECT, INSERT, UPDATE')"
    );
    assert_eq!(postgres.psql(&database, &readable), "0");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_in_words() {
    let error = migrate("postgres://postgres@127.0.0.1:1/gateway", options()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot sign in to PostgreSQL to migrate its schema");
}
