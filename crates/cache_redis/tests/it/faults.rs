//! Redis killed, standing still, empty after a restart, and full of garbage: the cache comes back by itself, and costs its
//! callers no more than it says.

use std::time::Duration;

use bytes::Bytes;
use cache_redis::{Away, OptionsError, RedisCache};
use domain::ports::{
    Answers, CacheEngine, CacheError, Change, Changes, KeptAnswer, QuotaLeases, ServiceUse, TenantCache,
    UsageCounters, WebhookHandOff,
};
use domain::{Environment, SealedTenant, TenantId};
use testkit::conformance::cache::{changes, leases, tenants};
use testkit::conformance::samples;
use testkit::servers::Redis;

use crate::support::{Nodes, eventually, why};

const DAY: Duration = Duration::from_secs(86_400);
const SHORT: Duration = Duration::from_millis(20);

/// Things to ask for, the same before and after a fault.
struct Scene {
    tenant: SealedTenant,
    key: domain::KeyId,
}

impl Scene {
    fn new() -> Self {
        Self { tenant: tenants::sample(), key: samples::id() }
    }

    fn id(&self) -> TenantId {
        self.tenant.tenant.id
    }

    fn answer() -> KeptAnswer {
        KeptAnswer { fingerprint: [1; 32], status: 200, body: Bytes::from_static(b"{}") }
    }

    fn calls(&self) -> Vec<ServiceUse> {
        vec![ServiceUse { service: "razorpay".into(), tenant: self.id(), at: samples::moment(0), calls: 1 }]
    }

    /// Uses every port once, writing before reading; returns how each ended.
    async fn use_every_port(&self, cache: &RedisCache) -> Vec<Result<(), CacheError>> {
        let id = self.id();
        let hash = self.tenant.keys.first().unwrap().hash;
        vec![
            cache.check().await,
            Answers::keep(cache, id, Environment::Test, "k", Self::answer(), DAY).await,
            cache.find(id, Environment::Test, "k").await.map(drop),
            TenantCache::keep(cache, &self.tenant).await,
            cache.load(id).await.map(drop),
            cache.owner_of_key(hash).await.map(drop),
            cache.lease(leases::ask(self.key, 1_000, 1)).await.map(drop),
            cache.give_back(self.key, domain::QuotaWindow::Minute, "a/1", 1).await,
            cache.nodes().await.map(drop),
            cache.count(self.calls()).await,
            cache.on_day("razorpay", samples::moment(0)).await.map(drop),
            cache.push(id, "evt_1").await,
            cache.take(id, 10, DAY).await.map(drop),
            cache.done(id, vec!["1-1".into()]).await,
            cache.publish(id).await,
        ]
    }

    /// Uses every port until all work at once.
    async fn works_again(&self, nodes: &Nodes, cache: &RedisCache) {
        eventually(async || {
            nodes.clock.advance(Duration::from_secs(2));
            self.use_every_port(cache).await.into_iter().collect::<Result<Vec<()>, _>>().ok()?;
            tenants::assert_same(cache.load(self.id()).await.ok()?, &self.tenant);
            let answer = cache.find(self.id(), Environment::Test, "k").await.ok()?;
            assert_eq!(answer, Some(Self::answer()));
            Some(())
        })
        .await;
    }
}

/// Returns the next word on hearing, whatever tenants come before it.
async fn next_word(cache: &RedisCache) -> Change {
    loop {
        match changes::next(cache).await {
            Change::Tenant(_) => {}
            word => return word,
        }
    }
}

#[tokio::test]
async fn redis_is_killed_and_comes_back_empty() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    scene.works_again(&nodes, &cache).await;
    server.kill();
    assert_eq!(next_word(&cache).await, Change::CutOff);
    for ended in scene.use_every_port(&cache).await {
        why(&ended.unwrap_err());
    }
    server.start_again();
    assert_eq!(next_word(&cache).await, Change::Resumed);
    assert_eq!(server.cli(&["DBSIZE"]), "0");
    scene.works_again(&nodes, &cache).await;
    let told = samples::id();
    eventually(async || {
        nodes.clock.advance(Duration::from_secs(2));
        cache.publish(told).await.ok()
    })
    .await;
    while changes::next(&cache).await != Change::Tenant(told) {}
}

