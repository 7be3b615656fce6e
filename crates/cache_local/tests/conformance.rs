//! The suites of the testkit, against memory, and what only a clock that is set can show.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cache_local::LocalCache;
use domain::ports::{Answers, CacheEngine, Change, Changes, KeptAnswer, QuotaLeases, TenantCache};
use domain::{Clock, Environment, KeyId, QuotaWindow};
use testkit::ManualClock;
use testkit::conformance::cache::{answers, changes, leases, schedules, tenants, usage, webhooks};
use testkit::conformance::samples;

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> (LocalCache, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (LocalCache::new(Arc::<ManualClock>::clone(&clock)), clock)
}

struct Hands(Arc<ManualClock>);

#[async_trait]
impl leases::Passing for Hands {
    async fn pass(&self, _: KeyId, _: QuotaWindow, by: Duration) {
        self.0.advance(by);
    }

    fn passed_by_itself(&self) -> Duration {
        Duration::ZERO
    }
}

#[tokio::test]
async fn it_keeps_answers() {
    answers::passes(&cache().0).await;
}

#[tokio::test]
async fn it_keeps_tenants() {
    tenants::passes(&cache().0).await;
}

#[tokio::test]
async fn it_leases_limits() {
    let (cache, clock) = cache();
    leases::passes(&cache, &Hands(clock)).await;
}

#[tokio::test]
async fn over_any_window_no_more_is_spent_than_the_limit() {
    let (cache, clock) = cache();
    schedules::never_spend_too_much(&cache, &Hands(clock), 0..500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_at_once_get_exactly_the_limit() {
    let cache: Arc<dyn QuotaLeases> = Arc::new(cache().0);
    leases::nodes_at_once_get_exactly_the_limit(vec![cache]).await;
}

#[tokio::test]
async fn it_tells_changes() {
    let (cache, _) = cache();
    changes::passes(&cache, &[&cache]).await;
}

#[tokio::test]
async fn it_counts_calls() {
    let (cache, clock) = cache();
    usage::passes(&cache, clock.now()).await;
}

#[tokio::test]
async fn it_hands_webhooks_off() {
    let (cache, _) = cache();
    webhooks::passes(&cache, &cache).await;
}

#[tokio::test]
async fn it_is_always_there() {
    let (cache, _) = cache();
    cache.check().await.unwrap();
    assert_eq!(cache.nodes().await.unwrap(), 1);
    cache.close().await;
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_was_said_and_a_day_at_most() {
    let (cache, clock) = cache();
    let tenant = samples::id();
    let answer = KeptAnswer { fingerprint: samples::digest(), status: 200, body: Bytes::new() };
    for (asked, kept) in [(MINUTE, MINUTE), (MINUTE * 60 * 48, MINUTE * 60 * 24)] {
        Answers::keep(&cache, tenant, Environment::Test, "k", answer.clone(), asked).await.unwrap();
        clock.advance(kept - Duration::from_millis(1));
        assert!(cache.find(tenant, Environment::Test, "k").await.unwrap().is_some());
        clock.advance(Duration::from_millis(1));
        assert!(cache.find(tenant, Environment::Test, "k").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_tenant_goes_with_the_part_of_it_that_goes_first() {
    let (cache, clock) = cache();
    let mut tenant = tenants::sample();
    for minutes in [5, 10, 60] {
        TenantCache::keep(&cache, &tenant).await.unwrap();
        clock.advance(MINUTE * minutes - Duration::from_millis(1));
        tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
        clock.advance(Duration::from_millis(1));
        assert!(cache.load(tenant.tenant.id).await.unwrap().is_none());
        if tenant.keys.is_empty() {
            tenant.services.clear();
        } else {
            assert_eq!(cache.owner_of_key(tenant.keys[0].hash).await.unwrap(), None);
            tenant.keys.clear();
        }
    }
}

#[tokio::test]
async fn a_tenant_is_kept_again_some_seconds_after_it_was_forgotten() {
    let (cache, clock) = cache();
    let tenant = tenants::sample();
    cache.forget(tenant.tenant.id).await.unwrap();
    clock.advance(Duration::from_secs(10));
    TenantCache::keep(&cache, &tenant).await.unwrap();
    tenants::assert_same(cache.load(tenant.tenant.id).await.unwrap(), &tenant);
}

#[tokio::test]
async fn a_listener_that_does_not_listen_learns_that_it_missed_something() {
    let (cache, _) = cache();
    for _ in 0..3_000 {
        cache.publish(samples::id()).await.unwrap();
    }
    let last = samples::id();
    cache.publish(last).await.unwrap();
    assert_eq!(changes::next(&cache).await, Change::CutOff);
    assert_eq!(changes::next(&cache).await, Change::Resumed);
    let mut heard = 0;
    while changes::next(&cache).await != Change::Tenant(last) {
        heard += 1;
    }
    assert!(heard < 1_024, "{heard} were waiting");
}
