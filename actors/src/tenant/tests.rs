//! How a tenant is loaded, kept and loaded again, and what is carried over when its snapshot is replaced.

use domain::{Clock, Environment, TenantId};

use crate::doubles::{PROVIDER, Stage, hash_of, key_id, tenant_id};
use crate::{TenantHandle, TenantUnavailable, Tree};

async fn loaded(tree: &Tree, number: u32) -> TenantHandle {
    tree.tenants.by_key(key_id(number), hash_of(key_id(number))).await.unwrap().unwrap()
}

#[actix_rt::test]
async fn a_loaded_tenant_has_its_key_and_its_credentials_opened() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    assert!(tree.tenants.resident(key).is_none());
    let handle = loaded(&tree, 1).await;
    assert_eq!(handle.tenant().id, tenant);
    assert_eq!(handle.key(key).unwrap().key.id, key);
    let service = handle.services(Environment::Test).next().unwrap();
    assert_eq!(service.provider, PROVIDER);
    assert_eq!(service.credentials.get("key_secret").unwrap().expose(), "open sesame");
    assert_eq!(handle.services(Environment::Live).count(), 0);
    assert!(!format!("{handle:?}").contains("open sesame"));
    assert!(tree.tenants.resident(key).is_some());
}

#[actix_rt::test]
async fn a_panic_while_loading_is_made_good_by_a_new_life() {
    let stage = Stage::new();
    stage.add_tenant(1);
    let tree = stage.start();
    stage.directory.load_fault.panic_times(1);
    loaded(&tree, 1).await;
    assert_eq!(stage.directory.loads.count(), 2);
}

#[actix_rt::test]
async fn after_a_hundred_and_one_panics_the_tenant_is_loaded_and_no_other_has_noticed() {
    let stage = Stage::new();
    let (cursed, key) = stage.add_tenant(1);
    stage.directory.cursed.lock().unwrap().insert(cursed);
    stage.directory.load_fault.panic_times(101);
    let tree = stage.start();
    let mut refused = 0;
    let handle = loop {
        match tree.tenants.by_key(key, hash_of(key)).await {
            Ok(handle) => break handle,
            Err(error) => assert_eq!(error, TenantUnavailable::Lost),
        }
        refused += 1;
        stage.add_tenant(refused + 1);
        loaded(&tree, refused + 1).await;
    };
    assert!(handle.is_some());
    assert_eq!(refused, 50);
    assert!(tree.observe().await.is_up());
}

#[actix_rt::test]
async fn a_store_that_is_away_is_an_error_and_nothing_that_is_remembered() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    stage.directory.load_fault.set_away(true);
    assert_eq!(tree.tenants.by_key(key, hash_of(key)).await.unwrap_err(), TenantUnavailable::Store);
    stage.directory.load_fault.set_away(false);
    loaded(&tree, 1).await;
}

#[actix_rt::test]
async fn a_known_tenant_is_served_while_the_store_is_away() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    loaded(&tree, 1).await;
    stage.directory.load_fault.set_away(true);
    stage.directory.search_fault.set_away(true);
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().is_some());
    assert_eq!(stage.directory.loads.count(), 1);
}

#[actix_rt::test]
async fn a_tenant_whose_data_key_does_not_open_is_unavailable_and_not_empty() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    stage.directory.change(tenant, |sealed| sealed.data_key = Box::new([1, 2, 3]));
    let tree = stage.start();
    assert_eq!(tree.tenants.by_key(key, hash_of(key)).await.unwrap_err(), TenantUnavailable::Sealed);
}

#[actix_rt::test]
async fn a_service_that_cannot_be_used_is_left_out_and_the_others_serve() {
    let stage = Stage::new();
    let (tenant, _) = stage.add_tenant(1);
    stage.directory.change(tenant, |sealed| {
        let unknown = stage.service(tenant, &sealed.data_key, "nobody");
        let mut moved = stage.service(tenant, &sealed.data_key, "acme");
        moved.service = "bolt".into();
        sealed.services.splice(0..0, [unknown, moved]);
    });
    let tree = stage.start();
    let handle = loaded(&tree, 1).await;
    let providers: Vec<_> = handle.services(Environment::Test).map(|service| service.provider).collect();
    assert_eq!(providers, [PROVIDER]);
}

#[actix_rt::test]
async fn a_refresh_publishes_what_changed_before_it_returns() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    let before = loaded(&tree, 1).await;
    stage.revoke_key(tenant, key);
    tree.tenants.refresh(tenant).await.unwrap();
    assert!(tree.tenants.resident(key).unwrap().key(key).is_none());
    assert!(before.key(key).is_some());
}

#[actix_rt::test]
async fn while_a_refresh_is_under_way_nobody_is_served_what_was_before() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    loaded(&tree, 1).await;
    stage.directory.loads.close();
    stage.revoke_key(tenant, key);
    let tenants = tree.tenants.clone();
    let refresh = actix_rt::spawn(async move { tenants.refresh(tenant).await });
    stage.directory.loads.arrived(2).await;
    assert!(tree.tenants.resident(key).is_none());
    let tenants = tree.tenants.clone();
    let request = actix_rt::spawn(async move { tenants.by_key(key, hash_of(key)).await });
    stage.directory.loads.open();
    assert!(request.await.unwrap().unwrap().unwrap().key(key).is_none());
    refresh.await.unwrap().unwrap();
    assert_eq!(stage.directory.loads.count(), 2);
}

#[actix_rt::test]
async fn a_change_during_a_load_is_followed_by_another_load() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    loaded(&tree, 1).await;
    stage.directory.loads.close();
    let refresh = |tenants: crate::Tenants| actix_rt::spawn(async move { tenants.refresh(tenant).await });
    let first = refresh(tree.tenants.clone());
    stage.directory.loads.arrived(2).await;
    // The load under way has read its rows already.
    stage.revoke_key(tenant, key);
    let second = refresh(tree.tenants.clone());
    tokio::task::yield_now().await;
    stage.directory.loads.open();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert!(tree.tenants.resident(key).unwrap().key(key).is_none());
    assert_eq!(stage.directory.loads.count(), 3);
}

#[actix_rt::test]
async fn what_is_known_to_be_out_of_date_is_not_served() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    loaded(&tree, 1).await;
    stage.directory.load_fault.set_away(true);
    assert_eq!(tree.tenants.refresh(tenant).await, Err(TenantUnavailable::Store));
    assert!(tree.tenants.resident(key).is_none());
    assert_eq!(tree.tenants.by_key(key, hash_of(key)).await.unwrap_err(), TenantUnavailable::Store);
    stage.directory.load_fault.set_away(false);
    loaded(&tree, 1).await;
}

#[actix_rt::test]
async fn limits_survive_a_refresh() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    let before = loaded(&tree, 1).await;
    let now = stage.clock.monotonic();
    for _ in 0..10 {
        before.key(key).unwrap().charge(now).decided().await.unwrap();
    }
    tree.tenants.refresh(tenant).await.unwrap();
    let after = loaded(&tree, 1).await;
    assert!(after.key(key).unwrap().charge(now).decided().await.is_err());
}

#[actix_rt::test]
async fn a_tenant_that_the_store_no_longer_has_is_gone_after_a_refresh() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    loaded(&tree, 1).await;
    let gone: TenantId = tenant_id(1);
    stage.directory.tenants.lock().unwrap().remove(&gone);
    stage.directory.owners.lock().unwrap().remove(&hash_of(key));
    tree.tenants.refresh(tenant).await.unwrap();
    assert!(tree.tenants.is_empty());
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().is_none());
}
