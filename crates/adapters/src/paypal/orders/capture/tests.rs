//! Taking the money, step by step, with answers of every kind at each.

use domain::{Currency, Money, OrderStatus, Unknown};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{
    AUTHORIZATION_ID, ORDER_ID, capture, play, refusal_body, rejected, status, told, unprocessable, usd,
};
use crate::testing::{PROVIDER_KEY, Played, body_text, refuse};

mod authorized;

pub(super) const CREATED: &str = include_str!("../../../../fixtures/paypal/order_created.json");
pub(super) const PAYER_ACTION: &str =
    include_str!("../../../../fixtures/paypal/order_payer_action_required.json");
const SAVED: &str = include_str!("../../../../fixtures/paypal/order_saved.json");
const MINIMAL: &str = r#"{"id":"5O190127TN364715T","status":"COMPLETED","links":[]}"#;
const APPROVED: &str = include_str!("../../../../fixtures/paypal/order_approved.json");
const CAPTURED: &str = include_str!("../../../../fixtures/paypal/order_captured.json");
const REFUNDED: &str = include_str!("../../../../fixtures/paypal/order_refunded.json");

const READ: &str = "GET /v2/checkout/orders/5O190127TN364715T";
const CAPTURE: &str = "POST /v2/checkout/orders/5O190127TN364715T/capture";

/// Replies that say neither yes nor no.
pub(super) const NOTHING_SAID: [(u16, &str); 5] =
    [(500, "{}"), (502, "<html>"), (503, "<html>"), (504, ""), (302, "")];

fn declined() -> String {
    CAPTURED.replacen(
        r#""status": "COMPLETED",
            "amount""#,
        r#""status": "DECLINED",
            "amount""#,
        1,
    )
}

#[track_caller]
pub(super) fn unknown(played: &Played, status: u16) {
    assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
}

#[test]
fn an_approved_order_is_read_captured_and_read_again() {
    for amount in [None, Some(usd("100"))] {
        let played = play(&capture(amount), &[(200, APPROVED), (201, CAPTURED), (200, CAPTURED)]);
        assert_eq!(played.calls(), [READ, CAPTURE, READ]);
        let write = &played.requests[1];
        assert_eq!(body_text(write), "{}");
        assert_eq!(write.content_type, Some("application/json"));
        assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::Keyed));
        let headers: Vec<_> =
            write.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let key = "5f1c0c526a1e4f6f9a250f6f7b1f3x01";
        assert_eq!(headers, [("paypal-request-id", key), ("prefer", "return=representation")]);
        let order = told(played.outcome);
        assert_eq!((order.provider_order_id.as_str(), order.amount), (ORDER_ID, usd("100")));
        assert_eq!((order.status, order.next_action), (OrderStatus::Succeeded, None));
    }
}

#[test]
fn the_key_of_a_capture_is_not_the_key_of_a_create() {
    let played = play(&capture(None), &[(200, APPROVED), (200, CAPTURED), (200, CAPTURED)]);
    assert!(played.requests[1].headers.iter().all(|(_, value)| value != PROVIDER_KEY));
}

#[test]
fn a_repeat_has_the_same_bytes() {
    let replies = [(200, APPROVED), (201, CAPTURED), (200, CAPTURED)];
    let (first, second) = (play(&capture(None), &replies), play(&capture(None), &replies));
    for (first, second) in first.requests.iter().zip(&second.requests) {
        assert_eq!((&first.path, &first.body, &first.headers), (&second.path, &second.body, &second.headers));
    }
}

#[test]
fn an_order_captured_before_is_told_without_a_write() {
    for (body, expected) in [(CAPTURED, OrderStatus::Succeeded), (REFUNDED, OrderStatus::Refunded)] {
        let played = play(&capture(None), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(status(played.outcome), expected);
    }
}

#[test]
fn captured_already_is_a_success_once_the_order_says_so() {
    let already = unprocessable("ORDER_ALREADY_CAPTURED");
    let played = play(&capture(None), &[(200, APPROVED), (422, &already), (200, CAPTURED)]);
    assert_eq!(played.calls(), [READ, CAPTURE, READ]);
    assert_eq!(status(played.outcome), OrderStatus::Succeeded);
    let played = play(&capture(None), &[(200, APPROVED), (422, &already), (200, APPROVED)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "invalid_order_state"));
    for (status, body) in NOTHING_SAID {
        unknown(&play(&capture(None), &[(200, APPROVED), (422, &already), (status, body)]), status);
    }
}

#[test]
fn an_order_that_the_payer_has_not_approved_is_a_conflict() {
    for body in [CREATED, PAYER_ACTION, SAVED] {
        let played = play(&capture(None), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "order_not_approved"));
    }
}

