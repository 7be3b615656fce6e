//! What a store of tenants promises.

use domain::Tenant;
use domain::ports::{NewTenant, StoreError, Tenants};

use super::samples;

/// Runs the suite.
pub async fn passes(tenants: &dyn Tenants) {
    a_tenant_is_read_back_as_it_was_added(tenants).await;
    a_tenant_with_nothing_optional_is_read_back(tenants).await;
    an_email_address_is_taken_once(tenants).await;
    who_is_not_there_is_not_found(tenants).await;
}

async fn a_tenant_is_read_back_as_it_was_added(tenants: &dyn Tenants) {
    let new = samples::tenant();
    tenants.insert(new.clone()).await.unwrap();
    assert_eq!(tenants.find(new.tenant.id).await.unwrap().as_ref(), Some(&new.tenant));
    let by_email = tenants.find_by_email(&new.tenant.email).await.unwrap();
    assert_eq!(by_email, Some((new.tenant, new.password_hash)));
}

async fn a_tenant_with_nothing_optional_is_read_back(tenants: &dyn Tenants) {
    let new = samples::tenant();
    let tenant = Tenant {
        full_name: None,
        company_name: None,
        is_active: false,
        implicit_idempotency_seconds: None,
        ..new.tenant
    };
    tenants.insert(NewTenant { tenant: tenant.clone(), ..new }).await.unwrap();
    assert_eq!(tenants.find(tenant.id).await.unwrap(), Some(tenant));
}

async fn an_email_address_is_taken_once(tenants: &dyn Tenants) {
    let first = samples::tenant();
    tenants.insert(first.clone()).await.unwrap();
    let mut second = samples::tenant();
    second.tenant.email = first.tenant.email.clone();
    let second_id = second.tenant.id;
    let refused = tenants.insert(second).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(tenants.find(second_id).await.unwrap(), None);
    let (kept, _) = tenants.find_by_email(&first.tenant.email).await.unwrap().unwrap();
    assert_eq!(kept, first.tenant);
}

async fn who_is_not_there_is_not_found(tenants: &dyn Tenants) {
    assert_eq!(tenants.find(samples::id()).await.unwrap(), None);
    assert_eq!(tenants.find_by_email("nobody@example.com").await.unwrap(), None);
    assert_eq!(tenants.find_by_email("").await.unwrap(), None);
}
