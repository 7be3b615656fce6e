//! Limits hold over several nodes, nobody waits for more than one call, and a lessor that is away stops nobody.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::{QuotaWindow, RateLimits};
use futures_util::future::join_all;
use resilience::{Allowance, LimitExceeded};

use crate::doubles::{LeasesDouble, Stage, hash_of, key_id, tenant_id};
use crate::lock::lock;
use crate::tenant::quotas::KeyShare;
use crate::{Charge, TenantHandle, Tree};

const MANY: u32 = 1_000_000_000;
const MINUTE: QuotaWindow = QuotaWindow::Minute;

/// A stage with a tenant of these limits.
fn stage(per_minute: u32, per_day: u32) -> (Stage, Arc<LeasesDouble>) {
    let mut stage = Stage::new();
    let leases = stage.share_limits();
    let (tenant, _) = stage.add_tenant(1);
    stage.limit(tenant, RateLimits { per_minute, per_day });
    (stage, leases)
}

async fn loaded(tree: &Tree) -> TenantHandle {
    tree.tenants.by_key(key_id(1), hash_of(key_id(1))).await.unwrap().unwrap()
}

fn start_charge(handle: &TenantHandle) -> Charge {
    handle.key(key_id(1)).unwrap().charge(Duration::ZERO)
}

async fn charge(handle: &TenantHandle) -> Result<Allowance, LimitExceeded> {
    start_charge(handle).decided().await
}

/// Makes requests at three nodes at once, so many streams at each, and returns how many pass.
async fn passes_at_three_nodes(stage: &Stage, streams: usize, requests: usize) -> usize {
    let trees: Vec<Tree> = (0..3).map(|_| stage.start()).collect();
    let mut handles = Vec::new();
    for tree in &trees {
        handles.push(loaded(tree).await);
    }
    let stream = async |handle: &TenantHandle| {
        let mut passed = 0_usize;
        for _ in 0..requests {
            passed += usize::from(charge(handle).await.is_ok());
        }
        passed
    };
    let streams = handles.iter().flat_map(|handle| (0..streams).map(|_| stream(handle)));
    join_all(streams).await.into_iter().sum()
}

#[actix_rt::test]
async fn of_three_thousand_requests_over_three_nodes_exactly_a_small_limit_passes() {
    for (streams, requests) in [(1_000, 1), (10, 100), (1, 1_000)] {
        let (stage, leases) = stage(100, MANY);
        leases.nodes.store(3, Ordering::SeqCst);
        assert_eq!(passes_at_three_nodes(&stage, streams, requests).await, 100);
        assert!(leases.wanted(MINUTE).len() <= 110, "{:?}", leases.wanted(MINUTE));
    }
}

#[actix_rt::test]
async fn a_small_limit_of_a_day_is_exact_as_well() {
    let (stage, leases) = stage(6_000, 100);
    leases.nodes.store(3, Ordering::SeqCst);
    assert_eq!(passes_at_three_nodes(&stage, 10, 100).await, 100);
}

#[actix_rt::test]
async fn of_a_large_limit_nearly_all_passes_and_never_more() {
    for (streams, requests) in [(4_000, 1), (20, 200), (1, 4_000)] {
        let (stage, leases) = stage(6_000, MANY);
        leases.nodes.store(3, Ordering::SeqCst);
        let passed = passes_at_three_nodes(&stage, streams, requests).await;
        assert!((5_700..=6_000).contains(&passed), "{passed}");
    }
}

#[actix_rt::test]
async fn while_one_node_is_busy_and_the_others_are_quiet_little_lies_unused() {
    let (stage, leases) = stage(6_000, MANY);
    leases.nodes.store(3, Ordering::SeqCst);
    let trees = [stage.start(), stage.start(), stage.start()];
    let mut quiet = 0;
    for tree in &trees {
        let handle = loaded(tree).await;
        for _ in 0..700 {
            charge(&handle).await.unwrap();
            quiet += 1;
        }
    }
    let busy = loaded(&trees[0]).await;
    let mut passed = 0;
    while charge(&busy).await.is_ok() {
        passed += 1;
    }
    assert!((5_700..=6_000).contains(&(quiet + passed)), "{passed}");
}

#[actix_rt::test]
async fn a_flood_of_refused_requests_costs_a_call_a_second() {
    let (stage, leases) = stage(1, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    charge(&handle).await.unwrap();
    let refused = charge(&handle).await.unwrap_err();
    assert_eq!((refused.which, refused.retry_after), (MINUTE, Duration::from_secs(60)));
    let calls = leases.calls.count();
    for _ in 0..1_000 {
        assert!(matches!(start_charge(&handle), Charge::Done(Err(_))));
    }
    assert_eq!(leases.calls.count(), calls);
    stage.clock.advance(Duration::from_secs(1));
    let refused = charge(&handle).await.unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(59));
    assert_eq!(refused.allowance.minute.limit, 1);
    stage.clock.advance(Duration::from_secs(59));
    charge(&handle).await.unwrap();
}

