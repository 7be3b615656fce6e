//! Creating an order: the bytes sent, and what the reply means.

use domain::{Currency, Metadata, Money, NextAction, OrderStatus, RejectionClass, Unknown};
use serde_json::{Value, json};

use super::*;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::{create, credentials, inr, order};
use crate::testing::{PROVIDER_KEY, body_text, context, perform, refuse, reply};

const CREATED: &str = include_str!("../../../../fixtures/razorpay/order_created.json");

fn sent(order: CreateOrder) -> Request {
    let credentials = credentials();
    perform(&Razorpay, &create(order), &context(&credentials), &[reply(200, CREATED)]).requests.remove(0)
}

fn sent_json(order: CreateOrder) -> Value {
    serde_json::from_slice(&sent(order).body).unwrap()
}

fn outcome(status: u16, body: &str) -> Outcome {
    let credentials = credentials();
    perform(&Razorpay, &create(order()), &context(&credentials), &[reply(status, body)]).outcome
}

#[test]
fn an_order_is_created_with_exactly_these_bytes() {
    let request = sent(order());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/orders"));
    assert_eq!(request.content_type, Some("application/json"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::LookUpFirst));
    let expected = format!(
        r#"{{"amount":50000,"currency":"INR","receipt":"{PROVIDER_KEY}","notes":{{"transaction_id":"txn_0000000000000000000000000b"}}}}"#
    );
    assert_eq!(body_text(&request), expected);
}

#[test]
fn a_repeat_has_the_same_bytes() {
    let metadata = Metadata::try_new(vec![("b".into(), "2".into()), ("a".into(), "1".into())]).unwrap();
    let order = CreateOrder { metadata, description: Some("Tea".into()), ..order() };
    assert_eq!(sent(order.clone()).body, sent(order).body);
}

#[test]
fn manual_capture_is_asked_for_in_the_order() {
    let body = sent_json(CreateOrder { capture: CaptureMode::Manual, ..order() });
    let expected = json!({"capture": "manual", "capture_options": {"refund_speed": "normal"}});
    assert_eq!(body["payment"], expected);
}

#[test]
fn notes_carry_the_callers_words_as_far_as_they_fit() {
    let mut pairs: Vec<(Box<str>, Box<str>)> = vec![("transaction_id".into(), "forged".into())];
    pairs.push(("long".into(), "é".repeat(300).into()));
    pairs.extend((0..40).map(|n| (format!("k{n}").into(), "v".into())));
    let order = CreateOrder {
        reference: Some("invoice 7".into()),
        description: Some("Tea".into()),
        metadata: Metadata::try_new(pairs).unwrap(),
        ..order()
    };
    let body = sent_json(order);
    let notes = body["notes"].as_object().unwrap();
    assert_eq!(notes.len(), 15);
    assert_eq!(notes["transaction_id"], "txn_0000000000000000000000000b");
    assert_eq!((&notes["reference"], &notes["description"]), (&json!("invoice 7"), &json!("Tea")));
    assert_eq!(notes["long"].as_str().unwrap().chars().count(), 255);
    assert!(notes.contains_key("k10") && !notes.contains_key("k11"), "{notes:?}");
}

#[test]
fn a_created_order_is_told_with_its_checkout() {
    let Outcome::Executed(Resource::Order(order)) = outcome(200, CREATED) else { panic!() };
    assert_eq!(order.provider_order_id, "order_RB58MiP5SPFYyM");
    assert_eq!((order.amount, order.amount_refunded), (inr("500"), Money::zero(Currency::INR)));
    assert_eq!(order.status, OrderStatus::Created);
    let expected = NextAction::RazorpayCheckout {
        key_id: "rzp_test_00000000000001".to_owned(),
        order_id: "order_RB58MiP5SPFYyM".to_owned(),
    };
    assert_eq!(order.next_action, Some(expected));
    assert_eq!(order.provider_status.as_deref(), Some("created"));
}

#[test]
fn a_success_without_an_id_leaves_it_unknown() {
    for body in [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"amount":50000,"currency":"INR"}"#,
        r#"{"id":"","amount":5,"currency":"INR"}"#,
    ] {
        assert_eq!(outcome(200, body), Outcome::Unknown(Unknown::Unreadable { status: 200 }), "{body}");
    }
}

#[test]
fn a_receipt_that_is_taken_means_that_an_earlier_attempt_arrived() {
    let taken = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Order receipt should be unique.","field":"receipt"}}"#;
    assert_eq!(outcome(400, taken), Outcome::Unknown(Unknown::Unreadable { status: 400 }));
}

#[test]
fn what_razorpay_cannot_be_told_is_refused_before_anything_is_sent() {
    let money = |text, code| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    for (amount, code, param) in [
        (money("1", "AFN"), "unsupported_currency", "currency"),
        (money("5.124", "KWD"), "amount_too_precise", "amount"),
    ] {
        let refusal = refuse(&Razorpay, &create(CreateOrder { amount, ..order() }));
        assert_eq!(
            (refusal.class, refusal.code, refusal.param),
            (RejectionClass::InvalidRequest, code, Some(param))
        );
    }
}
