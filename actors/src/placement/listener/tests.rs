//! What is told reaches who is resident, what may have been missed is checked, and a store that is away stops no known tenant.

use std::sync::Arc;
use std::time::Duration;

use domain::KeyId;
use domain::ports::Change;

use crate::doubles::{ChangesDouble, Stage, hash_of, key_id, tenant_id};
use crate::{TenantUnavailable, Tree};

const SECOND: Duration = Duration::from_secs(1);

/// A stage with a tenant, resident in a tree that hears of changes.
async fn stage() -> (Stage, Arc<ChangesDouble>, Tree) {
    let mut stage = Stage::new();
    let changes = stage.hear_changes();
    stage.add_tenant(1);
    let tree = stage.start();
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    changes.asked.arrived(1).await;
    (stage, changes, tree)
}

/// Asks for a key's tenant, and returns whether it has the key.
async fn is_served(tree: &Tree, key: KeyId) -> Result<bool, TenantUnavailable> {
    let found = tree.tenants.by_key(key, hash_of(key)).await?;
    Ok(found.is_some_and(|tenant| tenant.key(key).is_some()))
}

/// Waits until nothing is being loaded.
async fn settled(stage: &Stage, tree: &Tree) {
    while tree.tenants.observe().await.free_loads < stage.settings.tenants.loads {
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn a_key_revoked_elsewhere_is_refused_once_that_is_told() {
    let (stage, changes, tree) = stage().await;
    stage.revoke_key(tenant_id(1), key_id(1));
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    changes.tell(Change::Tenant(tenant_id(1))).await;
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
    assert_eq!(stage.directory.loads.count(), 2);
}

#[actix_rt::test]
async fn a_tenant_that_is_told_changed_is_loaded_before_anybody_asks() {
    let (stage, changes, tree) = stage().await;
    changes.tell(Change::Tenant(tenant_id(1))).await;
    stage.directory.loads.arrived(2).await;
    settled(&stage, &tree).await;
    assert!(tree.tenants.resident(key_id(1)).is_some());
}

#[actix_rt::test]
async fn what_is_told_while_the_store_is_away_is_not_served_and_no_refusal_of_the_key() {
    let (stage, changes, tree) = stage().await;
    stage.directory.load_fault.set_away(true);
    changes.tell(Change::Tenant(tenant_id(1))).await;
    settled(&stage, &tree).await;
    assert_eq!(is_served(&tree, key_id(1)).await, Err(TenantUnavailable::Store));
    changes.tell(Change::CutOff).await;
    changes.tell(Change::Resumed).await;
    assert_eq!(is_served(&tree, key_id(1)).await, Err(TenantUnavailable::Store));
    stage.directory.load_fault.set_away(false);
    assert!(is_served(&tree, key_id(1)).await.unwrap());
}

#[actix_rt::test]
async fn changes_of_tenants_that_are_not_resident_load_nothing() {
    let (stage, changes, tree) = stage().await;
    for number in 2..1_000 {
        changes.tell(Change::Tenant(tenant_id(number))).await;
    }
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    let observed = tree.tenants.observe().await;
    assert_eq!((stage.directory.loads.count(), observed.slots), (1, 1));
}

#[actix_rt::test]
async fn many_changes_of_a_tenant_share_few_loads() {
    let (stage, changes, tree) = stage().await;
    stage.directory.loads.close();
    for _ in 0..100 {
        changes.tell(Change::Tenant(tenant_id(1))).await;
    }
    stage.directory.loads.open();
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    settled(&stage, &tree).await;
    assert!(stage.directory.loads.count() <= 4, "{}", stage.directory.loads.count());
}

#[actix_rt::test]
async fn a_key_made_elsewhere_is_no_longer_unknown_once_that_is_told() {
    let (stage, changes, tree) = stage().await;
    let fresh = key_id(7);
    assert!(!is_served(&tree, fresh).await.unwrap());
    stage.add_key(tenant_id(1), fresh);
    assert!(!is_served(&tree, fresh).await.unwrap());
    changes.tell(Change::Tenant(tenant_id(1))).await;
    assert!(is_served(&tree, fresh).await.unwrap());
}

#[actix_rt::test]
async fn while_cut_off_tenants_in_use_are_checked_every_five_seconds_behind() {
    let (stage, changes, tree) = stage().await;
    stage.clock.advance(60 * SECOND);
    changes.tell(Change::CutOff).await;
    assert!(!tree.tenants.observe().await.hears);
    for loads in 2..5 {
        stage.directory.loads.close();
        // Served at once, while the load is held.
        assert!(tree.tenants.resident(key_id(1)).is_some());
        stage.directory.loads.arrived(loads).await;
        assert!(tree.tenants.resident(key_id(1)).is_some());
        stage.directory.loads.open();
        settled(&stage, &tree).await;
        stage.clock.advance(4 * SECOND);
        assert!(is_served(&tree, key_id(1)).await.unwrap());
        settled(&stage, &tree).await;
        assert_eq!(stage.directory.loads.count(), loads);
        stage.clock.advance(SECOND);
    }
    stage.revoke_key(tenant_id(1), key_id(1));
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    settled(&stage, &tree).await;
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
}

#[actix_rt::test]
async fn after_a_gap_the_next_use_waits_for_one_load() {
    let (stage, changes, tree) = stage().await;
    stage.add_tenant(2);
    changes.tell(Change::CutOff).await;
    stage.revoke_key(tenant_id(1), key_id(1));
    changes.tell(Change::Resumed).await;
    assert!(tree.tenants.observe().await.hears);
    assert!(tree.tenants.resident(key_id(1)).is_none());
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
    assert!(is_served(&tree, key_id(2)).await.unwrap());
    stage.clock.advance(60 * SECOND);
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
    settled(&stage, &tree).await;
    assert_eq!(stage.directory.loads.count(), 3);
}

#[actix_rt::test]
async fn a_load_that_began_before_the_gap_ended_does_not_count() {
    let (stage, changes, tree) = stage().await;
    stage.directory.loads.close();
    let tenants = tree.tenants.clone();
    let early = actix_rt::spawn(async move { tenants.by_new_secret(hash_of(key_id(1))).await });
    stage.directory.loads.arrived(2).await;
    // It has read its rows already.
    stage.revoke_key(tenant_id(1), key_id(1));
    changes.tell(Change::Resumed).await;
    stage.directory.loads.open();
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
    early.await.unwrap().unwrap();
}

#[actix_rt::test]
async fn a_suspect_tenant_is_served_while_the_store_is_away_and_checked_when_it_is_back() {
    let (stage, changes, tree) = stage().await;
    stage.add_tenant(2);
    assert!(is_served(&tree, key_id(2)).await.unwrap());
    changes.tell(Change::CutOff).await;
    stage.revoke_key(tenant_id(1), key_id(1));
    stage.directory.load_fault.set_away(true);
    changes.tell(Change::Resumed).await;
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    let loads = stage.directory.loads.count();
    // The store has just failed: neither waits for it.
    assert!(tree.tenants.resident(key_id(1)).is_some());
    assert!(tree.tenants.resident(key_id(2)).is_some());
    assert_eq!(stage.directory.loads.count(), loads);
    stage.directory.load_fault.set_away(false);
    stage.clock.advance(5 * SECOND);
    assert!(tree.tenants.resident(key_id(2)).is_none());
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    settled(&stage, &tree).await;
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
}

#[actix_rt::test]
async fn a_suspect_tenant_is_served_when_too_many_are_being_loaded() {
    let (mut stage, _, _) = stage().await;
    stage.settings.tenants.loads = 1;
    let changes = stage.hear_changes();
    stage.add_tenant(2);
    let tree = stage.start();
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    settled(&stage, &tree).await;
    changes.tell(Change::Resumed).await;
    stage.directory.loads.close();
    let tenants = tree.tenants.clone();
    let other = actix_rt::spawn(async move { tenants.by_key(key_id(2), hash_of(key_id(2))).await });
    stage.directory.loads.arrived(3).await;
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    assert!(tree.tenants.resident(key_id(1)).is_none());
    stage.directory.loads.open();
    other.await.unwrap().unwrap();
}

#[actix_rt::test]
async fn a_listener_that_died_has_missed_what_was_told() {
    let (stage, changes, tree) = stage().await;
    changes.fault.panic_times(1);
    stage.revoke_key(tenant_id(1), key_id(1));
    // Lost with the panic: the next listener asks anew.
    changes.tell(Change::Tenant(tenant_id(1))).await;
    assert!(!is_served(&tree, key_id(1)).await.unwrap());
    let observed = tree.tenants.observe().await;
    assert!(observed.is_up && observed.hears);
    assert_eq!(observed.restarts, 1);
}

#[actix_rt::test]
async fn idle_tenants_stay_while_the_store_is_away() {
    let (stage, _, tree) = stage().await;
    stage.clock.advance(24 * 3600 * SECOND);
    stage.directory.load_fault.set_away(true);
    stage.directory.search_fault.set_away(true);
    let report = tree.tenants.sweep().await;
    assert_eq!((report.evicted, report.forgotten), (0, 0));
    assert!(is_served(&tree, key_id(1)).await.unwrap());
    stage.clock.advance(24 * 3600 * SECOND);
    stage.directory.search_fault.set_away(false);
    // Its use after a day began a load behind, which fails; nobody who is being loaded is forgotten.
    let mut sweeps = 0;
    while tree.tenants.sweep().await.forgotten == 0 {
        sweeps += 1;
        assert!(sweeps < 1_000, "it is never forgotten");
        actix_rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_rt::test]
async fn a_tenant_in_use_is_loaded_again_now_and_then_although_nothing_was_told() {
    let (stage, _, tree) = stage().await;
    let loads = stage.directory.loads.count();
    stage.clock.advance(239 * SECOND);
    assert!(tree.tenants.resident(key_id(1)).is_some());
    assert_eq!(stage.directory.loads.count(), loads);
    // Nobody told of it: whoever revoked the key died first.
    stage.revoke_key(tenant_id(1), key_id(1));
    stage.clock.advance(2 * SECOND);
    assert!(tree.tenants.resident(key_id(1)).is_some_and(|handle| handle.key(key_id(1)).is_some()));
    stage.directory.loads.arrived(loads + 1).await;
    while is_served(&tree, key_id(1)).await.unwrap() {
        actix_rt::task::yield_now().await;
    }
}