#[actix_rt::test]
async fn all_who_wait_share_one_call_and_those_pass_for_whom_there_is_enough() {
    let (stage, leases) = stage(30, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    leases.calls.close();
    let first = start_charge(&handle);
    leases.calls.arrived(2).await;
    let others: Vec<Charge> = (0..49).map(|_| start_charge(&handle)).collect();
    leases.calls.open();
    first.decided().await.unwrap();
    let others = join_all(others.into_iter().map(Charge::decided)).await;
    assert_eq!(others.iter().filter(|result| result.is_ok()).count(), 29);
    assert!(others.iter().flatten().all(|allowance| allowance.minute.limit == 30));
    assert_eq!(leases.wanted(MINUTE), [1, 49]);
}

#[actix_rt::test]
async fn who_has_gone_is_not_charged_and_what_was_leased_for_it_is_given_back() {
    let (stage, leases) = stage(100, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    leases.calls.close();
    let gone = start_charge(&handle);
    leases.calls.arrived(2).await;
    drop(gone);
    leases.calls.open();
    while leases.given_back.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(leases.taken(key_id(1), MINUTE), 0);
    assert_eq!(charge(&handle).await.unwrap().minute.remaining, 99);
}

#[actix_rt::test]
async fn when_the_day_is_used_up_the_minute_is_not_charged() {
    let (stage, leases) = stage(100, 3);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    for _ in 0..3 {
        charge(&handle).await.unwrap();
    }
    for _ in 0..5 {
        let refused = charge(&handle).await.unwrap_err();
        assert_eq!(refused.which, QuotaWindow::Day);
        stage.clock.advance(Duration::from_secs(1));
    }
    while leases.taken(key_id(1), MINUTE) > 3 {
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn a_busy_key_is_leased_for_before_it_has_to_wait() {
    let (stage, leases) = stage(60_000, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    while leases.wanted(MINUTE).last().is_none_or(|want| *want < 64) {
        charge(&handle).await.unwrap();
    }
    let KeyShare::Leased(quotas) = &handle.key(key_id(1)).unwrap().quotas.of_key else {
        panic!("not leased")
    };
    let is_asking = || lock(&quotas.desk).is_asking;
    while is_asking() {
        tokio::task::yield_now().await;
    }
    leases.calls.close();
    while !is_asking() {
        assert!(matches!(start_charge(&handle), Charge::Done(Ok(_))));
    }
    let calls = leases.calls.count();
    for _ in 0..8 {
        assert!(matches!(start_charge(&handle), Charge::Done(Ok(_))));
    }
    assert!(leases.calls.count() <= calls + 2);
    leases.calls.open();
}

#[actix_rt::test]
async fn what_a_busy_key_leaves_is_given_back_behind() {
    let (stage, leases) = stage(60_000, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    for _ in 0..100 {
        charge(&handle).await.unwrap();
    }
    stage.clock.advance(Duration::from_secs(20));
    while leases.taken(key_id(1), MINUTE) > 100 || leases.taken(key_id(1), QuotaWindow::Day) > 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(leases.taken(key_id(1), MINUTE), 100);
    assert_eq!(leases.taken(key_id(1), QuotaWindow::Day), 100);
}

#[actix_rt::test]
async fn while_the_lessor_is_away_a_node_lets_its_share_through() {
    let (stage, leases) = stage(100, MANY);
    leases.nodes.store(4, Ordering::SeqCst);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    leases.tellings.arrived(1).await;
    charge(&handle).await.unwrap();
    leases.fault.set_away(true);
    let passed = join_all((0..60).map(|_| charge(&handle))).await;
    assert_eq!(passed.iter().filter(|result| result.is_ok()).count(), 25);
    let refused = charge(&handle).await.unwrap_err();
    assert_eq!((refused.which, refused.exceeded().limit), (MINUTE, 100));
    leases.fault.set_away(false);
    stage.clock.advance(Duration::from_millis(100));
    assert_eq!(charge(&handle).await.unwrap().minute.remaining, 98);
}

#[actix_rt::test]
async fn a_lessor_that_hangs_or_panics_stops_nobody() {
    let (stage, leases) = stage(100, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    leases.calls.close();
    assert!(join_all((0..50).map(|_| charge(&handle))).await.iter().all(Result::is_ok));
    leases.calls.open();
    stage.clock.advance(Duration::from_secs(1));
    leases.fault.panic_times(1);
    charge(&handle).await.unwrap();
    stage.clock.advance(Duration::from_secs(1));
    charge(&handle).await.unwrap();
    assert_eq!(leases.taken(key_id(1), QuotaWindow::Day), 1);
}

#[actix_rt::test]
async fn wallets_outlive_snapshots_and_other_limits_hold_from_the_next_lease_on() {
    let (stage, leases) = stage(3, MANY);
    let tree = stage.start();
    for _ in 0..3 {
        charge(&loaded(&tree).await).await.unwrap();
    }
    assert!(charge(&loaded(&tree).await).await.is_err());
    tree.tenants.refresh(tenant_id(1)).await.unwrap();
    let calls = leases.calls.count();
    assert!(matches!(start_charge(&loaded(&tree).await), Charge::Done(Err(_))));
    assert_eq!(leases.calls.count(), calls);
    stage.limit(tenant_id(1), RateLimits { per_minute: 5, per_day: MANY });
    tree.tenants.refresh(tenant_id(1)).await.unwrap();
    stage.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        charge(&loaded(&tree).await).await.unwrap();
    }
    assert!(charge(&loaded(&tree).await).await.is_err());
}

#[actix_rt::test]
async fn after_the_tree_has_stopped_a_charge_is_still_decided() {
    let (stage, _) = stage(100, MANY);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    tree.stop().await;
    charge(&handle).await.unwrap();
}
