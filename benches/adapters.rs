//! Adapters: an order (at Twilio a message) from the operation to the request, and from the reply to the outcome.

use std::hint::black_box;

use adapters::{Adapter, Context, Step, adapter};
use criterion::Criterion;
use domain::{
    CaptureMode, CreateOrder, Credentials, Currency, Environment, Metadata, Money, Operation, OrderOperation,
    Outcome, Reply, Secret, SendSms, SmsOperation, Timestamp, TransactionId,
};

/// Measures adapters, and amounts.
pub(crate) fn bench(criterion: &mut Criterion) {
    exchanges(criterion);
    amounts(criterion);
}

/// One provider's call and its answer.
struct Case {
    adapter: &'static dyn Adapter,
    operation: Operation,
    credentials: Credentials,
    token: Option<Secret>,
    reply: Reply,
}

impl Case {
    /// Plans, asks, and reads the answer, as the pipeline does for each request.
    fn play(&self) -> Option<Outcome> {
        let context = Context {
            credentials: &self.credentials,
            transaction: TransactionId::from_u128(9),
            provider_key: "0123456789abcdef0123456789abcdef",
            started_at: Timestamp::from_unix_seconds(1_756_455_561),
            replay: std::time::Duration::from_hours(24),
        };
        let mut exchange = self.adapter.plan(black_box(&self.operation)).ok()?;
        let Step::Call(mut request) = exchange.begin(&context) else { return None };
        self.adapter.authorize(&mut request, &self.credentials, self.token.as_ref());
        black_box(request);
        match exchange.resume(&context, black_box(&self.reply)) {
            Step::Done(outcome) => Some(outcome),
            Step::Call(_) => None,
        }
    }
}

fn exchanges(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("adapters");
    let cases = [
        ("an order at razorpay", razorpay()),
        ("an order at paypal", paypal()),
        ("an order at stripe", stripe()),
        ("a message at twilio", twilio()),
    ];
    for (name, case) in cases {
        assert!(matches!(case.play(), Some(Outcome::Executed(_))), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| case.play()));
    }
    group.finish();
}

fn amounts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("amounts");
    let amount = Money::parse("12345.67", Currency::USD).unwrap();
    group.bench_function("read", |bencher| {
        bencher.iter(|| Money::parse(black_box("12345.67"), Currency::USD).unwrap());
    });
    group.bench_function("write", |bencher| bencher.iter(|| black_box(amount).to_string()));
    group.finish();
}

fn razorpay() -> Case {
    Case {
        adapter: adapter("razorpay").unwrap(),
        operation: order(Currency::INR),
        credentials: credentials(
            "razorpay",
            &[("key_id", "rzp_test_1DP5mmOlF5G5ag"), ("key_secret", "thisisasupersecret012345")],
        ),
        token: None,
        reply: reply(200, include_str!("../crates/adapters/fixtures/razorpay/order_created.json")),
    }
}

fn paypal() -> Case {
    Case {
        adapter: adapter("paypal").unwrap(),
        operation: order(Currency::USD),
        credentials: credentials("paypal", &[("client_id", "A"), ("client_secret", "E")]),
        token: Some(Secret::new(
            "A21AAFEpH4PsADK7qSS7pSRsgzfENtu-Q1ysgEDVDESseMHBYXVJYE8ovjj68elIDy8nF26AwPhfX",
        )),
        reply: reply(201, include_str!("../crates/adapters/fixtures/paypal/order_created.json")),
    }
}

fn stripe() -> Case {
    Case {
        adapter: adapter("stripe").unwrap(),
        operation: order(Currency::USD),
        credentials: credentials("stripe", &[("secret_key", "sk_test_4eC39HqLyjWDarjtT1zdp7dc")]),
        token: None,
        reply: reply(200, include_str!("../crates/adapters/fixtures/stripe/intent_created.json")),
    }
}

fn twilio() -> Case {
    let account = [
        ("account_sid", "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"),
        ("auth_token", "0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"),
        ("from_number", "+15005550006"),
    ];
    let message = SendSms {
        to: "+15558675310".into(),
        message: "Your code is 123456".into(),
        from: None,
        reference: None,
        metadata: Metadata::default(),
    };
    Case {
        adapter: adapter("twilio").unwrap(),
        operation: Operation::Sms(SmsOperation::Send(message)),
        credentials: credentials("twilio", &account),
        token: None,
        reply: reply(201, include_str!("../crates/adapters/fixtures/twilio/message_queued.json")),
    }
}

fn order(currency: Currency) -> Operation {
    Operation::Order(OrderOperation::Create(CreateOrder {
        amount: Money::parse("500.00", currency).unwrap(),
        description: None,
        customer: None,
        capture: CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn credentials(provider: &str, fields: &[(&'static str, &str)]) -> Credentials {
    Credentials {
        provider: adapter(provider).unwrap().descriptor().id,
        environment: Environment::Test,
        fields: fields.iter().map(|(name, value)| (*name, Secret::new(*value))).collect(),
    }
}

fn reply(status: u16, body: &'static str) -> Reply {
    Reply { status, headers: http::HeaderMap::new(), body: bytes::Bytes::from_static(body.as_bytes()) }
}