#[tokio::test]
async fn redis_is_away_at_the_start() {
    let server = Redis::start();
    server.kill();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    for ended in scene.use_every_port(&cache).await {
        assert!(matches!(why(&ended.unwrap_err()), Away::NotConnected));
    }
    assert_eq!(changes::next(&cache).await, Change::CutOff);
    server.start_again();
    assert_eq!(changes::next(&cache).await, Change::Resumed);
    scene.works_again(&nodes, &cache).await;
}

#[tokio::test]
async fn redis_stands_still_at_the_start() {
    let server = Redis::start();
    server.pause();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    assert!(matches!(why(&cache.check().await.unwrap_err()), Away::NotConnected));
    assert_eq!(changes::next(&cache).await, Change::CutOff);
    server.resume();
    assert_eq!(changes::next(&cache).await, Change::Resumed);
    scene.works_again(&nodes, &cache).await;
}

#[tokio::test]
async fn a_redis_that_stands_still_costs_one_wait_a_second() {
    let server = Redis::start();
    let nodes = Nodes { timeout: SHORT, ..Nodes::at(server.url()) };
    let (cache, scene) = (nodes.connect().await, Scene::new());
    scene.works_again(&nodes, &cache).await;
    server.pause();
    for _ in 0..5 {
        let mut waited = 0;
        let mut ends = scene.use_every_port(&cache).await;
        ends.extend(scene.use_every_port(&cache).await);
        for ended in ends {
            match why(&ended.unwrap_err()) {
                Away::TimedOut | Away::Failed(_) => waited += 1,
                Away::Refused | Away::NotConnected => {}
            }
        }
        assert!(waited <= 1, "{waited} callers waited");
        nodes.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(next_word(&cache).await, Change::CutOff);
    server.resume();
    assert_eq!(next_word(&cache).await, Change::Resumed);
    scene.works_again(&nodes, &cache).await;
}

#[tokio::test]
async fn callers_at_once_all_come_back() {
    let server = Redis::start();
    let nodes = Nodes { timeout: SHORT, ..Nodes::at(server.url()) };
    let cache = std::sync::Arc::new(nodes.connect().await);
    server.pause();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let cache = std::sync::Arc::clone(&cache);
        calls.spawn(async move { cache.check().await });
    }
    let ended = calls.join_all().await;
    assert_eq!(ended.len(), 500);
    assert!(ended.iter().all(Result::is_err));
    assert!(!matches!(why(&cache.check().await.unwrap_err()), Away::TimedOut));
    server.resume();
    Scene::new().works_again(&nodes, &cache).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_loses_a_master_and_gets_it_back() {
    let servers = Redis::start_cluster();
    let [first, second, third] = servers.each_ref().map(Redis::address);
    let nodes = Nodes::at(format!("redis-cluster://{first},{second},{third}"));
    let (cache, scene) = (nodes.connect().await, Scene::new());
    scene.works_again(&nodes, &cache).await;
    servers[0].kill();
    eventually(async || {
        nodes.clock.advance(Duration::from_secs(2));
        let ends = scene.use_every_port(&cache).await;
        ends.iter().all(Result::is_err).then_some(())
    })
    .await;
    servers[0].start_again();
    scene.works_again(&nodes, &cache).await;
}

#[tokio::test]
async fn redis_is_emptied_and_forgets_its_scripts() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    scene.works_again(&nodes, &cache).await;
    server.cli(&["FLUSHALL"]);
    server.cli(&["SCRIPT", "FLUSH"]);
    assert!(cache.load(scene.id()).await.unwrap().is_none());
    assert_eq!(cache.find(scene.id(), Environment::Test, "k").await.unwrap(), None);
    for ended in scene.use_every_port(&cache).await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn connections_are_cut_by_the_server() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    for _ in 0..3 {
        scene.works_again(&nodes, &cache).await;
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        assert_eq!(next_word(&cache).await, Change::CutOff);
        assert_eq!(next_word(&cache).await, Change::Resumed);
    }
    scene.works_again(&nodes, &cache).await;
}

