//! Capturing: whole or not at all, once, and never guessed.

use domain::{Currency, OrderStatus, Unknown};

use super::*;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::{capture, credentials, inr};
use crate::testing::{Played, body_text, context, perform, reply};

const CREATED: &str = include_str!("../../../../fixtures/razorpay/order_created.json");
const ATTEMPTED: &str = include_str!("../../../../fixtures/razorpay/order_attempted.json");
const PAID: &str = include_str!("../../../../fixtures/razorpay/order_paid.json");
const AUTHORIZED: &str = include_str!("../../../../fixtures/razorpay/payments_authorized.json");
const FAILED: &str = include_str!("../../../../fixtures/razorpay/payments_failed.json");
const CAPTURED: &str = include_str!("../../../../fixtures/razorpay/payments_captured.json");
const PAYMENT: &str = include_str!("../../../../fixtures/razorpay/payment_captured.json");
const PAID_ALREADY: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Your payment has been declined as the order is already paid. Please initiate the payment with a new order."}}"#;

fn perform_capture(amount: Option<Money>, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Razorpay, &capture(amount), &context(&credentials), &replies)
}

#[track_caller]
fn status(outcome: &Outcome) -> OrderStatus {
    match outcome {
        Outcome::Executed(Resource::Order(order)) => order.status,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refusal(outcome: Outcome) -> Rejection {
    match outcome {
        Outcome::Rejected(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_authorised_payment_is_captured_whole() {
    for amount in [None, Some(inr("500"))] {
        let played = perform_capture(amount, &[(200, ATTEMPTED), (200, AUTHORIZED), (200, PAYMENT)]);
        let write = played.requests.last().unwrap();
        assert_eq!(write.path, "/v1/payments/pay_DESlfW9H8K9uqM/capture");
        assert_eq!(body_text(write), r#"{"amount":50000,"currency":"INR"}"#);
        assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::LookUpFirst));
        assert_eq!(status(&played.outcome), OrderStatus::Succeeded);
    }
}

#[test]
fn a_partial_capture_is_refused_before_the_write() {
    let usd = Money::parse("500", Currency::USD).unwrap();
    for amount in [inr("200"), inr("600"), usd] {
        let played = perform_capture(Some(amount), &[(200, ATTEMPTED), (200, AUTHORIZED)]);
        assert!(played.requests.iter().all(|request| request.effect == Effect::Read));
        let refusal = refusal(played.outcome);
        assert_eq!(
            (refusal.class, refusal.code),
            (RejectionClass::InvalidRequest, "operation_not_supported")
        );
        assert_eq!(refusal.param, Some("amount"));
        assert_eq!(refusal.message, "Razorpay captures an order's whole amount only, which is 500.00 INR.");
    }
}

#[test]
fn an_order_without_an_authorised_payment_cannot_be_captured() {
    for replies in [vec![(200, CREATED)], vec![(200, ATTEMPTED), (200, FAILED)]] {
        let refusal = refusal(perform_capture(None, &replies).outcome);
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Conflict, "invalid_order_state"));
    }
}

#[test]
fn an_order_captured_before_is_told_without_a_write() {
    let played = perform_capture(None, &[(200, PAID), (200, CAPTURED)]);
    assert_eq!(status(&played.outcome), OrderStatus::Succeeded);
    assert_eq!(played.requests.len(), 2);
}

#[test]
fn captured_already_is_a_success_once_the_order_says_so() {
    let replies = [(200, ATTEMPTED), (200, AUTHORIZED), (400, PAID_ALREADY), (200, PAID), (200, CAPTURED)];
    assert_eq!(status(&perform_capture(None, &replies).outcome), OrderStatus::Succeeded);
    let replies = [(200, ATTEMPTED), (200, AUTHORIZED), (400, PAID_ALREADY), (200, ATTEMPTED), (200, FAILED)];
    assert_eq!(refusal(perform_capture(None, &replies).outcome).code, "provider_rejected");
}

#[test]
fn a_capture_without_a_readable_answer_is_unknown() {
    for (code, body) in [(500, ""), (504, "<html>"), (200, "{}"), (200, AUTHORIZED)] {
        let replies = [(200, ATTEMPTED), (200, AUTHORIZED), (code, body)];
        let expected = Outcome::Unknown(Unknown::Unreadable { status: code });
        assert_eq!(perform_capture(None, &replies).outcome, expected);
    }
}

#[test]
fn a_refused_capture_is_refused() {
    let body = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Capture amount must be equal to the amount authorized.","field":"amount"}}"#;
    let refusal = refusal(perform_capture(None, &[(200, ATTEMPTED), (200, AUTHORIZED), (400, body)]).outcome);
    assert_eq!((refusal.code, refusal.param), ("provider_rejected", Some("amount")));
}

#[test]
fn an_unknown_order_is_not_found() {
    let body = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"The id provided does not exist"}}"#;
    assert_eq!(refusal(perform_capture(None, &[(400, body)]).outcome).code, "order_not_found");
}
