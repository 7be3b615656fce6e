//! Tenants are loaded once for all that wait, refreshed, evicted when idle, and survive panics of their actors.

use std::time::Duration;

use domain::KeyId;
use futures_util::future::join_all;

use super::unknown::UnknownKeys;
use crate::TenantUnavailable;
use crate::doubles::{Stage, hash_of, key_id};

const MINUTE: Duration = Duration::from_secs(60);

#[actix_rt::test]
async fn a_thousand_requests_of_a_cold_tenant_share_one_search_and_one_load() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    stage.directory.searches.close();
    stage.directory.loads.close();
    let waiters = actix_rt::spawn({
        let tenants = tree.tenants.clone();
        async move { join_all((0..1000).map(|_| tenants.by_key(key, hash_of(key)))).await }
    });
    stage.directory.searches.arrived(1).await;
    stage.directory.searches.open();
    stage.directory.loads.arrived(1).await;
    stage.directory.loads.open();
    let answers = waiters.await.unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_some()));
    assert_eq!((stage.directory.searches.count(), stage.directory.loads.count()), (1, 1));
}

#[actix_rt::test]
async fn a_load_goes_on_when_whoever_asked_first_has_gone() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    stage.directory.loads.close();
    let first = actix_rt::spawn({
        let tenants = tree.tenants.clone();
        async move { tenants.by_key(key, hash_of(key)).await }
    });
    stage.directory.loads.arrived(1).await;
    first.abort();
    stage.directory.loads.open();
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().is_some());
    assert_eq!(stage.directory.loads.count(), 1);
}

#[actix_rt::test]
async fn a_search_that_panics_hurts_nobody() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    let tree = stage.start();
    stage.directory.search_fault.panic_times(3);
    assert_eq!(tree.tenants.by_key(key, hash_of(key)).await.unwrap_err(), TenantUnavailable::Lost);
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().is_some());
}

#[actix_rt::test]
async fn loads_beyond_the_bound_are_answered_with_busy() {
    let mut stage = Stage::new();
    stage.settings.tenants.loads = 1;
    let ((_, first), (_, second)) = (stage.add_tenant(1), stage.add_tenant(2));
    let tree = stage.start();
    stage.directory.loads.close();
    let loading = actix_rt::spawn({
        let tenants = tree.tenants.clone();
        async move { tenants.by_key(first, hash_of(first)).await }
    });
    stage.directory.loads.arrived(1).await;
    assert_eq!(tree.tenants.by_key(second, hash_of(second)).await.unwrap_err(), TenantUnavailable::Busy);
    stage.directory.loads.open();
    assert!(loading.await.unwrap().unwrap().is_some());
    while tree.tenants.observe().await.free_loads == 0 {
        tokio::task::yield_now().await;
    }
    assert!(tree.tenants.by_key(second, hash_of(second)).await.unwrap().is_some());
}

#[actix_rt::test]
async fn an_unknown_key_is_looked_up_once_a_minute() {
    let stage = Stage::new();
    let tree = stage.start();
    let stranger = key_id(9);
    for _ in 0..3 {
        assert!(tree.tenants.by_key(stranger, hash_of(stranger)).await.unwrap().is_none());
    }
    assert_eq!(stage.directory.searches.count(), 1);
    stage.clock.advance(MINUTE);
    assert!(tree.tenants.by_key(stranger, hash_of(stranger)).await.unwrap().is_none());
    assert_eq!(stage.directory.searches.count(), 2);
}

#[actix_rt::test]
async fn a_key_that_was_unknown_is_known_after_the_refresh_that_follows_its_making() {
    let stage = Stage::new();
    let tree = stage.start();
    assert!(tree.tenants.by_key(key_id(1), hash_of(key_id(1))).await.unwrap().is_none());
    let (tenant, key) = stage.add_tenant(1);
    tree.tenants.refresh(tenant).await.unwrap();
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().is_some());
}

