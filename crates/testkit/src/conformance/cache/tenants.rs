//! What a cache of tenants promises: all of a tenant or nothing, and nothing from before a change.

use domain::ports::TenantCache;
use domain::{Environment, KeyHash, SealedTenant, Tenant};

use super::super::samples;

/// Runs the suite.
pub async fn passes(cache: &dyn TenantCache) {
    a_tenant_comes_back_as_it_was_kept(cache).await;
    a_tenant_without_anything_comes_back(cache).await;
    the_latest_state_of_a_tenant_counts(cache).await;
    keys_lead_to_their_tenant(cache).await;
    what_is_forgotten_is_gone(cache).await;
    what_was_read_before_a_change_does_not_come_back(cache).await;
}

/// Returns a tenant with two keys and two services.
pub fn sample() -> SealedTenant {
    let new = samples::tenant();
    let id = new.tenant.id;
    let mut live = samples::service(id, "paypal");
    live.environment = Environment::Live;
    live.last_verified_at = None;
    let mut plain = samples::key(id);
    plain.retired = None;
    plain.expires_at = None;
    plain.last_used_at = None;
    plain.scopes = Box::new([]);
    plain.allowed_ips = Box::new([]);
    SealedTenant {
        tenant: new.tenant,
        data_key: new.data_key,
        keys: vec![samples::key(id), plain],
        services: vec![samples::service(id, "razorpay"), live],
    }
}

/// Fails unless both are the same.
#[track_caller]
pub fn assert_same(found: Option<SealedTenant>, expected: &SealedTenant) {
    let found = found.unwrap();
    assert_eq!(found.tenant, expected.tenant);
    assert_eq!(found.data_key, expected.data_key);
    assert_eq!(found.keys, expected.keys);
    assert_eq!(found.services, expected.services);
}

async fn a_tenant_comes_back_as_it_was_kept(cache: &dyn TenantCache) {
    let tenant = sample();
    assert!(cache.load(tenant.tenant.id).await.unwrap().is_none());
    cache.keep(&tenant).await.unwrap();
    assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}

async fn a_tenant_without_anything_comes_back(cache: &dyn TenantCache) {
    let new = samples::tenant();
    let account = Tenant {
        full_name: None,
        company_name: None,
        is_active: false,
        implicit_idempotency_seconds: None,
        ..new.tenant
    };
    let tenant =
        SealedTenant { tenant: account, data_key: Box::new([]), keys: Vec::new(), services: Vec::new() };
    cache.keep(&tenant).await.unwrap();
    assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}

async fn the_latest_state_of_a_tenant_counts(cache: &dyn TenantCache) {
    let mut tenant = sample();
    cache.keep(&tenant).await.unwrap();
    tenant.tenant.company_name = Some("Engines".into());
    tenant.keys.pop();
    tenant.services.remove(0);
    cache.keep(&tenant).await.unwrap();
    assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}

async fn keys_lead_to_their_tenant(cache: &dyn TenantCache) {
    let tenant = sample();
    cache.keep(&tenant).await.unwrap();
    for key in &tenant.keys {
        assert_eq!(cache.owner_of_key(key.hash).await.unwrap(), Some(tenant.tenant.id));
    }
    let retired = tenant.keys.first().unwrap().retired.unwrap();
    assert_eq!(cache.owner_of_key(retired.hash).await.unwrap(), Some(tenant.tenant.id));
    assert_eq!(cache.owner_of_key(KeyHash(samples::digest())).await.unwrap(), None);
}

async fn what_is_forgotten_is_gone(cache: &dyn TenantCache) {
    let (tenant, other) = (sample(), sample());
    cache.keep(&tenant).await.unwrap();
    cache.keep(&other).await.unwrap();
    cache.forget(tenant.tenant.id).await.unwrap();
    assert!(cache.load(tenant.tenant.id).await.unwrap().is_none());
    for key in &tenant.keys {
        assert_eq!(cache.owner_of_key(key.hash).await.unwrap(), None);
    }
    assert_same(cache.load(other.tenant.id).await.unwrap(), &other);
    cache.forget(samples::id()).await.unwrap();
    cache.forget(tenant.tenant.id).await.unwrap();
}

async fn what_was_read_before_a_change_does_not_come_back(cache: &dyn TenantCache) {
    let tenant = sample();
    cache.forget(tenant.tenant.id).await.unwrap();
    cache.keep(&tenant).await.unwrap();
    assert!(cache.load(tenant.tenant.id).await.unwrap().is_none());
}
