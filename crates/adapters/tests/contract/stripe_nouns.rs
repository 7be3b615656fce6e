//! Stripe's refunds, subscriptions, payment links and payouts against its `OpenAPI` document of the pinned version.

use adapters::{Context, Step};
use domain::{
    AmountNumber, CancelSubscription, CancelWhen, CreatePaymentLink, CreatePayout, CreateRefund,
    CreateSubscription, Currency, Customer, Effect, GetPaymentLink, GetPayout, GetRefund, GetSubscription,
    Metadata, Money, NewPlan, Operation, Outcome, PaymentLinkOperation, PayoutDestination, PayoutOperation,
    PlanInterval, RefundAmount, RefundOperation, RefundedPayment, Request, Resource, SubscriptionOperation,
    SubscriptionPlan,
};
use serde_json::{Value, json};

use crate::specs::{self, Spec};
use crate::stripe::{FORM, SPEC, decode};

fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

fn metadata() -> Metadata {
    Metadata::try_new(vec![("order id".into(), "a&b=c".into()), ("note".into(), "50% + tax".into())]).unwrap()
}

fn refund(payment: RefundedPayment, amount: RefundAmount, reason: &str) -> Operation {
    Operation::Refund(RefundOperation::Create(CreateRefund {
        payment,
        amount: Some(amount),
        reason: Some(reason.into()),
        reference: Some("r-1".into()),
        metadata: metadata(),
    }))
}

fn subscription() -> Operation {
    let plan = NewPlan {
        name: "Café & more".into(),
        amount: usd("15"),
        interval: PlanInterval::Month,
        interval_count: 2,
    };
    let customer = Customer {
        id: None,
        email: Some("a+b@example.com".into()),
        phone: Some("+15558675310".into()),
        name: Some("A Payer".into()),
    };
    Operation::Subscription(SubscriptionOperation::Create(CreateSubscription {
        plan: SubscriptionPlan::New(plan),
        customer: Some(customer),
        quantity: Some(2),
        total_count: None,
        trial_days: Some(14),
        return_url: None,
        cancel_url: None,
        reference: Some("s-1".into()),
        metadata: metadata(),
    }))
}

fn cancel(when: CancelWhen) -> Operation {
    let provider_subscription_id = "sub_1ExampleA".into();
    Operation::Subscription(SubscriptionOperation::Cancel(CancelSubscription {
        provider_subscription_id,
        when,
    }))
}

fn link() -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(CreatePaymentLink {
        amount: usd("20"),
        description: "Café & more".into(),
        customer: None,
        expires_at: None,
        return_url: Some("https://shop.example/return".into()),
        reference: Some("l-1".into()),
        metadata: metadata(),
    }))
}

fn payout(destination: PayoutDestination) -> Operation {
    Operation::Payout(PayoutOperation::Create(CreatePayout {
        amount: usd("11"),
        destination,
        purpose: Some("rent".into()),
        narration: Some("Rent of the tea house in May".into()),
        reference: Some("p-1".into()),
        metadata: metadata(),
    }))
}

fn own_account() -> PayoutDestination {
    PayoutDestination::ProviderAccount { id: Some("ba_1ExampleA".into()) }
}

fn connected_account() -> PayoutDestination {
    PayoutDestination::StripeAccount { account: "acct_1ExampleA".into() }
}

/// Returns the calls of an operation, each but the last of which is answered with an object of this id.
fn calls(operation: &Operation, context: &Context<'_>) -> Vec<Request> {
    let mut exchange = specs::plan("stripe", operation);
    let mut calls = Vec::new();
    let mut step = exchange.begin(context);
    while let Step::Call(request) = step {
        let is_last = request.effect == Effect::Write;
        calls.push(*request);
        if is_last {
            break;
        }
        step = exchange.resume(context, &specs::reply(200, &json!({"id": "x_1", "currency": "usd"})));
    }
    calls
}

