//! The functions that look across tenants: which there are, and that they give no more than they should.

use testkit::servers::Postgres;

use crate::harness::{ready_database, sign_in_as};
use crate::rows::{STRANGER, TENANT, database_with_rows, lines};

/// A function that runs as its owner is a hole unless it is meant to be one.
#[tokio::test]
async fn functions_that_run_as_their_owner_are_known_and_find_only_what_is_meant() {
    let database = ready_database().await;
    let functions = Postgres::shared().psql(
        &database,
        "SELECT proname || ' ' || proowner::regrole || ' ' || coalesce(array_to_string(proconfig, ';'), '')
         FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
         WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    );
    let path = "search_path=pg_catalog, pg_temp";
    let expected = [
        format!("drop_partitions postgres {path};lock_timeout=1s"),
        format!("ensure_partitions postgres {path};lock_timeout=5s"),
        format!("forget_webhook_event_ids gateway_definer {path}"),
        format!("owner_of_key gateway_definer {path}"),
        format!("touch_keys gateway_definer {path}"),
        format!("user_by_clerk_id gateway_definer {path}"),
        format!("user_by_email gateway_definer {path}"),
    ];
    assert_eq!(lines(&functions), expected);
    let public = Postgres::shared().psql(
        &database,
        "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
         WHERE pronamespace = 'public'::regnamespace AND grantee = 0",
    );
    assert_eq!(public, "", "everybody may call them");
}

#[tokio::test]
async fn what_is_asked_before_the_tenant_is_known_gives_an_id_only() {
    let database = database_with_rows().await;
    let client = sign_in_as("gateway_app", &database).await;
    for (question, answer) in [
        ("SELECT owner_of_key(decode(repeat('0a', 32), 'hex'))::text", Some(TENANT)),
        ("SELECT owner_of_key(decode(repeat('0b', 32), 'hex'))::text", None),
        ("SELECT user_by_email('a@example.com')::text", Some(TENANT)),
        ("SELECT user_by_email('b@example.com')::text", None),
        ("SELECT user_by_clerk_id('clerk_a')::text", Some(TENANT)),
    ] {
        let row = client.query_one(question, &[]).await.unwrap();
        assert_eq!(row.get::<_, Option<&str>>(0), answer, "{question}");
    }
}

#[tokio::test]
async fn keys_of_many_tenants_are_touched_and_no_moment_goes_back() {
    let database = database_with_rows().await;
    let client = sign_in_as("gateway_app", &database).await;
    let key = Postgres::shared().psql(&database, "SELECT id FROM api_keys");
    let touch = async |tenant: &str, moment: &str| {
        let sql = format!("SELECT touch_keys('{{{tenant}}}', '{{{key}}}', '{{{moment}}}')");
        client.batch_execute(&sql).await.unwrap();
        Postgres::shared().psql(&database, "SELECT last_used_at AT TIME ZONE 'UTC' FROM api_keys")
    };
    assert_eq!(touch(STRANGER, "2026-01-02 00:00:00.001Z").await, "");
    assert_eq!(touch(TENANT, "2026-01-02 00:00:00.001Z").await, "2026-01-02 00:00:00.001");
    assert_eq!(touch(TENANT, "2026-01-01 00:00:00Z").await, "2026-01-02 00:00:00.001");
}