/// Every key that the cache reads holds something else: no port fails twice for it, and none panics.
#[tokio::test]
async fn garbage_is_as_good_as_nothing() {
    let server = Redis::start();
    let nodes = Nodes::at(server.url());
    let (cache, scene) = (nodes.connect().await, Scene::new());
    scene.works_again(&nodes, &cache).await;
    let names: Vec<String> = server.cli(&["KEYS", "*"]).lines().map(str::to_owned).collect();
    assert!(names.len() > 8, "{names:?}");
    let garbage: [&[&str]; 8] = [
        &["SET", "", "garbage"],
        &["SET", "", "{\"environment\": \"test\", \"keys\": 7}"],
        &["SET", "", "\u{fffd}\u{1}"],
        &["LPUSH", "", "garbage"],
        &["HSET", "", "user_id", "garbage"],
        &["ZADD", "", "1e300", "garbage"],
        &["ZADD", "", "inf", "7:x", "-inf", "-1:y", "5", ":", "6", "99999999999999999999:z"],
        &["XADD", "", "*", "unknown", "garbage"],
    ];
    for command in garbage {
        for name in &names {
            server.cli(&["DEL", name]);
            let words: Vec<&str> =
                command.iter().map(|word| if word.is_empty() { name } else { *word }).collect();
            server.cli(&words);
        }
        for found in [
            cache.find(scene.id(), Environment::Test, "k").await.map(|found| found.is_none()),
            cache.load(scene.id()).await.map(|found| found.is_none()),
            cache.owner_of_key(scene.tenant.keys[0].hash).await.map(|found| found.is_none()),
            cache.on_day("razorpay", samples::moment(0)).await.map(|found| found.is_empty()),
        ] {
            assert!(matches!(found, Ok(true) | Err(CacheError::Corrupt(_))), "{command:?}: {found:?}");
        }
        cache.forget(scene.id()).await.unwrap();
        server.cli(&["DEL", &format!("session:{}", scene.id())]);
        for ended in scene.use_every_port(&cache).await {
            ended.unwrap();
        }
        tenants::assert_same(cache.load(scene.id()).await.unwrap(), &scene.tenant);
        assert_eq!(cache.on_day("razorpay", samples::moment(0)).await.unwrap(), [(scene.id(), 1)]);
    }
}

#[tokio::test]
async fn a_message_that_nobody_understands_counts_as_one_that_was_missed() {
    let server = Redis::start();
    let cache = Nodes::at(server.url()).connect().await;
    server.cli(&["PUBLISH", "changes", "garbage"]);
    assert_eq!(changes::next(&cache).await, Change::CutOff);
    assert_eq!(changes::next(&cache).await, Change::Resumed);
}

#[tokio::test]
async fn a_wrong_password_is_a_cache_that_is_away() {
    let server = Redis::start();
    server.cli(&["CONFIG", "SET", "requirepass", "right"]);
    let nodes = Nodes::at(server.url().replace("redis://", "redis://:wrong@"));
    let cache = nodes.connect().await;
    let refused = cache.check().await.unwrap_err();
    assert!(matches!(why(&refused), Away::NotConnected));
    let right = Nodes { url: server.url().replace("redis://", "redis://:right@"), ..nodes };
    right.connect().await.check().await.unwrap();
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused_and_never_shown() {
    let nodes = Nodes::at("redis://user:SECRET@host:port");
    let options = nodes.options();
    assert!(!format!("{options:?}").contains("SECRET"));
    let refused = RedisCache::connect(options).await.unwrap_err();
    assert!(matches!(refused, OptionsError::Address(_)));
    assert!(!format!("{refused} {refused:?}").contains("SECRET"));
    let nodes = Nodes { ca_pem: Some("no PEM".to_owned()), ..Nodes::at("rediss://host") };
    let refused = RedisCache::connect(nodes.options()).await.unwrap_err();
    assert!(matches!(refused, OptionsError::Authorities));
}