/// Fails unless each call is a route of the specification, with a body and a query that it describes.
#[track_caller]
fn check_calls(operation: &Operation, expected: &[(&str, &str)]) {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = specs::credentials("stripe", &[("secret_key", "sk_test_x")]);
    let requests = calls(operation, &specs::context(&credentials));
    assert_eq!(requests.len(), expected.len(), "{requests:?}");
    for (request, (method, route)) in requests.iter().zip(expected) {
        assert_eq!(request.method.as_str().to_lowercase(), *method);
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        assert_eq!(path.split('/').count(), route.split('/').count(), "{path}");
        let pointer = Spec::request_schema(route, method, FORM);
        let mut body = decode(request, spec.at(&pointer));
        if *route == "/v1/payment_links" {
            // Newer than the specification, and additive, so that every version takes it (Stripe's changelog, 2023-12).
            let restrictions = body.as_object_mut().and_then(|body| body.remove("restrictions"));
            assert_eq!(restrictions, Some(json!({"completed_sessions": {"limit": "1"}})));
        }
        spec.check(&pointer, &body);
        check_query(&spec, (method, route), query);
    }
}

#[track_caller]
fn check_query(spec: &Spec, (method, route): (&str, &str), query: &str) {
    let pointer = format!("/paths/{}/{method}", route.replace('/', "~1"));
    let names: Vec<&str> = match spec.at(&pointer)["parameters"].as_array() {
        Some(parameters) => parameters.iter().filter_map(|parameter| parameter["name"].as_str()).collect(),
        None => Vec::new(),
    };
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        assert!(names.contains(&name.trim_end_matches("[]")), "{route} has no {name}");
    }
}

#[test]
fn a_refund_is_what_the_specification_asks_for() {
    let order = RefundedPayment::OfOrder { provider_order_id: "pi_3ExampleAAA".into() };
    let charge = RefundedPayment::Payment { provider_payment_id: "ch_3ExampleAAA".into() };
    let number = RefundAmount::Number(AmountNumber::parse("5").unwrap());
    check_calls(&refund(order, RefundAmount::Money(usd("5")), "duplicate"), &[("post", "/v1/refunds")]);
    check_calls(
        &refund(charge, number, "The cup was broken"),
        &[("get", "/v1/charges/{charge}"), ("post", "/v1/refunds")],
    );
}

#[test]
fn a_subscription_is_what_the_specification_asks_for() {
    check_calls(
        &subscription(),
        &[("post", "/v1/customers"), ("post", "/v1/prices"), ("post", "/v1/subscriptions")],
    );
}

#[test]
fn an_end_of_a_subscription_is_what_the_specification_asks_for() {
    let route = "/v1/subscriptions/{subscription_exposed_id}";
    check_calls(&cancel(CancelWhen::AtOnce), &[("delete", route)]);
    check_calls(&cancel(CancelWhen::AtPeriodEnd), &[("post", route)]);
}

#[test]
fn a_payment_link_is_what_the_specification_asks_for() {
    check_calls(&link(), &[("post", "/v1/prices"), ("post", "/v1/payment_links")]);
}

#[test]
fn a_payout_is_what_the_specification_asks_for() {
    check_calls(&payout(own_account()), &[("post", "/v1/payouts")]);
    check_calls(&payout(connected_account()), &[("post", "/v1/transfers")]);
}