#[test]
fn the_memory_of_unknown_keys_is_bounded_and_forgets_what_a_change_overtook() {
    let unknown = UnknownKeys::new(4, MINUTE);
    let key = |number: u128| hash_of(KeyId::from_u128(number));
    for number in 0..100 {
        unknown.insert(key(number), Duration::ZERO, unknown.epoch());
        assert!(unknown.len() <= 4);
        assert!(unknown.contains(key(number), Duration::ZERO));
    }
    let before_the_change = unknown.epoch();
    unknown.forget_all();
    assert_eq!(unknown.len(), 0);
    unknown.insert(key(1), Duration::ZERO, before_the_change);
    assert!(!unknown.contains(key(1), Duration::ZERO));
    unknown.insert(key(2), Duration::ZERO, unknown.epoch());
    unknown.prune(MINUTE);
    assert_eq!(unknown.len(), 0);
}

#[actix_rt::test]
async fn a_key_made_elsewhere_is_found_in_a_tenant_that_is_resident() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    tree.tenants.by_key(key, hash_of(key)).await.unwrap();
    let fresh = key_id(2);
    stage.add_key(tenant, fresh);
    let handle = tree.tenants.by_key(fresh, hash_of(fresh)).await.unwrap().unwrap();
    assert!(handle.key(fresh).is_some());
    assert!(tree.tenants.resident(fresh).is_some());
}

#[actix_rt::test]
async fn a_revoked_key_leads_to_its_tenant_who_does_not_have_it() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    stage.revoke_key(tenant, key);
    let tree = stage.start();
    let handle = tree.tenants.by_key(key, hash_of(key)).await.unwrap().unwrap();
    assert!(handle.key(key).is_none());
    let (searches, loads) = (stage.directory.searches.count(), stage.directory.loads.count());
    assert!(tree.tenants.by_key(key, hash_of(key)).await.unwrap().unwrap().key(key).is_none());
    assert_eq!((stage.directory.searches.count(), stage.directory.loads.count()), (searches, loads));
}

#[actix_rt::test]
async fn the_credentials_of_an_idle_tenant_leave_memory_and_its_limits_do_not() {
    let stage = Stage::new();
    let (_, key) = stage.add_tenant(1);
    stage.add_tenant(2);
    let tree = stage.start();
    let handle = tree.tenants.by_key(key, hash_of(key)).await.unwrap().unwrap();
    tree.tenants.by_key(key_id(2), hash_of(key_id(2))).await.unwrap();
    for _ in 0..10 {
        handle.key(key).unwrap().charge(MINUTE).decided().await.unwrap();
    }
    drop(handle);
    stage.clock.advance(9 * MINUTE);
    assert!(tree.tenants.resident(key_id(2)).is_some());
    stage.clock.advance(MINUTE);
    assert_eq!(tree.tenants.sweep().await.evicted, 1);
    assert!(tree.tenants.resident(key).is_none());
    assert!(tree.tenants.resident(key_id(2)).is_some());
    let again = tree.tenants.by_key(key, hash_of(key)).await.unwrap().unwrap();
    assert!(again.key(key).unwrap().charge(MINUTE).decided().await.is_err());
    // One a tenant; the sweep asks the store once before it evicts.
    assert_eq!(stage.directory.searches.count(), 3);
}

#[actix_rt::test]
async fn nothing_is_left_of_a_tenant_after_a_day() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    tree.tenants.by_key(key, hash_of(key)).await.unwrap();
    stage.revoke_key(tenant, key);
    tree.tenants.refresh(tenant).await.unwrap();
    stage.clock.advance(Duration::from_secs(86_400));
    assert_eq!(tree.tenants.sweep().await.forgotten, 1);
    let observed = tree.tenants.observe().await;
    assert_eq!((observed.slots, observed.keys), (0, 0));
}

#[actix_rt::test]
async fn a_tenant_that_is_being_loaded_is_not_evicted() {
    let stage = Stage::new();
    let (tenant, key) = stage.add_tenant(1);
    let tree = stage.start();
    tree.tenants.by_key(key, hash_of(key)).await.unwrap();
    stage.clock.advance(Duration::from_secs(86_400));
    stage.directory.loads.close();
    let refresh = actix_rt::spawn({
        let tenants = tree.tenants.clone();
        async move { tenants.refresh(tenant).await }
    });
    stage.directory.loads.arrived(2).await;
    let report = tree.tenants.sweep().await;
    assert_eq!((report.evicted, report.forgotten), (0, 0));
    stage.directory.loads.open();
    refresh.await.unwrap().unwrap();
    assert!(tree.tenants.resident(key).is_some());
}
