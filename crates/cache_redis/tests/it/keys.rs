//! What is written to Redis: names, types and lifetimes, and that nothing of it is needed.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use cache_redis::RedisCache;
use domain::ports::WebhookHandOff;
use domain::ports::{Answers, KeptAnswer, LeaseRequest, QuotaLeases, ServiceUse, TenantCache, UsageCounters};
use domain::{Clock, Environment, QuotaWindow, SealedTenant};
use testkit::conformance::cache::{leases, tenants};
use testkit::conformance::samples;
use testkit::servers::Redis;

use crate::support::Nodes;

const HOUR_MS: u64 = 3_600_000;

/// Returns the keys there are.
fn keys(server: &Redis) -> BTreeSet<String> {
    server.cli(&["KEYS", "*"]).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Fails unless the key has this type and goes after this time, give or take a minute; with none it stays.
#[track_caller]
fn assert_key(server: &Redis, key: &str, kind: &str, lifetime_ms: Option<u64>) {
    assert_eq!(server.cli(&["TYPE", key]), kind, "{key}");
    let left = server.cli(&["PTTL", key]);
    match lifetime_ms {
        None => assert_eq!(left, "-1", "{key}"),
        Some(lifetime_ms) => {
            let left: u64 = left.parse().unwrap();
            assert!(left <= lifetime_ms && left + 60_000 > lifetime_ms, "{key}: {left} ms");
        }
    }
}

async fn kept(cache: &RedisCache) -> SealedTenant {
    let tenant = tenants::sample();
    TenantCache::keep(cache, &tenant).await.unwrap();
    tenant
}

#[tokio::test]
async fn a_tenant_is_written_in_parts_that_go_one_after_the_other() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = kept(&cache).await;
    let id = tenant.tenant.id;
    let session = format!("session:{id}");
    let mut expected = BTreeSet::from([
        session.clone(),
        format!("creds:{id}:razorpay:test"),
        format!("creds:{id}:paypal:live"),
    ]);
    let retired = tenant.keys[0].retired.unwrap();
    for hash in [tenant.keys[0].hash, tenant.keys[1].hash, retired.hash] {
        let name = format!("apikey:{}", hex(&hash.0));
        assert_key(&server, &name, "hash", Some(5 * 60_000));
        expected.insert(name);
    }
    assert_eq!(keys(&server), expected);
    assert_key(&server, &session, "string", Some(HOUR_MS));
    assert_key(&server, &format!("creds:{id}:razorpay:test"), "string", Some(10 * 60_000));
    let fields = server.cli(&["HGETALL", &format!("apikey:{}", hex(&retired.hash.0))]);
    let key_id = tenant.keys[0].id;
    let expected = format!(
        "user_id\n{id}\nkey_id\n{key_id}\nis_active\n1\nenvironment\nlive\nrate_limit_per_min\n600\nrate_limit_per_day\n4294967295"
    );
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn a_tenant_is_all_there_or_not_there() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = kept(&cache).await;
    let retired = format!("apikey:{}", hex(&tenant.keys[0].retired.unwrap().hash.0));
    for name in keys(&server).into_iter().filter(|name| *name != retired) {
        server.cli(&["DEL", &name]);
        assert!(cache.load(tenant.tenant.id).await.unwrap().is_none(), "{name}");
        TenantCache::keep(&cache, &tenant).await.unwrap();
        tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
    }
}

#[tokio::test]
async fn parts_of_different_reads_are_not_put_together() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = kept(&cache).await;
    let name = format!("creds:{}:razorpay:test", tenant.tenant.id);
    let old = server.cli(&["GET", &name]);
    let mut changed = tenant.clone();
    changed.services[0].updated_at = samples::moment(7);
    TenantCache::keep(&cache, &changed).await.unwrap();
    tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &changed);
    server.cli(&["SET", &name, &old]);
    assert!(cache.load(tenant.tenant.id).await.unwrap().is_none());
}

#[tokio::test]
async fn forgetting_leaves_a_mark_for_some_seconds_and_nothing_else() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = kept(&cache).await;
    let session = format!("session:{}", tenant.tenant.id);
    cache.forget(tenant.tenant.id).await.unwrap();
    assert_eq!(keys(&server), BTreeSet::from([session.clone()]));
    let left: u64 = server.cli(&["PTTL", &session]).parse().unwrap();
    assert!(left <= 10_000, "{left}");
    // When the mark has gone.
    server.cli(&["DEL", &session]);
    TenantCache::keep(&cache, &tenant).await.unwrap();
    tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}

