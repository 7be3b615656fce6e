//! Giving money back: the exact requests, the way to the capture, and every answer.

use domain::{
    AmountNumber, Currency, Metadata, Operation, RefundOperation, RefundStatus, RejectionClass, Unknown,
};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{
    ORDER_ID, assert_same_bytes, key, play, refusal_body, rejected, unprocessable, usd,
};
use crate::testing::{PROVIDER_KEY, Played, body_text, refuse};

mod parts;

const ORDER: &str = include_str!("../../../../fixtures/paypal/order_captured.json");
const APPROVED: &str = include_str!("../../../../fixtures/paypal/order_approved.json");
const CAPTURE: &str = include_str!("../../../../fixtures/paypal/capture.json");
const REFUND: &str = include_str!("../../../../fixtures/paypal/refund_completed.json");

const READ_ORDER: &str = "GET /v2/checkout/orders/5O190127TN364715T";
const READ_CAPTURE: &str = "GET /v2/payments/captures/3C679366HH908993F";
const REFUND_CAPTURE: &str = "POST /v2/payments/captures/3C679366HH908993F/refund";
const CUSTOM: &str = r#""custom_id":"txn_0000000000000000000000000b""#;

fn refund(payment: RefundedPayment, amount: Option<RefundAmount>) -> Operation {
    Operation::Refund(RefundOperation::Create(CreateRefund {
        payment,
        amount,
        reason: Some("Broken".into()),
        reference: Some("r-1".into()),
        metadata: Metadata::default(),
    }))
}

fn of_order() -> RefundedPayment {
    RefundedPayment::OfOrder { provider_order_id: ORDER_ID.into() }
}

fn of_capture(id: &str) -> RefundedPayment {
    RefundedPayment::Payment { provider_payment_id: id.into() }
}

fn money(text: &str) -> Option<RefundAmount> {
    Some(RefundAmount::Money(usd(text)))
}

fn number(text: &str) -> Option<RefundAmount> {
    Some(RefundAmount::Number(AmountNumber::parse(text).unwrap()))
}

