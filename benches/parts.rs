//! What the parts of a request cost: admission, adapters, vault. Prints, and asserts no times.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up stops at once")]

use std::hint::black_box;
use std::time::Duration;

use adapters::{Context, Exchange, Step, adapter};
use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    Credentials, Currency, Environment, KeyId, Metadata, Money, Operation, OrderOperation, RateLimits, Reply,
    Secret, TenantId, Timestamp, TransactionId,
};
use resilience::KeyQuotas;
use testkit::CountingEntropy;
use vault::{Binding, Keyring, Pepper, PlatformKey, Vault};

const RAZORPAY_ORDER: &str = r#"{"id":"order_RB58MiP5SPFYyM","entity":"order","amount":50000,"amount_paid":0,"amount_due":50000,"currency":"INR","receipt":"r","offer_id":null,"status":"created","attempts":0,"notes":[],"created_at":1756455561}"#;
const STRIPE_INTENT: &str = r#"{"id":"pi_3ExampleAAA","object":"payment_intent","amount":50000,"amount_received":0,"client_secret":"pi_3ExampleAAA_secret_BBB","currency":"inr","last_payment_error":null,"latest_charge":null,"status":"requires_payment_method"}"#;
const PAYPAL_ORDER: &str = r#"{"id":"5O190127TN364715T","intent":"CAPTURE","status":"CREATED","purchase_units":[{"reference_id":"default","amount":{"currency_code":"USD","value":"500.00"}}],"links":[{"href":"https://www.sandbox.paypal.com/checkoutnow?token=5O190127TN364715T","rel":"approve","method":"GET"}]}"#;

fn admission(c: &mut Criterion) {
    let entropy = CountingEntropy::default();
    let pepper = Pepper::from_bytes(&*Pepper::generate_bytes(&entropy)).unwrap();
    let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(7), &entropy);
    let hash = pepper.hash_key(&key.present());
    let text = key.text().expose().to_owned();
    c.bench_function("admission: read a key's text and its checksum", |b| {
        b.iter(|| PlatformKey::parse(black_box(&text)).unwrap().id);
    });
    c.bench_function("admission: check a key against its hash", |b| {
        b.iter(|| pepper.matches(&PlatformKey::parse(black_box(&text)).unwrap(), &hash));
    });
    let quotas = KeyQuotas::new();
    let limits = RateLimits { per_minute: 600_000, per_day: 500_000_000 };
    let mut now = Duration::ZERO;
    c.bench_function("admission: charge a minute's and a day's limit", |b| {
        b.iter(|| {
            now += Duration::from_millis(1);
            quotas.charge(limits, now).is_ok()
        });
    });
    let tenant = TenantId::from_u128(1);
    c.bench_function("admission: derive a provider's idempotency key", |b| {
        b.iter(|| {
            pepper.provider_key(tenant, Environment::Test, "POST /v1/payments/orders", black_box("order-42"))
        });
    });
}

fn order(currency: Currency) -> Operation {
    Operation::Order(OrderOperation::Create(domain::CreateOrder {
        amount: Money::parse("500.00", currency).unwrap(),
        description: None,
        customer: None,
        capture: domain::CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn credentials(provider: &'static str, fields: &[(&'static str, &str)]) -> Credentials {
    let provider = adapter(provider).unwrap().descriptor().id;
    let fields = fields.iter().map(|(name, value)| (*name, Secret::new(*value))).collect();
    Credentials { provider, environment: Environment::Test, fields }
}

fn adapters(c: &mut Criterion) {
    let cases = [
        (
            "razorpay",
            Currency::INR,
            200,
            RAZORPAY_ORDER,
            credentials("razorpay", &[("key_id", "rzp_test_0123456789abcd"), ("key_secret", "s")]),
        ),
        (
            "stripe",
            Currency::INR,
            200,
            STRIPE_INTENT,
            credentials("stripe", &[("secret_key", "sk_test_abc")]),
        ),
        (
            "paypal",
            Currency::USD,
            201,
            PAYPAL_ORDER,
            credentials("paypal", &[("client_id", "A"), ("client_secret", "E")]),
        ),
    ];
    for (name, currency, status, body, credentials) in cases {
        let adapter = adapter(name).unwrap();
        let operation = order(currency);
        let context = Context {
            credentials: &credentials,
            transaction: TransactionId::from_u128(9),
            provider_key: "0123456789abcdef0123456789abcdef",
            started_at: Timestamp::from_unix_seconds(1_756_455_561),
        };
        let reply = Reply {
            status,
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::from_static(body.as_bytes()),
        };
        c.bench_function(&format!("adapters: an order on {name}, request and reply"), |b| {
            b.iter(|| {
                let mut exchange: Box<dyn Exchange> = adapter.plan(black_box(&operation)).unwrap();
                let Step::Call(request) = exchange.begin(&context) else { return None };
                black_box(request);
                match exchange.resume(&context, black_box(&reply)) {
                    Step::Done(outcome) => Some(outcome),
                    Step::Call(_) => None,
                }
            });
        });
    }
    c.bench_function("adapters: read and write an amount", |b| {
        b.iter(|| Money::parse(black_box("12345.67"), Currency::USD).unwrap().to_string());
    });
}

fn vault(c: &mut Criterion) {
    let entropy = std::sync::Arc::new(CountingEntropy::default());
    let vault = Vault::new(Keyring::generate(&*entropy), std::sync::Arc::clone(&entropy) as _);
    let tenant = TenantId::from_u128(1);
    let wrapped = vault.new_data_key(tenant).unwrap();
    let data_key = vault.open_data_key(tenant, &wrapped).unwrap();
    let binding =
        Binding { tenant, service: "razorpay", environment: Environment::Test, field: "key_secret" };
    let sealed = data_key.seal(&binding, "0123456789abcdef01234567", &*entropy).unwrap();
    c.bench_function("vault: open a tenant's data key", |b| {
        b.iter(|| vault.open_data_key(tenant, black_box(&wrapped)).is_ok());
    });
    c.bench_function("vault: seal a credential", |b| {
        b.iter(|| data_key.seal(&binding, black_box("0123456789abcdef01234567"), &*entropy).is_ok());
    });
    c.bench_function("vault: open a credential", |b| {
        b.iter(|| data_key.open(&binding, black_box(&sealed)).is_ok());
    });
}

criterion_group!(parts, admission, adapters, vault);
criterion_main!(parts);
