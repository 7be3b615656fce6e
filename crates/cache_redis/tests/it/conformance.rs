//! The suites of the testkit, against Redis: alone, over TLS, as a cluster and behind a Sentinel.

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::ports::{CacheEngine, QuotaLeases, TenantCache};
use testkit::conformance::cache::{answers, changes, leases, schedules, tenants, usage, webhooks};
use testkit::servers::Redis;

use crate::support::{self, MovesBack, Nodes};

fn nodes() -> Nodes {
    Nodes::at(Redis::shared().url())
}

#[tokio::test]
async fn it_keeps_answers() {
    answers::passes(&nodes().connect().await).await;
}

#[tokio::test]
async fn it_keeps_tenants() {
    tenants::passes(&nodes().connect().await).await;
}

#[tokio::test]
async fn it_leases_limits() {
    leases::passes(&nodes().connect().await, &MovesBack::on(Redis::shared())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_any_window_no_more_is_spent_than_the_limit() {
    let cache = nodes().connect().await;
    schedules::never_spend_too_much(&cache, &MovesBack::on(Redis::shared()), 0..10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_nodes_get_exactly_the_limit_between_them() {
    let nodes = nodes();
    let mut caches: Vec<Arc<dyn QuotaLeases>> = Vec::new();
    for _ in 0..3 {
        caches.push(Arc::new(nodes.connect().await));
    }
    leases::nodes_at_once_get_exactly_the_limit(caches).await;
}

#[tokio::test]
async fn it_tells_changes_to_every_node() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (one, other) = (nodes.connect().await, nodes.connect().await);
    changes::passes(&one, &[&one, &other]).await;
}

#[tokio::test]
async fn it_counts_calls() {
    let nodes = nodes();
    usage::passes(&nodes.connect().await, nodes.clock.now()).await;
}

#[tokio::test]
async fn it_hands_webhooks_off() {
    let nodes = nodes();
    webhooks::passes(&nodes.connect().await, &nodes.connect().await).await;
}

#[tokio::test]
async fn nodes_are_counted_until_they_leave() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (one, other) = (nodes.connect().await, nodes.connect().await);
    assert_eq!(one.nodes().await.unwrap(), 1);
    assert_eq!(other.nodes().await.unwrap(), 2);
    assert_eq!(one.nodes().await.unwrap(), 2);
    other.close().await;
    assert_eq!(one.nodes().await.unwrap(), 1);
    // A node that died says nothing more: it is gone after 15 seconds.
    server.cli(&["ZADD", "nodes", "1", "long ago"]);
    assert_eq!(one.nodes().await.unwrap(), 1);
    assert!(other.check().await.is_err());
}

#[tokio::test]
async fn it_speaks_tls_to_who_has_the_given_authority() {
    let server = Redis::start_with_tls();
    let trusting = Nodes { ca_pem: Some(server.ca_pem().to_owned()), ..Nodes::at(server.url()) };
    let cache = trusting.connect().await;
    cache.check().await.unwrap();
    changes::passes(&cache, &[&cache]).await;
    let suspicious = Nodes { ca_pem: Some(Redis::start_with_tls().ca_pem().to_owned()), ..trusting };
    assert!(suspicious.connect().await.check().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_port_works_on_a_cluster() {
    let servers = Redis::start_cluster();
    let [first, second, third] = servers.each_ref().map(Redis::address);
    let nodes = Nodes::at(format!("redis-cluster://{first},{second},{third}"));
    let (one, other) = (nodes.connect().await, nodes.connect().await);
    answers::passes(&one).await;
    tenants::passes(&one).await;
    changes::passes(&one, &[&one, &other]).await;
    usage::passes(&one, nodes.clock.now()).await;
    webhooks::passes(&one, &other).await;
    assert_eq!(other.nodes().await.unwrap(), 1);
    leases::nodes_at_once_get_exactly_the_limit(vec![Arc::new(one), Arc::new(other)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_to_another_node_are_followed() {
    let servers = Redis::start_cluster();
    let [first, second, _] = servers.each_ref().map(Redis::address);
    let nodes = Nodes::at(format!("redis-cluster://{first}"));
    let cache = nodes.connect().await;
    let tenant = tenants::sample();
    cache.keep(&tenant).await.unwrap();
    let [from, to] = [&servers[0], &servers[1]].map(|server| server.cli(&["CLUSTER", "MYID"]));
    servers[0].cli(&[
        "--cluster",
        "reshard",
        &second,
        "--cluster-from",
        &from,
        "--cluster-to",
        &to,
        "--cluster-slots",
        "5461",
        "--cluster-yes",
    ]);
    support::eventually(async || {
        nodes.clock.advance(Duration::from_secs(2));
        cache.load(tenant.tenant.id).await.ok()
    })
    .await;
    tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
    tenants::passes(&cache).await;
}

#[tokio::test]
async fn the_sentinel_tells_where_the_master_is() {
    let servers = Redis::start_sentinel();
    let nodes = Nodes::at(format!("redis-sentinel://{}/gateway", servers.sentinel.address()));
    let cache = nodes.connect().await;
    let tenant = tenants::sample();
    cache.keep(&tenant).await.unwrap();
    assert_eq!(servers.master.cli(&["EXISTS", &format!("session:{}", tenant.tenant.id)]), "1");
    servers.master.kill();
    support::eventually(async || {
        nodes.clock.advance(Duration::from_secs(2));
        cache.keep(&tenant).await.ok()
    })
    .await;
    assert_eq!(servers.replica.cli(&["EXISTS", &format!("session:{}", tenant.tenant.id)]), "1");
    tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}