#[test]
fn reads_are_routes_of_the_specification_with_queries_that_it_has() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let fixture = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stripe");
        let body = std::fs::read(format!("{folder}/{name}.json")).unwrap();
        specs::reply(200, &serde_json::from_slice::<Value>(&body).unwrap())
    };
    let credentials = specs::credentials("stripe", &[("secret_key", "sk_test_x")]);
    let replies = [fixture("link_active"), fixture("line_items"), fixture("sessions_paid")];
    let (requests, _) = specs::play("stripe", &read_link("plink_1"), &specs::context(&credentials), &replies);
    let (more, _) = specs::play(
        "stripe",
        &read_subscription("sub_1"),
        &specs::context(&credentials),
        &[fixture("subscription_active")],
    );
    let routes = [
        "/v1/payment_links/{payment_link}",
        "/v1/payment_links/{payment_link}/line_items",
        "/v1/checkout/sessions",
        "/v1/subscriptions/{subscription_exposed_id}",
    ];
    let requests: Vec<_> = requests.iter().chain(&more).collect();
    assert_eq!(requests.len(), routes.len());
    for (request, route) in requests.iter().zip(routes) {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        assert_eq!(path.split('/').count(), route.split('/').count(), "{path}");
        check_query(&spec, ("get", route), query);
    }
}

fn read_link(id: &str) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id: id.into() }))
}

fn read_subscription(id: &str) -> Operation {
    let provider_subscription_id = id.into();
    Operation::Subscription(SubscriptionOperation::Get(GetSubscription { provider_subscription_id }))
}

fn read_refund(id: &str) -> Operation {
    Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id: id.into() }))
}

fn read_payout(id: &str) -> Operation {
    Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id: id.into() }))
}

#[test]
fn stripes_own_fixtures_of_both_versions_are_understood() {
    for name in ["stripe_fixtures3_2023-08-16.json", "stripe_fixtures3_2026-07-29.json"] {
        let Some(fixtures) = specs::load(name) else { return };
        let object = |noun: &str| fixtures["resources"][noun].clone();
        let list = |noun: &str| json!({"object": "list", "has_more": false, "data": [object(noun)]});
        let id = |noun: &str| fixtures["resources"][noun]["id"].as_str().unwrap().to_owned();
        let visited = vec![object("payment_link"), list("item"), list("checkout.session")];
        let nouns = [
            ("refund", read_refund(&id("refund")), vec![object("refund")]),
            ("subscription", read_subscription(&id("subscription")), vec![object("subscription")]),
            ("payout", read_payout(&id("payout")), vec![object("payout")]),
            ("transfer", read_payout(&id("transfer")), vec![object("transfer")]),
            ("payment_link", read_link(&id("payment_link")), visited),
        ];
        for (noun, read, bodies) in nouns {
            let told = told(&read, &bodies);
            assert_eq!(told.provider_id(), id(noun), "{noun}");
            assert_ne!(told.status(), "unknown", "{noun}");
            if let Some(amount) = fixtures["resources"][noun]["amount"].as_i64() {
                assert_eq!(told.amount().map(Money::minor), Some(amount), "{noun}");
            }
        }
    }
}

#[track_caller]
fn told(operation: &Operation, bodies: &[Value]) -> Resource {
    let credentials = specs::credentials("stripe", &[("secret_key", "sk_test_x")]);
    let replies: Vec<_> = bodies.iter().map(|body| specs::reply(200, body)).collect();
    match specs::play("stripe", operation, &specs::context(&credentials), &replies).1 {
        Outcome::Executed(resource) => resource,
        other => panic!("{operation:?}: {other:?}"),
    }
}

#[test]
fn the_period_of_a_subscription_is_read_from_both_places() {
    for (name, pointer) in [
        ("stripe_fixtures3_2023-08-16.json", "/resources/subscription/current_period_end"),
        ("stripe_fixtures3_2026-07-29.json", "/resources/subscription/items/data/0/current_period_end"),
    ] {
        let Some(fixtures) = specs::load(name) else { return };
        let end = fixtures.pointer(pointer).and_then(Value::as_u64);
        assert!(end.is_some(), "{name}");
        let Resource::Subscription(told) =
            told(&read_subscription("sub_1"), &[fixtures["resources"]["subscription"].clone()])
        else {
            panic!()
        };
        assert_eq!(told.current_period_end.map(domain::Timestamp::unix_seconds), end);
    }
}