#[test]
fn an_order_in_another_state_is_a_conflict() {
    for word in ["VOIDED", "TOMORROWS_WORD"] {
        let body = APPROVED.replace("APPROVED", word);
        assert_eq!(rejected(play(&capture(None), &[(200, &body)]).outcome).1, "invalid_order_state");
    }
    let body = APPROVED.replace(r#""intent": "CAPTURE""#, r#""intent": "TOMORROWS_WORD""#);
    assert_eq!(rejected(play(&capture(None), &[(200, &body)]).outcome).1, "invalid_order_state");
}

#[test]
fn a_part_of_an_order_cannot_be_captured_and_nothing_is_written() {
    for (body, asked) in [(APPROVED, "40"), (APPROVED, "100.01"), (CAPTURED, "40")] {
        let played = play(&capture(Some(usd(asked))), &[(200, body)]);
        assert_eq!(played.calls(), [READ]);
        let Outcome::Rejected(refusal) = played.outcome else { panic!() };
        assert_eq!(
            (refusal.class, refusal.code),
            (RejectionClass::InvalidRequest, "operation_not_supported")
        );
        assert_eq!(refusal.param, Some("amount"));
    }
}

#[test]
fn an_amount_of_another_currency_is_refused_and_nothing_is_written() {
    let euros = Money::parse("100", Currency::parse("EUR").unwrap()).unwrap();
    let played = play(&capture(Some(euros)), &[(200, APPROVED)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::InvalidRequest, "invalid_field"));
}

#[test]
fn an_amount_that_paypal_cannot_be_told_is_refused_before_anything_is_sent() {
    let amount = |text: &str, code: &str| Money::parse(text, Currency::parse(code).unwrap()).ok();
    assert_eq!(refuse(&Paypal, &capture(amount("5.50", "HUF"))).code, "amount_too_precise");
    assert_eq!(refuse(&Paypal, &capture(amount("5", "INR"))).code, "unsupported_currency");
}

#[test]
fn a_refused_read_ends_it() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    for (status, body, code) in [
        (401, "", "provider_credentials_rejected"),
        (404, &*gone, "order_not_found"),
        (429, "", "provider_rate_limit"),
        (503, "<html>", "provider_error"),
        (200, "{}", "provider_error"),
    ] {
        assert_eq!(rejected(play(&capture(None), &[(status, body)]).outcome).1, code);
    }
}

#[test]
fn a_refused_capture_is_rejected() {
    for (status, issue, expected) in [
        (422, "INSTRUMENT_DECLINED", (RejectionClass::Declined, "card_declined")),
        (422, "PAYER_ACTION_REQUIRED", (RejectionClass::Declined, "payer_action_required")),
        (422, "ORDER_NOT_APPROVED", (RejectionClass::Conflict, "order_not_approved")),
        (422, "PAYER_CANNOT_PAY", (RejectionClass::Refused, "provider_rejected")),
        (403, "PERMISSION_DENIED", (RejectionClass::Credentials, "provider_credentials_rejected")),
        (429, "X", (RejectionClass::RateLimited, "provider_rate_limit")),
        (404, "INVALID_RESOURCE_ID", (RejectionClass::NotFound, "order_not_found")),
    ] {
        let played = play(&capture(None), &[(200, APPROVED), (status, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected);
    }
}

#[test]
fn a_capture_whose_answer_says_nothing_is_unknown() {
    for (status, body) in NOTHING_SAID {
        unknown(&play(&capture(None), &[(200, APPROVED), (status, body)]), status);
    }
}

#[test]
fn a_capture_beside_another_is_a_success_once_the_order_says_so() {
    let busy = refusal_body("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS");
    let at_work = unprocessable("ORDER_COMPLETION_IN_PROGRESS");
    for (refused, body) in [(409, &busy), (422, &at_work)] {
        let played = play(&capture(None), &[(200, APPROVED), (refused, body), (200, CAPTURED)]);
        assert_eq!(played.calls(), [READ, CAPTURE, READ]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        unknown(&play(&capture(None), &[(200, APPROVED), (refused, body), (200, APPROVED)]), refused);
        unknown(&play(&capture(None), &[(200, APPROVED), (refused, body), (503, "<html>")]), 503);
    }
}

#[test]
fn a_capture_stands_though_the_last_read_fails_or_is_stale() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    let last_reads = [(200, APPROVED), (200, "{}"), (429, ""), (401, ""), (404, &*gone), (503, "<html>")];
    for last_read in last_reads {
        let played = play(&capture(None), &[(200, APPROVED), (201, CAPTURED), last_read]);
        let order = told(played.outcome);
        assert_eq!((order.status, order.amount), (OrderStatus::Succeeded, usd("100")));
    }
}

#[test]
fn a_capture_whose_answer_tells_no_money_counts_once_the_order_is_read() {
    for answer in [MINIMAL, "{}", "<html>", ""] {
        let played = play(&capture(None), &[(200, APPROVED), (201, answer), (200, CAPTURED)]);
        assert_eq!(status(played.outcome), OrderStatus::Succeeded);
        unknown(&play(&capture(None), &[(200, APPROVED), (201, answer), (200, APPROVED)]), 200);
        unknown(&play(&capture(None), &[(200, APPROVED), (201, answer), (429, "")]), 429);
    }
}

#[test]
fn a_declined_capture_is_told_as_failed() {
    let declined = declined();
    let played = play(&capture(None), &[(200, APPROVED), (201, &declined), (200, &declined)]);
    assert_eq!(status(played.outcome), OrderStatus::Failed);
    assert_eq!(status(play(&capture(None), &[(200, &declined)]).outcome), OrderStatus::Failed);
}