#[tokio::test]
async fn an_answer_goes_when_it_is_not_replayed_any_more() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = samples::id();
    let name = format!("idempotent:{tenant}:order-1");
    let body = Bytes::from_static(b"{\"amount\": 500.00}");
    let answer = KeptAnswer { fingerprint: [0xab; 32], status: 201, body };
    for (hours, kept_hours) in [(1, 1), (48, 24)] {
        let replay_for = Duration::from_secs(hours * 3_600);
        Answers::keep(&cache, tenant, Environment::Test, "order-1", answer.clone(), replay_for)
            .await
            .unwrap();
        assert_key(&server, &name, "string", Some(kept_hours * HOUR_MS));
    }
    let expected = format!(
        r#"{{"environment":"test","fingerprint":"{}","status":201,"body":"{{\"amount\": 500.00}}"}}"#,
        "ab".repeat(32)
    );
    assert_eq!(server.cli(&["GET", &name]), expected);
}

#[tokio::test]
async fn a_limit_goes_with_its_last_lease() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let key = samples::id();
    let name = format!("ratelimit:{key}:minute");
    let later = LeaseRequest { spend_within: Duration::from_secs(50), ..leases::ask(key, 10, 1) };
    cache.lease(leases::ask(key, 10, 1)).await.unwrap();
    assert_key(&server, &name, "zset", Some(60_000));
    cache.lease(later).await.unwrap();
    cache.lease(leases::ask(key, 10, 1)).await.unwrap();
    let left: u64 = server.cli(&["PTTL", &name]).parse().unwrap();
    assert!(left > 80_000, "a lease that is spent later is lost after {left} ms");
    cache.lease(LeaseRequest { window: QuotaWindow::Day, ..later }).await.unwrap();
    assert_key(&server, &format!("ratelimit:{key}:day"), "zset", Some(24 * HOUR_MS + 50_000));
}

#[tokio::test]
async fn a_limit_stays_small_however_many_leases_there_are() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let key = samples::id();
    let request = LeaseRequest { window: QuotaWindow::Day, ..leases::ask(key, 500_000_000, 1) };
    for _ in 0..1_000 {
        cache.lease(request).await.unwrap();
    }
    let members: u64 = server.cli(&["ZCARD", &format!("ratelimit:{key}:day")]).parse().unwrap();
    // 200, and one for each slice of time.
    assert!((200..=202).contains(&members), "{members}");
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_nobody_out_for_long() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let key = samples::id();
    cache.lease(leases::ask(key, 10, 10)).await.unwrap();
    let name = format!("ratelimit:{key}:minute");
    let member = server.cli(&["ZRANGE", &name, "0", "0"]);
    server.cli(&["ZINCRBY", &name, "3600000000", &member]);
    let refused = cache.lease(leases::ask(key, 10, 1)).await.unwrap();
    assert_eq!(refused.granted, 0);
    assert!(refused.retry_after <= Duration::from_secs(120), "{refused:?}");
}

#[tokio::test]
async fn calls_are_counted_by_day_and_user() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let cache = nodes.connect().await;
    let (tenant, at) = (samples::id(), nodes.clock.now());
    let calls = ServiceUse { service: "razorpay".into(), tenant, at, calls: 3 };
    // What somebody else wrote goes like a day that is past.
    server.cli(&["ZADD", "usage:razorpay:daily", "1", "garbage", "1", "2024-02-29:usr_x"]);
    cache.count(vec![calls.clone(), calls]).await.unwrap();
    assert_key(&server, "usage:razorpay:daily", "zset", Some(30 * 24 * HOUR_MS));
    let expected = format!("2025-08-29:{tenant}\n6");
    assert_eq!(server.cli(&["ZRANGE", "usage:razorpay:daily", "0", "-1", "WITHSCORES"]), expected);
}

#[tokio::test]
async fn a_stream_of_webhooks_goes_with_its_last_event() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    let tenant = samples::id();
    let name = format!("webhooks:{tenant}");
    assert_eq!(cache.take(tenant, 10, Duration::ZERO).await.unwrap(), []);
    cache.push(tenant, "evt_1").await.unwrap();
    assert_key(&server, &name, "stream", None);
    let taken = cache.take(tenant, 10, Duration::ZERO).await.unwrap();
    cache.done(tenant, vec!["nonsense".into(), taken[0].entry.clone()]).await.unwrap();
    assert_eq!(keys(&server), BTreeSet::new());
    // Finishing what is gone already.
    cache.done(tenant, vec![taken[0].entry.clone()]).await.unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
