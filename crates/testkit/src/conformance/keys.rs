//! What a store of platform keys promises.

use domain::ports::{Keys, StoreError, Tenants};
use domain::{ApiKey, KeyHash, RetiredSecret, TenantId};

use super::samples::{self, moment};

/// Runs the suite.
pub async fn passes(tenants: &dyn Tenants, keys: &dyn Keys) {
    keys_are_read_back_as_they_were_added_newest_first(tenants, keys).await;
    an_id_and_a_secret_are_taken_once(tenants, keys).await;
    a_key_without_a_tenant_is_refused(keys).await;
    a_rotation_changes_the_secrets_and_nothing_else(tenants, keys).await;
    a_rotation_to_a_taken_secret_changes_nothing(tenants, keys).await;
    a_revoked_key_stays_revoked(tenants, keys).await;
    the_last_use_never_goes_back(tenants, keys).await;
    a_foreign_tenant_touches_nothing(tenants, keys).await;
}

async fn new_tenant(tenants: &dyn Tenants) -> TenantId {
    let new = samples::tenant();
    let tenant = new.tenant.id;
    tenants.insert(new).await.unwrap();
    tenant
}

async fn new_key(tenants: &dyn Tenants, keys: &dyn Keys) -> ApiKey {
    let key = samples::key(new_tenant(tenants).await);
    keys.insert(key.clone()).await.unwrap();
    key
}

async fn keys_are_read_back_as_they_were_added_newest_first(tenants: &dyn Tenants, keys: &dyn Keys) {
    let tenant = new_tenant(tenants).await;
    let middle = ApiKey { created_at: moment(20), ..samples::key(tenant) };
    let bare = ApiKey {
        retired: None,
        scopes: Box::new([]),
        allowed_ips: Box::new([]),
        created_at: moment(10),
        expires_at: None,
        last_used_at: None,
        ..samples::key(tenant)
    };
    let newest = ApiKey { created_at: moment(30), revoked_at: Some(moment(31)), ..samples::key(tenant) };
    for key in [&middle, &bare, &newest] {
        keys.insert(key.clone()).await.unwrap();
    }
    assert_eq!(keys.list(tenant).await.unwrap(), [newest, middle, bare]);
}

async fn an_id_and_a_secret_are_taken_once(tenants: &dyn Tenants, keys: &dyn Keys) {
    let first = new_key(tenants, keys).await;
    let tenant = new_tenant(tenants).await;
    for twin in
        [ApiKey { id: first.id, ..samples::key(tenant) }, ApiKey { hash: first.hash, ..samples::key(tenant) }]
    {
        let refused = keys.insert(twin).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    assert_eq!(keys.list(first.tenant).await.unwrap(), [first]);
    assert_eq!(keys.list(tenant).await.unwrap(), []);
}

async fn a_key_without_a_tenant_is_refused(keys: &dyn Keys) {
    let key = samples::key(samples::id());
    assert!(keys.insert(key.clone()).await.is_err());
    assert_eq!(keys.list(key.tenant).await.unwrap(), []);
}

async fn a_rotation_changes_the_secrets_and_nothing_else(tenants: &dyn Tenants, keys: &dyn Keys) {
    let key = new_key(tenants, keys).await;
    let retired = Some(RetiredSecret { hash: key.hash, works_until: moment(77) });
    let hash = KeyHash(samples::digest());
    let rotated = keys.rotate(key.tenant, key.id, hash, retired).await.unwrap();
    let expected = ApiKey { hash, retired, ..key.clone() };
    assert_eq!(rotated, Some(expected.clone()));
    assert_eq!(keys.list(key.tenant).await.unwrap(), [expected]);

    let rotated = keys.rotate(key.tenant, key.id, KeyHash(samples::digest()), None).await.unwrap().unwrap();
    assert_eq!(rotated.retired, None);
}

async fn a_rotation_to_a_taken_secret_changes_nothing(tenants: &dyn Tenants, keys: &dyn Keys) {
    let taken = new_key(tenants, keys).await;
    let key = new_key(tenants, keys).await;
    let refused = keys.rotate(key.tenant, key.id, taken.hash, None).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(keys.list(key.tenant).await.unwrap(), [key]);
}

async fn a_revoked_key_stays_revoked(tenants: &dyn Tenants, keys: &dyn Keys) {
    let key = new_key(tenants, keys).await;
    assert!(keys.revoke(key.tenant, key.id, moment(60)).await.unwrap());
    assert!(keys.revoke(key.tenant, key.id, moment(70)).await.unwrap());
    assert_eq!(keys.rotate(key.tenant, key.id, KeyHash(samples::digest()), None).await.unwrap(), None);
    let revoked = ApiKey { revoked_at: Some(moment(60)), ..key };
    assert_eq!(keys.list(revoked.tenant).await.unwrap(), [revoked]);
    assert!(!keys.revoke(new_tenant(tenants).await, samples::id(), moment(60)).await.unwrap());
}

async fn the_last_use_never_goes_back(tenants: &dyn Tenants, keys: &dyn Keys) {
    let key = new_key(tenants, keys).await;
    let used = |at| (key.tenant, key.id, at);
    keys.touch(vec![used(moment(90)), (key.tenant, samples::id(), moment(99)), used(moment(80))])
        .await
        .unwrap();
    keys.touch(Vec::new()).await.unwrap();
    let touched = ApiKey { last_used_at: Some(moment(90)), ..key.clone() };
    assert_eq!(keys.list(key.tenant).await.unwrap(), [touched]);
}

async fn a_foreign_tenant_touches_nothing(tenants: &dyn Tenants, keys: &dyn Keys) {
    let key = new_key(tenants, keys).await;
    let stranger = new_tenant(tenants).await;
    assert_eq!(keys.list(stranger).await.unwrap(), []);
    assert_eq!(keys.rotate(stranger, key.id, KeyHash(samples::digest()), None).await.unwrap(), None);
    assert!(!keys.revoke(stranger, key.id, moment(60)).await.unwrap());
    keys.touch(vec![(stranger, key.id, moment(90))]).await.unwrap();
    assert_eq!(keys.list(key.tenant).await.unwrap(), [key]);
}
