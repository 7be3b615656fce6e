//! Admission: whether there is a place for a request, whose key it is among 100,000 resident tenants, what is left of its limits,
//! whether the circuits on its way are closed.

use std::cell::OnceCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::{System, SystemRunner};
use actors::{Calls, Charge, CircuitOf, ProviderHandle, TenantHandle};
use criterion::Criterion;
use domain::{Environment, KeyId, OperationKind, RateLimits, TenantId};
use resilience::{Fault, KeyQuotas, RequestClass, Shedder, ShedderSettings, Verdict};
use testkit::CountingEntropy;
use vault::{Pepper, PlatformKey};

use crate::stage::{Stage, TENANTS, key_id, platform_key};

/// Measures admission.
pub(crate) fn bench(criterion: &mut Criterion) {
    parts(criterion);
    places(criterion);
    among_residents(criterion);
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("admission");
    let entropy = CountingEntropy::default();
    let pepper = Pepper::from_bytes(&*Pepper::generate_bytes(&entropy)).unwrap();
    let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(7), &entropy);
    let hash = pepper.hash_key(&key.present());
    let text = key.text().expose().to_owned();
    group.bench_function("read a key and its checksum", |bencher| {
        bencher.iter(|| PlatformKey::parse(black_box(&text)).unwrap().id);
    });
    group.bench_function("read a key and check it against its hash", |bencher| {
        bencher.iter(|| pepper.matches(&PlatformKey::parse(black_box(&text)).unwrap(), &hash));
    });
    let quotas = KeyQuotas::new();
    let limits = RateLimits { per_minute: 600_000, per_day: 500_000_000 };
    let mut now = Duration::ZERO;
    group.bench_function("charge the limits of a minute and a day", |bencher| {
        bencher.iter(|| {
            now += Duration::from_millis(1);
            quotas.charge(limits, now).is_ok()
        });
    });
    let tenant = TenantId::from_u128(1);
    group.bench_function("derive a provider's idempotency key", |bencher| {
        bencher.iter(|| {
            pepper.provider_key(
                tenant,
                Environment::Test,
                "POST /v1/payments/orders",
                (&[black_box("acct")], black_box("order-42")),
            )
        });
    });
    group.finish();
}

fn places(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("admission");
    let settings = ShedderSettings { least: 64, most: 64, lag: Duration::from_millis(50) };
    let shedder = Arc::new(Shedder::try_new(settings).unwrap());
    group.bench_function("let a request in and out", |bencher| {
        bencher.iter(|| Shedder::try_enter(&shedder, black_box(RequestClass::Write)).is_ok());
    });
    let _full: Vec<_> = (0..64).map(|_| Shedder::try_enter(&shedder, RequestClass::Write).unwrap()).collect();
    group.bench_function("refuse a request", |bencher| {
        bencher.iter(|| Shedder::try_enter(&shedder, black_box(RequestClass::Write)).is_err());
    });
    group.finish();
}

fn among_residents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("admission among 100,000");
    // Loaded for the first of these that is asked for, and for none when none is.
    let residents = OnceCell::new();
    let residents = || residents.get_or_init(Residents::load);
    group.bench_function("find a key's tenant", |bencher| {
        let residents = residents();
        let mut texts = residents.texts.iter().cycle();
        bencher.iter(|| residents.find(texts.next().unwrap()).tenant().id);
    });
    group.bench_function("find a key's tenant and check the key", |bencher| {
        let residents = residents();
        let mut texts = residents.texts.iter().cycle();
        bencher.iter(|| residents.stage.authenticate(texts.next().unwrap()).unwrap());
    });
    group.bench_function("admit to a service and settle", |bencher| {
        let residents = residents();
        let mut texts = residents.texts.iter().cycle();
        let mut now = Duration::ZERO;
        let handle = residents.find(texts.next().unwrap());
        bencher.iter(|| {
            now += Duration::from_micros(1);
            admit_and_settle(&handle, residents.provider(), now);
        });
    });
    group.bench_function("refuse by a provider's open circuit", |bencher| {
        let residents = residents();
        let handle = residents.find(residents.texts.first().unwrap());
        let (provider, now) = (residents.provider(), Duration::from_secs(1));
        let tenant = handle.tenant().id;
        while let Ok(admission) = provider.admit(CANCEL, tenant, now) {
            admission.settle(Verdict::Failure(Fault::TimedOut), now);
        }
        bencher.iter(|| {
            let service = handle.services(Environment::Test).next().unwrap();
            let admission = handle.admit(service, now).unwrap();
            let refused = provider.admit(CANCEL, tenant, now).is_err();
            drop(admission);
            refused
        });
    });
    group.bench_function("all: find, check, charge, admit, settle", |bencher| {
        let residents = residents();
        let mut texts = residents.texts.iter().cycle();
        let mut now = Duration::ZERO;
        bencher.iter(|| {
            now += Duration::from_micros(1);
            residents.admit(texts.next().unwrap(), now);
        });
    });
    group.finish();
}

const CREATE: CircuitOf =
    CircuitOf { environment: Environment::Test, calls: Calls::Of(OperationKind::OrdersCreate) };
/// One whose circuit is opened.
const CANCEL: CircuitOf = CircuitOf { calls: Calls::Of(OperationKind::OrdersCancel), ..CREATE };

/// Tenants in memory, and the texts of their keys.
struct Residents {
    stage: Stage,
    texts: Vec<String>,
    /// The actors live in it.
    _system: SystemRunner,
}

impl Residents {
    fn load() -> Self {
        let system = System::new();
        let stage = system.block_on(async {
            let stage = Stage::start();
            stage.load(0..TENANTS).await;
            stage
        });
        let text = |number| platform_key(key_id(number)).text().expose().to_owned();
        Self { stage, texts: (0..TENANTS).map(text).collect(), _system: system }
    }

    fn find(&self, text: &str) -> TenantHandle {
        let id = PlatformKey::parse(text).unwrap().id;
        self.stage.tree.tenants.resident(id).unwrap()
    }

    fn provider(&self) -> &ProviderHandle {
        self.stage.tree.providers.get(crate::stage::PROVIDER).unwrap()
    }

    fn admit(&self, text: &str, now: Duration) {
        let (tenant, key) = self.stage.authenticate(text).unwrap();
        let charge = tenant.key(key).unwrap().charge(now);
        assert!(matches!(charge, Charge::Done(Ok(_))));
        admit_and_settle(&tenant, self.provider(), now);
    }
}

fn admit_and_settle(tenant: &TenantHandle, provider: &ProviderHandle, now: Duration) {
    let service = tenant.services(Environment::Test).next().unwrap();
    let own = tenant.admit(service, now).unwrap();
    let shared = provider.admit(CREATE, tenant.tenant().id, now).unwrap();
    black_box((&own, &shared));
    shared.settle(Verdict::Success, now);
    own.settle(Verdict::Success, now);
}
