//! What the database keeps apart, the gateway cannot put together again.

use serde_json::json;

use crate::support::{Account, Installation};

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_were_moved_into_another_tenants_row_do_not_open() {
    let installation = Installation::start().await;
    let node = installation.node("one").await;
    let victim = Account::at(&node.api, "victim").await;
    let thief = Account::at(&node.api, "thief").await;
    node.kill();
    // The thief has the database, and puts the victim's sealed credentials where his own were: all of them, his data key kept.
    installation.sql(
        "UPDATE service_credentials AS mine SET credentials_encrypted = theirs.credentials_encrypted
         FROM service_credentials AS theirs, users AS me, users AS them
         WHERE mine.user_id = me.id AND theirs.user_id = them.id AND me.email = 'thief@example.com'
           AND them.email = 'victim@example.com' AND mine.service_name = theirs.service_name
           AND mine.environment = theirs.environment",
    );
    let node = installation.node("one").await;
    let body = json!({"amount": "500.00", "currency": "INR", "provider": "razorpay"});
    let refused = node.order(&thief.key, "stolen", &body).await;
    assert!(!refused.status.is_success(), "{}", refused.text());
    assert_eq!(installation.effects("razorpay", "orders.create").await, 0);
    // And with the victim's data key, too: it is bound to its tenant.
    node.kill();
    installation.sql(
        "UPDATE users SET data_key = (SELECT data_key FROM users WHERE email = 'victim@example.com')
         WHERE email = 'thief@example.com'",
    );
    let node = installation.node("one").await;
    let refused = node.order(&thief.key, "stolen again", &body).await;
    assert!(!refused.status.is_success(), "{}", refused.text());
    node.order(&victim.key, "rightful", &body).await.expect(201);
    assert_eq!(installation.effects("razorpay", "orders.create").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_another_master_key_does_not_start() {
    let installation = Installation::start().await;
    installation.node("one").await.kill();
    let own = installation.folder().join("another.key");
    let setting = own.to_str().expect("a plain path").to_owned();
    let said = installation.fails_to_start("two", &[("GATEWAY_VAULT__MASTER_KEY_FILE", &setting)]);
    assert!(said.contains("no master key"), "{said}");
    assert!(!own.exists(), "keys that open nothing are not left behind");
}
