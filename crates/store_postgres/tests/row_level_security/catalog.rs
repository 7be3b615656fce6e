//! What the catalog says of tables with tenants' rows: that each is closed, and that one which is not is told.

use testkit::servers::Postgres;

use crate::harness::ready_database;
use crate::rows::lines;

/// Tables and partitions that are open, and how. None may be.
const OPEN: &str = "
    WITH tenants AS (
        SELECT pg_class.* FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'
            AND (relname = 'users' OR EXISTS (
                SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'user_id' AND NOT attisdropped))
    )
    SELECT relname || ': row-level security is not forced' FROM tenants
        WHERE NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity)
    UNION ALL
    SELECT relname || ': has no policy' FROM tenants
        WHERE NOT relispartition AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = tenants.oid)
    UNION ALL
    SELECT relname || ': a policy for everybody' FROM tenants JOIN pg_policy ON polrelid = tenants.oid
        WHERE polroles @> '{0}'
    UNION ALL
    SELECT relname || ': a policy that asks for no tenant' FROM tenants JOIN pg_policy ON polrelid = tenants.oid
        WHERE 'gateway_app'::regrole = ANY (polroles)
            AND coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), '')
                NOT LIKE '%app.user_id%'
    UNION ALL
    SELECT relname || ': a right on a partition: ' || privilege_type || ' for ' || grantee::regrole
        FROM tenants, aclexplode(relacl) WHERE relispartition AND grantee <> relowner
            AND NOT (grantee = 'gateway_log_writer'::regrole AND privilege_type = 'INSERT')
    UNION ALL
    SELECT relname || ': a right on a column of a partition' FROM tenants JOIN pg_attribute ON attrelid = tenants.oid
        WHERE relispartition AND attacl IS NOT NULL
    UNION ALL
    SELECT relname || ': a right for everybody' FROM tenants, aclexplode(relacl) WHERE grantee = 0";

#[tokio::test]
async fn every_table_of_tenants_is_closed() {
    let database = ready_database().await;
    assert_eq!(lines(&Postgres::shared().psql(&database, OPEN)), Vec::<String>::new());
}

#[tokio::test]
async fn a_table_that_forgets_protection_is_told() {
    let postgres = Postgres::shared();
    let database = ready_database().await;
    let part = postgres.psql(
        &database,
        "SELECT min(inhrelid)::regclass FROM pg_inherits WHERE inhparent = 'transaction_logs'::regclass",
    );
    for (mistake, told) in [
        ("CREATE TABLE forgot (user_id uuid)", "forgot: row-level security is not forced"),
        ("ALTER TABLE users NO FORCE ROW LEVEL SECURITY", "users: row-level security is not forced"),
        ("DROP POLICY audit_log_of_tenant ON audit_log", "audit_log: has no policy"),
        ("CREATE POLICY p ON users USING (true)", "users: a policy for everybody"),
        ("CREATE POLICY p ON users TO gateway_app USING (true)", "users: a policy that asks for no tenant"),
        (&format!("GRANT SELECT ON {part} TO gateway_app"), "SELECT for gateway_app"),
        (&format!("GRANT UPDATE ON {part} TO gateway_log_writer"), "UPDATE for gateway_log_writer"),
        (&format!("GRANT SELECT (user_id) ON {part} TO gateway_app"), "a right on a column of a partition"),
        ("GRANT SELECT ON ledger TO PUBLIC", "ledger: a right for everybody"),
    ] {
        let open = postgres.psql(&database, &format!("BEGIN; {mistake}; {OPEN}; ROLLBACK"));
        assert!(open.contains(told), "{mistake}: {open}");
    }
}
