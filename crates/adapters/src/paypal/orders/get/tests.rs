//! Reading an order.

use domain::{Effect, OrderStatus, RejectionClass, RetrySafety};

use crate::paypal::tests::{ORDER_ID, get, play, refusal_body, rejected, status};

const CAPTURED: &str = include_str!("../../../../fixtures/paypal/order_captured.json");

#[test]
fn an_order_is_read_by_its_id() {
    let played = play(&get(ORDER_ID), &[(200, CAPTURED)]);
    assert_eq!(played.calls(), [format!("GET /v2/checkout/orders/{ORDER_ID}")]);
    let request = played.requests.first().unwrap();
    assert_eq!((request.effect, request.retry), (Effect::Read, RetrySafety::Harmless));
    assert!(request.body.is_empty() && request.headers.is_empty());
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
}

#[test]
fn an_order_that_is_gone_is_not_found() {
    let body = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    let outcome = play(&get(ORDER_ID), &[(404, &body)]).outcome;
    assert_eq!(rejected(outcome), (RejectionClass::NotFound, "order_not_found"));
}

#[test]
fn an_answer_that_tells_no_order_is_paypals_fault() {
    for (status, body) in
        [(200, "{}"), (200, "<html>"), (200, r#"{"id":"5O1"}"#), (500, ""), (503, "<html>"), (302, "")]
    {
        let outcome = play(&get(ORDER_ID), &[(status, body)]).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"), "{status} {body}");
    }
}

mod capturing;
