//! The whole path of a request in one thread and without sockets: JSON in, admission, ledger (embedded store, committed to
//! disk), a provider that answers at once, JSON out. Log rows are written behind the answers, by the store's own thread. At the end
//! how soon a request is refused, by an open circuit and by a gateway that is full.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_rt::SystemRunner;
use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use async_trait::async_trait;
use bytes::Bytes;
use criterion::async_executor::AsyncExecutor;
use criterion::{Criterion, Throughput};
use domain::ports::{NewTenant, Transport};
use domain::{Endpoint, Environment, KeyId, Reply, Request, TenantId, TransportFailure};
use futures_util::future::join_all;
use gateway::{Config, Overrides, Running};
use resilience::{RequestClass, Shedder};
use tempfile::TempDir;
use vault::PlatformKey;

use crate::stage;

const CREATED: &str = include_str!("../crates/adapters/fixtures/razorpay/order_created.json");
const NO_PAYMENTS: &str = include_str!("../crates/adapters/fixtures/razorpay/payments_none.json");

/// Requests under way at once, where it is more than one.
const CLIENTS: u64 = 64;

/// Measures the whole path.
pub(crate) fn bench(criterion: &mut Criterion) {
    let system = System(actix_rt::System::new());
    let (running, key, _folder) = system.block_on(start());
    let is_down = Arc::new(AtomicBool::new(false));
    let transport = Arc::new(Instant { is_down: Arc::clone(&is_down) });
    let app = system.block_on(init_service(App::new().configure(running.routes(transport))));
    let calls = Cell::new(0_u64);
    // Asks, and takes the whole answer.
    let ask = async |ask: Ask| {
        calls.set(calls.get().wrapping_add(1));
        let response = call_service(&app, request(ask, &key, calls.get()).to_request()).await;
        let status = response.status();
        let body = read_body(response).await;
        (status, body)
    };
    let visit = async |what: Ask| {
        let (status, body) = ask(what).await;
        assert!(status.is_success(), "{status} {body:?}");
    };
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    for (name, at_once, ask) in [
        ("create an order, alone", 1, Ask::Create),
        ("create an order, 64 at once", CLIENTS, Ask::Create),
        ("create an order with an idempotency key, 64 at once", CLIENTS, Ask::CreateKeyed),
        ("read an order (two calls, no ledger), 64 at once", CLIENTS, Ask::Read),
    ] {
        group.throughput(Throughput::Elements(at_once));
        group.bench_function(name, |bencher| {
            bencher.to_async(&system).iter_custom(async |rounds| {
                let began = running.gateway.clock.monotonic();
                for _ in 0..rounds {
                    join_all((0..at_once).map(|_| visit(ask))).await;
                }
                let took = running.gateway.clock.monotonic().saturating_sub(began);
                // One sample's log rows are not to fill the queue of the next.
                running.gateway.log.flush().await.unwrap();
                took
            });
        });
    }
    is_down.store(true, Ordering::Relaxed);
    // Until its circuit is open.
    while system.block_on(ask(Ask::Create)).0 != StatusCode::SERVICE_UNAVAILABLE {}
    group.throughput(Throughput::Elements(1));
    group.bench_function("refuse an order by the provider's open circuit", |bencher| {
        bencher.to_async(&system).iter(async || ask(Ask::Create).await.0.is_server_error());
    });
    let shedder = &running.gateway.shedder;
    let places: Vec<_> =
        std::iter::from_fn(|| Shedder::try_enter(shedder, RequestClass::Write).ok()).collect();
    group.bench_function("refuse an order by a gateway that is full", |bencher| {
        bencher.to_async(&system).iter(async || ask(Ask::Create).await.0.is_server_error());
    });
    drop(places);
    group.finish();
    drop(app);
    system.block_on(running.stop());
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Ask {
    Create,
    CreateKeyed,
    Read,
}

/// Returns a request; `call` is another number each time.
fn request(ask: Ask, key: &str, call: u64) -> TestRequest {
    let request = match ask {
        Ask::Create => create(),
        Ask::CreateKeyed => create().insert_header(("idempotency-key", format!("order-{call}"))),
        Ask::Read => TestRequest::get().uri("/v1/payments/orders/order_RB58MiP5SPFYyM?provider=razorpay"),
    };
    request.insert_header(("x-platform-key", key))
}

fn create() -> TestRequest {
    TestRequest::post()
        .uri("/v1/payments/orders")
        .insert_header(("content-type", "application/json"))
        .set_payload(Bytes::from_static(br#"{"amount": 500.00, "currency": "INR"}"#))
}

/// A provider that answers at once, or breaks the connection at once.
#[derive(Debug)]
struct Instant {
    is_down: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for Instant {
    async fn send(&self, _: &Endpoint, request: &Request, _: Duration) -> Result<Reply, TransportFailure> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(TransportFailure::Disconnected);
        }
        let body = if request.path.ends_with("/payments") { NO_PAYMENTS } else { CREATED };
        Ok(Reply { status: 200, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) })
    }
}

/// The actix system that everything runs in.
struct System(SystemRunner);

impl AsyncExecutor for &System {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}

impl System {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}

/// Starts a gateway in a folder of its own, with one tenant; returns it with the tenant's test key.
async fn start() -> (Running, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let free = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let overrides =
        Overrides { public: Some(free), admin: Some(free), folder: Some(folder.path().to_owned()) };
    let mut config = Config::load(None, &overrides).unwrap();
    config.listen.workers = 1;
    let telemetry = telemetry::Telemetry::local().unwrap();
    let running = gateway::start(config, telemetry, |stores| stores).await.unwrap();
    let key = add_tenant(&running).await;
    (running, key, folder)
}

async fn add_tenant(running: &Running) -> String {
    let gateway = &running.gateway;
    let (now, entropy) = (gateway.clock.now(), &*gateway.entropy);
    let id = TenantId::generate(now, entropy);
    let data_key = gateway.vault.new_data_key(id).unwrap();
    let service = stage::razorpay(&gateway.vault, id, &data_key);
    let tenant = NewTenant { tenant: stage::tenant(id), password_hash: "none".into(), data_key };
    gateway.stores.tenants.insert(tenant).await.unwrap();
    gateway.stores.services.put(vec![service]).await.unwrap();
    let key = PlatformKey::generate(Environment::Test, KeyId::generate(now, entropy), entropy);
    gateway.stores.keys.insert(stage::api_key(&key, id, &gateway.pepper)).await.unwrap();
    key.text().expose().to_owned()
}