#[track_caller]
fn told(played: Played) -> domain::Refund {
    match played.outcome {
        Outcome::Executed(Resource::Refund(refund)) => refund,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_of_a_capture_is_refunded_with_exactly_these_bytes() {
    let played = play(&refund(of_capture("3C679366HH908993F"), money("40")), &[(201, REFUND)]);
    assert_eq!(played.calls(), [REFUND_CAPTURE]);
    let call = &played.requests[0];
    let body = format!(r#"{{"amount":{{"currency_code":"USD","value":"40.00"}},{CUSTOM}}}"#);
    assert_eq!(body_text(call), body);
    assert_eq!((call.effect, call.retry), (Effect::Write, RetrySafety::Keyed));
    let headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("paypal-request-id", PROVIDER_KEY), ("prefer", "return=representation")]);
    let refund = told(played);
    assert_eq!((refund.status, refund.amount), (RefundStatus::Succeeded, usd("40")));
    assert_eq!(refund.provider_payment_id.as_deref(), Some("3C679366HH908993F"));
}

#[test]
fn what_an_earlier_use_of_the_key_gave_back_is_not_this_refund() {
    let earlier = REFUND.replace("2026-01-06T09:00:00Z", "2025-08-20T09:00:00Z");
    let played = play(&refund(of_capture("3C679366HH908993F"), money("40")), &[(200, &earlier)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::KeyReused, "idempotency_key_reused"));
}

#[test]
fn all_that_is_left_is_asked_for_without_an_amount() {
    let played = play(&refund(of_order(), None), &[(200, ORDER), (201, REFUND)]);
    assert_eq!(played.calls(), [READ_ORDER, REFUND_CAPTURE]);
    assert_eq!(body_text(&played.requests[1]), format!("{{{CUSTOM}}}"));
    assert_eq!(told(played).amount, usd("40"), "what PayPal says");
}

#[test]
fn a_number_is_of_the_captures_own_currency() {
    let yen = CAPTURE.replace(r#""USD""#, r#""JPY""#).replace("100.00", "1000");
    let played = play(&refund(of_capture("3C679366HH908993F"), number("500")), &[(200, &yen), (201, REFUND)]);
    assert_eq!(played.calls(), [READ_CAPTURE, REFUND_CAPTURE]);
    let body = format!(r#"{{"amount":{{"currency_code":"JPY","value":"500"}},{CUSTOM}}}"#);
    assert_eq!(body_text(&played.requests[1]), body);
    for (asked, code) in [("500.50", "amount_too_precise"), ("0.005", "amount_too_precise")] {
        let played = play(&refund(of_capture("3C679366HH908993F"), number(asked)), &[(200, &yen)]);
        assert_eq!(played.calls(), [READ_CAPTURE]);
        assert_eq!(rejected(played.outcome).1, code);
    }
}

#[test]
fn a_number_for_an_order_is_of_the_orders_currency() {
    let played = play(&refund(of_order(), number("12.5")), &[(200, ORDER), (201, REFUND)]);
    let body = format!(r#"{{"amount":{{"currency_code":"USD","value":"12.50"}},{CUSTOM}}}"#);
    assert_eq!(body_text(&played.requests[1]), body);
}

#[test]
fn a_repeat_has_the_same_bytes_though_all_has_gone_back_meanwhile() {
    let first = play(&refund(of_order(), None), &[(200, ORDER), (201, REFUND)]);
    let refunded = include_str!("../../../../fixtures/paypal/order_refunded.json");
    let second = play(&refund(of_order(), None), &[(200, refunded), (200, REFUND)]);
    assert_same_bytes(&first, &second);
    assert_eq!(told(second).status, RefundStatus::Succeeded);
}

#[test]
fn an_order_without_money_has_nothing_to_refund() {
    let declined =
        ORDER.replacen(r#""captures": ["#, r#""captures": [{"id":"X","status":"DECLINED"}], "x": ["#, 1);
    for body in [APPROVED, &declined] {
        let played = play(&refund(of_order(), None), &[(200, body)]);
        assert_eq!(played.calls(), [READ_ORDER]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "not_paid"));
    }
}

#[test]
fn more_than_was_taken_or_another_currency_is_refused_before_the_write() {
    let played = play(&refund(of_order(), money("100.01")), &[(200, ORDER)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Refused, "refund_exceeds_payment"));
    let euros = Money::parse("10", Currency::parse("EUR").unwrap()).unwrap();
    let played = play(&refund(of_order(), Some(RefundAmount::Money(euros))), &[(200, ORDER)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::InvalidRequest, "invalid_field"));
}

#[test]
fn what_paypal_cannot_be_told_is_refused_before_anything_is_sent() {
    let amount = |text: &str, code: &str| {
        Some(RefundAmount::Money(Money::parse(text, Currency::parse(code).unwrap()).unwrap()))
    };
    assert_eq!(refuse(&Paypal, &refund(of_order(), amount("5.50", "HUF"))).code, "amount_too_precise");
    assert_eq!(refuse(&Paypal, &refund(of_order(), amount("5", "INR"))).code, "unsupported_currency");
    assert_eq!(refuse(&Paypal, &refund(of_capture("a/b"), None)).code, "payment_not_found");
    let order = RefundedPayment::OfOrder { provider_order_id: "..".into() };
    assert_eq!(refuse(&Paypal, &refund(order, None)).code, "order_not_found");
}

#[test]
fn a_refused_refund_is_rejected() {
    use RejectionClass::{Conflict, InvalidRequest, NotFound, Refused};
    for (status, issue, expected) in [
        (422, "CAPTURE_FULLY_REFUNDED", (Conflict, "already_refunded")),
        (422, "REFUND_AMOUNT_EXCEEDED", (Refused, "refund_exceeds_payment")),
        (422, "REFUND_FAILED_INSUFFICIENT_FUNDS", (Refused, "insufficient_balance")),
        (422, "PENDING_CAPTURE", (Conflict, "not_paid")),
        (422, "REFUND_CAPTURE_CURRENCY_MISMATCH", (InvalidRequest, "invalid_field")),
        (422, "REFUND_TIME_LIMIT_EXCEEDED", (Refused, "provider_rejected")),
        (404, "INVALID_RESOURCE_ID", (NotFound, "payment_not_found")),
    ] {
        let played = play(&refund(of_capture("3C6"), money("1")), &[(status, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected, "{issue}");
    }
}

#[test]
fn a_refused_read_ends_it() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    for (status, body, code) in
        [(404, &*gone, "order_not_found"), (429, "", "provider_rate_limit"), (503, "", "provider_error")]
    {
        assert_eq!(rejected(play(&refund(of_order(), None), &[(status, body)]).outcome).1, code);
    }
    for (status, body, code) in
        [(404, &*gone, "payment_not_found"), (200, "{}", "provider_error"), (503, "", "provider_error")]
    {
        let played = play(&refund(of_capture("3C6"), number("1")), &[(status, body)]);
        assert_eq!(rejected(played.outcome).1, code);
    }
}

#[test]
fn an_answer_that_says_nothing_is_unknown() {
    let busy = refusal_body("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS");
    for (status, body) in
        [(409, &*busy), (500, ""), (503, "<html>"), (302, ""), (201, "<html>"), (201, "{}"), (400, "<html>")]
    {
        let played = play(&refund(of_capture("3C6"), money("1")), &[(status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{status} {body}");
    }
}

#[test]
fn an_answer_without_an_amount_is_told_with_the_asked_one_or_read() {
    let minimal = r#"{"id":"1JU08902781691411","status":"PENDING"}"#;
    let played = play(&refund(of_capture("3C6"), money("7")), &[(201, minimal)]);
    let known = told(played);
    assert_eq!((known.amount, known.status), (usd("7"), RefundStatus::Pending));
    assert_eq!(known.provider_payment_id.as_deref(), Some("3C6"));
    let played = play(&refund(of_capture("3C6"), None), &[(201, minimal), (200, REFUND)]);
    assert_eq!(played.calls()[1], "GET /v2/payments/refunds/1JU08902781691411");
    assert_eq!(told(played).amount, usd("40"));
    for (status, body) in [(503, ""), (200, "{}"), (404, "{}")] {
        let played = play(&refund(of_capture("3C6"), None), &[(201, minimal), (status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}
