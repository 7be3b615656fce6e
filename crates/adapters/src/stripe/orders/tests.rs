//! Orders: the bytes sent, and what the replies mean.

use domain::{
    Currency, Customer, Metadata, Money, Operation, OrderStatus, RejectionClass, RetrySafety, Unknown,
};

use super::*;
use crate::stripe::Stripe;
use crate::stripe::tests::{ORDER_ID, cancel, capture, create, credentials, get, order, usd};
use crate::testing::{PROVIDER_KEY, body_text, context, perform, refuse, reply};

const CREATED: &str = include_str!("../../../fixtures/stripe/intent_created.json");
const SUCCEEDED: &str = include_str!("../../../fixtures/stripe/intent_succeeded.json");
const REFUNDED: &str = include_str!("../../../fixtures/stripe/intent_refunded.json");
const CANCELED: &str = include_str!("../../../fixtures/stripe/intent_canceled.json");

fn sent(operation: &Operation) -> Request {
    let credentials = credentials();
    perform(&Stripe, operation, &context(&credentials), &[reply(200, CREATED)]).requests.remove(0)
}

fn outcome(operation: &Operation, status: u16, body: &str) -> Outcome {
    let credentials = credentials();
    perform(&Stripe, operation, &context(&credentials), &[reply(status, body)]).outcome
}

fn pairs(request: &Request) -> Vec<(String, String)> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

#[track_caller]
fn check_keyed(request: &Request, path: &str) {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", path));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("stripe-version", "2023-08-16"), ("idempotency-key", PROVIDER_KEY)]);
}

#[test]
fn an_order_is_created_with_exactly_these_bytes() {
    let request = sent(&create(order()));
    check_keyed(&request, "/v1/payment_intents");
    assert_eq!(request.content_type, Some("application/x-www-form-urlencoded"));
    assert_eq!(
        body_text(&request),
        "amount=2000&currency=usd&automatic_payment_methods%5Benabled%5D=true\
         &metadata%5Btransaction_id%5D=txn_0000000000000000000000000b"
    );
}

#[test]
fn an_order_carries_all_that_the_caller_said() {
    let customer = Customer {
        id: Some("cus_1".into()),
        email: Some("a+b@example.com".into()),
        phone: Some("+1".into()),
        name: Some("N".into()),
    };
    let metadata =
        vec![("k".into(), "v".into()), ("reference".into(), "forged".into()), ("e".into(), "".into())];
    let request = sent(&create(CreateOrder {
        customer: Some(customer),
        description: Some("Tea & more".into()),
        capture: CaptureMode::Manual,
        reference: Some("invoice 7".into()),
        metadata: Metadata::try_new(metadata).unwrap(),
        ..order()
    }));
    let expected = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("automatic_payment_methods[enabled]", "true"),
        ("capture_method", "manual"),
        ("customer", "cus_1"),
        ("description", "Tea & more"),
        ("receipt_email", "a+b@example.com"),
        ("metadata[transaction_id]", "txn_0000000000000000000000000b"),
        ("metadata[reference]", "invoice 7"),
        ("metadata[k]", "v"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(pairs(&request), expected);
}

#[test]
fn no_more_than_fifty_pairs_of_metadata_are_sent() {
    let metadata: Vec<(Box<str>, Box<str>)> = (0..50).map(|n| (format!("k{n}").into(), "v".into())).collect();
    let order = CreateOrder { metadata: Metadata::try_new(metadata).unwrap(), ..order() };
    let sent = pairs(&sent(&create(order)));
    assert_eq!(sent.iter().filter(|(name, _)| name.starts_with("metadata[")).count(), 50);
    assert!(sent.iter().any(|(name, _)| name == "metadata[transaction_id]"));
}

#[test]
fn empty_texts_are_not_sent_since_they_would_unset() {
    let customer = Customer { email: Some("".into()), ..Customer::default() };
    let order = CreateOrder { description: Some("".into()), customer: Some(customer), ..order() };
    assert_eq!(sent(&create(order)).body, sent(&create(crate::stripe::tests::order())).body);
}

#[test]
fn a_repeat_has_the_same_bytes() {
    for operation in [create(order()), capture(Some(usd("5"))), cancel(), get(ORDER_ID)] {
        let (first, second) = (sent(&operation), sent(&operation));
        assert_eq!((first.body, first.path, first.headers), (second.body, second.path, second.headers));
    }
}

#[test]
fn an_order_is_read_with_its_charge() {
    let request = sent(&get(ORDER_ID));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(request.path, "/v1/payment_intents/pi_3ExampleAAA?expand%5B%5D=latest_charge");
    assert_eq!((request.effect, request.retry), (Effect::Read, RetrySafety::Harmless));
    assert_eq!(request.headers.len(), 1);
    let Outcome::Executed(Resource::Order(order)) = outcome(&get(ORDER_ID), 200, REFUNDED) else { panic!() };
    assert_eq!((order.status, order.amount_refunded), (OrderStatus::Refunded, usd("20")));
}

#[test]
fn a_capture_takes_all_or_the_part_asked_for() {
    let whole = sent(&capture(None));
    check_keyed(&whole, "/v1/payment_intents/pi_3ExampleAAA/capture");
    assert_eq!((whole.content_type, body_text(&whole)), (None, ""));
    let part = sent(&capture(Some(usd("5.25"))));
    check_keyed(&part, "/v1/payment_intents/pi_3ExampleAAA/capture");
    assert_eq!(body_text(&part), "amount_to_capture=525");
    let Outcome::Executed(Resource::Order(order)) = outcome(&capture(None), 200, SUCCEEDED) else { panic!() };
    assert_eq!(order.status, OrderStatus::Succeeded);
}

#[test]
fn a_cancel_is_a_post_without_a_body() {
    let request = sent(&cancel());
    check_keyed(&request, "/v1/payment_intents/pi_3ExampleAAA/cancel");
    assert_eq!((request.content_type, body_text(&request)), (None, ""));
    let Outcome::Executed(Resource::Order(order)) = outcome(&cancel(), 200, CANCELED) else { panic!() };
    assert_eq!((order.status, order.next_action), (OrderStatus::Canceled, None));
}

#[test]
fn a_success_that_cannot_be_read_leaves_a_write_unknown() {
    for operation in [create(order()), capture(None), cancel()] {
        for body in ["", "{}", r#"{"amount":2000,"currency":"usd"}"#] {
            let expected = Outcome::Unknown(Unknown::Unreadable { status: 200 });
            assert_eq!(outcome(&operation, 200, body), expected);
        }
    }
    let Outcome::Rejected(refusal) = outcome(&get(ORDER_ID), 200, "{}") else { panic!() };
    assert_eq!(refusal.class, RejectionClass::Unavailable);
}

#[test]
fn what_stripe_cannot_be_told_is_refused_before_anything_is_sent() {
    let money = |text, code| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    let brackets = Metadata::try_new(vec![("a[b]".into(), "v".into())]).unwrap();
    let cases = [
        (CreateOrder { amount: money("1", "IQD"), ..order() }, "unsupported_currency", "currency"),
        (CreateOrder { amount: money("1.5", "MGA"), ..order() }, "amount_too_precise", "amount"),
        (CreateOrder { metadata: brackets, ..order() }, "invalid_field", "metadata"),
    ];
    for (order, code, param) in cases {
        let refusal = refuse(&Stripe, &create(order));
        assert_eq!(
            (refusal.class, refusal.code, refusal.param),
            (RejectionClass::InvalidRequest, code, Some(param))
        );
    }
    assert_eq!(refuse(&Stripe, &capture(Some(money("5.124", "KWD")))).code, "amount_too_precise");
}
