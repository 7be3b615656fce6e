//! What a directory of tenants promises.

use domain::KeyHash;
use domain::ports::{Keys, Services, TenantDirectory, Tenants};

use super::samples;

/// The ports that the suite needs, all of one store.
#[derive(Debug, Clone, Copy)]
pub struct Ports<'a> {
    /// The port that is tried.
    pub directory: &'a dyn TenantDirectory,
    /// To add tenants.
    pub tenants: &'a dyn Tenants,
    /// To add keys.
    pub keys: &'a dyn Keys,
    /// To add services.
    pub services: &'a dyn Services,
}

/// Runs the suite.
pub async fn passes(ports: Ports<'_>) {
    all_that_serves_a_tenant_is_loaded_and_nothing_of_another(ports).await;
    a_tenant_with_nothing_is_loaded(ports).await;
    a_secret_names_its_owner_even_when_rotated_or_revoked(ports).await;
    who_is_not_there_is_not_found(ports).await;
}

async fn all_that_serves_a_tenant_is_loaded_and_nothing_of_another(ports: Ports<'_>) {
    let new = samples::tenant();
    let other = samples::tenant();
    let (tenant, stranger) = (new.tenant.id, other.tenant.id);
    ports.tenants.insert(new.clone()).await.unwrap();
    ports.tenants.insert(other).await.unwrap();
    let key = samples::key(tenant);
    let revoked = samples::key(tenant);
    ports.keys.insert(key.clone()).await.unwrap();
    ports.keys.insert(revoked.clone()).await.unwrap();
    ports.keys.insert(samples::key(stranger)).await.unwrap();
    ports.keys.revoke(tenant, revoked.id, samples::moment(50)).await.unwrap();
    let service = samples::service(tenant, "razorpay");
    ports.services.put(vec![service.clone(), samples::service(stranger, "stripe")]).await.unwrap();

    let loaded = ports.directory.load(tenant).await.unwrap().unwrap();
    assert_eq!(loaded.tenant, new.tenant);
    assert_eq!(loaded.data_key, new.data_key);
    assert_eq!(loaded.keys, [key]);
    assert_eq!(loaded.services, [service]);
}

async fn a_tenant_with_nothing_is_loaded(ports: Ports<'_>) {
    let new = samples::tenant();
    let tenant = new.tenant.id;
    ports.tenants.insert(new).await.unwrap();
    let loaded = ports.directory.load(tenant).await.unwrap().unwrap();
    assert_eq!(loaded.keys, []);
    assert_eq!(loaded.services, []);
}

async fn a_secret_names_its_owner_even_when_rotated_or_revoked(ports: Ports<'_>) {
    let new = samples::tenant();
    let tenant = new.tenant.id;
    ports.tenants.insert(new).await.unwrap();
    let key = samples::key(tenant);
    ports.keys.insert(key.clone()).await.unwrap();
    assert_eq!(ports.directory.owner_of_key(key.hash).await.unwrap(), Some(tenant));
    let retired = key.retired.map(|secret| secret.hash);
    for hash in [key.hash].into_iter().chain(retired) {
        assert_eq!(ports.directory.owner_of_key(hash).await.unwrap(), Some(tenant));
    }
    ports.keys.revoke(tenant, key.id, samples::moment(50)).await.unwrap();
    assert_eq!(ports.directory.owner_of_key(key.hash).await.unwrap(), Some(tenant));
}

async fn who_is_not_there_is_not_found(ports: Ports<'_>) {
    assert_eq!(ports.directory.owner_of_key(KeyHash(samples::digest())).await.unwrap(), None);
    assert!(ports.directory.load(samples::id()).await.unwrap().is_none());
}
