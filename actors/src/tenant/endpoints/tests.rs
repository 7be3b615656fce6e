//! Of an endpoint's limit and the key's own, all are charged or none.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::{QuotaWindow, RateLimits};
use futures_util::FutureExt;

use super::*;
use crate::doubles::{Stage, hash_of, key_id};
use crate::{TenantHandle, Tree};

const PAYOUTS: Option<EndpointIndex> = Some(EndpointIndex(0));
const MESSAGES: Option<EndpointIndex> = Some(EndpointIndex(1));

fn stage(per_minute: u32, per_day: u32) -> Stage {
    let mut stage = Stage::new();
    stage.settings.tenants.endpoints = [5, 3].map(|limit| NonZeroU32::new(limit).unwrap()).into();
    let (tenant, _) = stage.add_tenant(1);
    stage.limit(tenant, RateLimits { per_minute, per_day });
    stage
}

async fn loaded(tree: &Tree) -> TenantHandle {
    tree.tenants.by_key(key_id(1), hash_of(key_id(1))).await.unwrap().unwrap()
}

async fn charge(handle: &TenantHandle, endpoint: Option<EndpointIndex>) -> Result<Charged, KeyExhausted> {
    handle.key(key_id(1)).unwrap().charge_at(endpoint, Duration::ZERO).await
}

#[actix_rt::test]
async fn what_an_endpoint_refuses_is_not_charged_to_the_key() {
    let stage = stage(100, 1_000);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    for left in (0..5).rev() {
        let charged = charge(&handle, PAYOUTS).await.unwrap();
        assert_eq!(charged.endpoint.unwrap().remaining, left);
    }
    for _ in 0..20 {
        let refused = charge(&handle, PAYOUTS).await.unwrap_err();
        assert_eq!((refused.which, refused.left.key.minute.remaining), (None, 95));
        assert!(!refused.retry_after.is_zero());
        assert_eq!(refused.left.endpoint.map(|left| (left.limit, left.remaining)), Some((5, 0)));
    }
    // Another endpoint has a limit of its own, and most have none.
    assert_eq!(charge(&handle, MESSAGES).await.unwrap().endpoint.unwrap().remaining, 2);
    assert_eq!(charge(&handle, None).await.unwrap().endpoint, None);
    assert_eq!(charge(&handle, None).await.unwrap().key.minute.remaining, 92);
}

#[actix_rt::test]
async fn what_the_key_refuses_is_not_charged_to_the_endpoint() {
    for (per_minute, per_day, which) in [(3, 1_000, QuotaWindow::Minute), (100, 3, QuotaWindow::Day)] {
        let stage = stage(per_minute, per_day);
        let tree = stage.start();
        let handle = loaded(&tree).await;
        for _ in 0..3 {
            charge(&handle, PAYOUTS).await.unwrap();
        }
        for _ in 0..20 {
            let refused = charge(&handle, PAYOUTS).await.unwrap_err();
            assert_eq!(refused.which, Some(which));
            assert_eq!(refused.left.endpoint.unwrap().remaining, 2);
        }
    }
}

#[actix_rt::test]
async fn a_request_that_goes_while_it_waits_for_a_lease_gives_the_endpoints_back() {
    let mut stage = stage(100, 1_000);
    let leases = stage.share_limits();
    let tree = stage.start();
    let handle = loaded(&tree).await;
    leases.calls.close();
    assert!(charge(&handle, PAYOUTS).now_or_never().is_none());
    leases.calls.open();
    assert_eq!(charge(&handle, PAYOUTS).await.unwrap().endpoint.unwrap().remaining, 4);
}

#[actix_rt::test]
async fn of_several_nodes_each_has_an_equal_part() {
    let mut stage = stage(100, 1_000);
    let leases = stage.share_limits();
    leases.nodes.store(2, Ordering::SeqCst);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    let quotas = handle.key(key_id(1)).unwrap().quotas.endpoints.as_ref().unwrap();
    while quotas.lessor.as_ref().unwrap().nodes() < 2 {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        assert_eq!(charge(&handle, PAYOUTS).await.unwrap().endpoint.unwrap().limit, 5);
    }
    assert_eq!(charge(&handle, PAYOUTS).await.unwrap_err().which, None);
}

#[actix_rt::test]
async fn what_is_left_at_an_endpoint_outlives_a_refresh() {
    let stage = stage(100, 1_000);
    let tree = stage.start();
    let handle = loaded(&tree).await;
    for _ in 0..5 {
        charge(&handle, PAYOUTS).await.unwrap();
    }
    tree.tenants.refresh(handle.tenant().id).await.unwrap();
    assert!(charge(&loaded(&tree).await, PAYOUTS).await.is_err());
}
