//! Giving an order up, step by step.

use domain::{OrderStatus, RejectionClass, Unknown};

use super::*;
use crate::paypal::tests::{cancel, play, refusal_body, rejected, status, told, unprocessable, usd};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../fixtures/paypal/", $name, ".json"))
    };
}

const AUTHORIZED: &str = fixture!("order_authorized");
const VOIDED: &str = fixture!("order_authorization_voided");
const READ: &str = "GET /v2/checkout/orders/5O190127TN364715T";
const VOID: &str = "POST /v2/payments/authorizations/0VF52814937998046/void";

#[test]
fn an_authorised_order_is_read_voided_and_read_again() {
    for answer in [(204, ""), (200, "{}")] {
        let played = play(&cancel(), &[(200, AUTHORIZED), answer, (200, VOIDED)]);
        assert_eq!(played.calls(), [READ, VOID, READ]);
        let write = &played.requests[1];
        assert!(write.body.is_empty() && write.headers.is_empty());
        assert_eq!(write.content_type, Some("application/json"));
        assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Harmless));
        assert_eq!(status(played.outcome), OrderStatus::Canceled);
    }
}

#[test]
fn an_order_voided_before_is_told_without_a_write() {
    let voided_order = fixture!("order_saved").replace("SAVED", "VOIDED");
    for body in [VOIDED, &voided_order] {
        let played = play(&cancel(), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(status(played.outcome), OrderStatus::Canceled);
    }
}

#[test]
fn voided_already_is_a_success() {
    let already = unprocessable("PREVIOUSLY_VOIDED");
    let played = play(&cancel(), &[(200, AUTHORIZED), (422, &already), (200, VOIDED)]);
    assert_eq!(status(played.outcome), OrderStatus::Canceled);
}

#[test]
fn an_order_without_reserved_money_cannot_be_canceled() {
    let pending = AUTHORIZED.replacen(r#""status": "CREATED""#, r#""status": "PENDING""#, 1);
    let odd_id = AUTHORIZED.replace("0VF52814937998046", "../x");
    for body in [
        fixture!("order_created"),
        fixture!("order_payer_action_required"),
        fixture!("order_approved"),
        fixture!("order_approved_to_authorize"),
        fixture!("order_captured"),
        fixture!("order_refunded"),
        fixture!("order_authorization_captured"),
        fixture!("order_authorization_captured_partly"),
        &pending,
        &odd_id,
    ] {
        let played = play(&cancel(), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "order_not_cancelable"));
    }
}

#[test]
fn a_refused_read_ends_it() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    for (status, body, code) in [
        (401, "", "provider_credentials_rejected"),
        (404, &*gone, "order_not_found"),
        (429, "", "provider_rate_limit"),
        (500, "", "provider_error"),
        (200, "<html>", "provider_error"),
    ] {
        assert_eq!(rejected(play(&cancel(), &[(status, body)]).outcome).1, code);
    }
}

#[test]
fn a_refused_void_is_rejected() {
    for (status, issue, expected) in [
        (422, "PREVIOUSLY_CAPTURED", (RejectionClass::Conflict, "order_not_cancelable")),
        (422, "CANNOT_BE_VOIDED", (RejectionClass::Conflict, "order_not_cancelable")),
        (403, "PERMISSION_DENIED", (RejectionClass::Credentials, "provider_credentials_rejected")),
        (404, "INVALID_RESOURCE_ID", (RejectionClass::NotFound, "order_not_found")),
        (429, "X", (RejectionClass::RateLimited, "provider_rate_limit")),
    ] {
        let played = play(&cancel(), &[(200, AUTHORIZED), (status, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected);
    }
}

#[test]
fn a_void_whose_answer_says_nothing_is_unknown() {
    let busy = refusal_body("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS");
    for (status, body) in [(409, &*busy), (500, "{}"), (502, "<html>"), (503, ""), (302, "")] {
        let played = play(&cancel(), &[(200, AUTHORIZED), (status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_void_stands_though_the_last_read_fails_or_is_stale() {
    for last_read in [(200, AUTHORIZED), (200, "{}"), (404, "{}"), (429, ""), (503, "<html>")] {
        let order = told(play(&cancel(), &[(200, AUTHORIZED), (204, ""), last_read]).outcome);
        assert_eq!((order.status, order.amount), (OrderStatus::Canceled, usd("100")));
    }
}
