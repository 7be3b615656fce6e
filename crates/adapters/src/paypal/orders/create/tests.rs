//! Creating an order: the exact request, and every answer to it.

use domain::{Currency, Customer, Money, NextAction, OrderStatus, RejectionClass, Unknown};
use serde_json::{Value, json};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{ORDER_ID, create, order, play, rejected, status, told, unprocessable, usd};
use crate::testing::{PROVIDER_KEY, body_text, refuse};

const CREATED: &str = include_str!("../../../../fixtures/paypal/order_created.json");
const PAYER_ACTION: &str = include_str!("../../../../fixtures/paypal/order_payer_action_required.json");
const MINIMAL: &str = include_str!("../../../../fixtures/paypal/order_minimal.json");
const APPROVED: &str = include_str!("../../../../fixtures/paypal/order_approved.json");

fn sent(order: CreateOrder) -> Request {
    play(&create(order), &[(201, CREATED)]).requests.remove(0)
}

fn sent_json(order: CreateOrder) -> Value {
    serde_json::from_slice(&sent(order).body).unwrap()
}

fn full_order() -> CreateOrder {
    let email = Customer { email: Some("payer@example.com".into()), ..Customer::default() };
    CreateOrder {
        description: Some("Order 42".into()),
        customer: Some(email),
        return_url: Some("https://shop.example/return".into()),
        cancel_url: Some("https://shop.example/cancel".into()),
        reference: Some("order-42".into()),
        ..order()
    }
}

#[test]
fn an_order_is_created_with_exactly_these_bytes() {
    let request = sent(order());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v2/checkout/orders"));
    assert_eq!(request.content_type, Some("application/json"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(
        body_text(&request),
        r#"{"intent":"CAPTURE","purchase_units":[{"amount":{"currency_code":"USD","value":"100.00"},"custom_id":"txn_0000000000000000000000000b"}]}"#
    );
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("paypal-request-id", PROVIDER_KEY), ("prefer", "return=representation")]);
}

#[test]
fn an_order_with_everything_is_created_with_exactly_these_bytes() {
    assert_eq!(
        body_text(&sent(full_order())),
        concat!(
            r#"{"intent":"CAPTURE","purchase_units":[{"amount":{"currency_code":"USD","value":"100.00"},"#,
            r#""custom_id":"txn_0000000000000000000000000b","description":"Order 42"}],"#,
            r#""payment_source":{"paypal":{"email_address":"payer@example.com","experience_context":{"#,
            r#""return_url":"https://shop.example/return","cancel_url":"https://shop.example/cancel","#,
            r#""user_action":"PAY_NOW","shipping_preference":"NO_SHIPPING"}}}}"#,
        )
    );
}

#[test]
fn a_repeat_has_the_same_bytes() {
    let (first, second) = (sent(full_order()), sent(full_order()));
    assert_eq!(first.body, second.body);
    assert_eq!(first.headers, second.headers);
}

#[test]
fn manual_capture_authorises() {
    let body = sent_json(CreateOrder { capture: CaptureMode::Manual, ..order() });
    assert_eq!(body["intent"], "AUTHORIZE");
}

#[test]
fn a_means_of_payment_is_named_only_with_an_address_to_return_to() {
    let customer = full_order().customer;
    assert_eq!(sent_json(CreateOrder { customer: customer.clone(), ..order() }).get("payment_source"), None);
    let one_way = |order: CreateOrder| sent_json(order)["payment_source"]["paypal"].clone();
    let returning = one_way(CreateOrder { return_url: Some("https://a.example".into()), ..order() });
    let context = json!({"return_url": "https://a.example", "user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"});
    assert_eq!(returning, json!({"experience_context": context}));
    let canceling =
        one_way(CreateOrder { cancel_url: Some("https://b.example".into()), customer, ..order() });
    let context = json!({"cancel_url": "https://b.example", "user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"});
    assert_eq!(canceling, json!({"email_address": "payer@example.com", "experience_context": context}));
}

#[test]
fn a_description_is_cut_to_what_paypal_takes_and_left_out_when_empty() {
    let described = |text: &str| sent_json(CreateOrder { description: Some(text.into()), ..order() });
    let long = "é".repeat(200);
    let cut = described(&long);
    assert_eq!(cut["purchase_units"][0]["description"].as_str().unwrap().chars().count(), 127);
    assert_eq!(described("")["purchase_units"][0].get("description"), None);
    assert_eq!(described("\"q\"\n")["purchase_units"][0]["description"], "\"q\"\n");
}

#[test]
fn what_paypal_cannot_take_is_refused_before_anything_is_sent() {
    let amount = |text: &str, code: &str| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    for (amount, code) in [
        (amount("500", "INR"), "unsupported_currency"),
        (amount("500.50", "HUF"), "amount_too_precise"),
        (amount("1000000000000000", "USD"), "invalid_field"),
    ] {
        let refusal = refuse(&Paypal, &create(CreateOrder { amount, ..order() }));
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, code));
    }
}

#[test]
fn the_created_order_sends_the_payer_to_paypal() {
    let redirect = || {
        let url = format!("https://www.sandbox.paypal.com/checkoutnow?token={ORDER_ID}");
        Some(NextAction::Redirect { url })
    };
    for body in [CREATED, PAYER_ACTION, MINIMAL] {
        let order = told(play(&create(order()), &[(201, body)]).outcome);
        assert_eq!(order.provider_order_id, ORDER_ID);
        assert_eq!((order.amount, order.amount_refunded), (usd("100"), Money::zero(Currency::USD)));
        assert_eq!((order.status, order.next_action), (OrderStatus::RequiresAction, redirect()));
    }
}

#[test]
fn the_answer_to_a_repeat_is_the_order_as_it_is_now() {
    let outcome = play(&create(order()), &[(200, APPROVED)]).outcome;
    let order = told(outcome);
    assert_eq!((order.status, order.next_action), (OrderStatus::RequiresAction, None));
}

#[test]
fn an_unknown_status_or_a_sparse_answer_never_fails() {
    let outcome = |body: &str| play(&create(order()), &[(201, body)]).outcome;
    assert_eq!(status(outcome(r#"{"id":"5O1","status":"TOMORROWS_WORD"}"#)), OrderStatus::Unknown);
    assert_eq!(status(outcome(r#"{"id":"5O1"}"#)), OrderStatus::Unknown);
    let nulls =
        r#"{"id":"5O1","status":"CREATED","intent":null,"purchase_units":null,"links":null,"payer":null}"#;
    assert_eq!(told(outcome(nulls)).next_action, None);
    let odd = r#"{"id":"5O1","status":"CREATED","purchase_units":[{"amount":"100","payments":{"captures":null}}],"links":[{"rel":"approve"},{}]}"#;
    assert_eq!(told(outcome(odd)).amount, usd("100"));
}

#[test]
fn an_answer_that_tells_no_order_leaves_it_unknown() {
    for (status, body) in
        [(201, "{}"), (201, ""), (200, "<html>"), (201, r#"{"id":""}"#), (500, "{}"), (503, "<html>")]
    {
        let outcome = play(&create(order()), &[(status, body)]).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{status} {body}");
    }
}

#[test]
fn a_refused_order_is_rejected() {
    let outcome = play(&create(order()), &[(422, &unprocessable("INVALID_CURRENCY_CODE"))]).outcome;
    assert_eq!(rejected(outcome), (RejectionClass::InvalidRequest, "unsupported_currency"));
}
