//! The table of Razorpay's refusals.

use domain::{RejectionClass, Unknown};

use super::*;
use crate::testing::{reply, with_header};

fn body(description: &str) -> String {
    format!(
        r#"{{"error":{{"code":"BAD_REQUEST_ERROR","description":"{description}","source":"NA","step":"NA","reason":"NA","metadata":{{}}}}}}"#
    )
}

#[track_caller]
fn check(status: u16, body: &str, expected: (RejectionClass, &str)) {
    for effect in [Effect::Read, Effect::Write] {
        match outcome(effect, &reply(status, body)) {
            Outcome::Rejected(refusal) => {
                assert_eq!((refusal.class, refusal.code), expected, "{status} {body}");
            }
            other => panic!("{status} {body}: {other:?}"),
        }
    }
}

#[test]
fn every_documented_refusal_has_its_code() {
    let rejected = (RejectionClass::Refused, "provider_rejected");
    check(400, &body("The amount must be an integer."), rejected);
    check(400, &body("The currency is required"), rejected);
    check(400, &body("colour is/are not required and should not be sent"), rejected);
    check(400, &body("The amount must be at least INR 1.00"), rejected);
    check(400, &body("Amount exceeds maximum amount allowed."), rejected);
    check(400, &body("Order receipt should be unique."), rejected);
    check(400, &body("Capture amount must be equal to the amount authorized."), rejected);
    check(400, &body("Transactions from this IP are not allowed. Contact support for help."), rejected);
    let missing = (RejectionClass::NotFound, "order_not_found");
    check(400, &body("The id provided does not exist"), missing);
    check(400, &body("order_x is not a valid id"), missing);
    let unsupported = (RejectionClass::InvalidRequest, "operation_not_supported");
    check(400, &body("The requested URL was not found on the server."), unsupported);
    let credentials = (RejectionClass::Credentials, "provider_credentials_rejected");
    check(401, &body("Authentication failed"), credentials);
    check(400, &body("Authentication failed"), credentials);
    check(400, &body("The api key provided is invalid"), credentials);
    check(401, "", credentials);
    check(429, "", (RejectionClass::RateLimited, "provider_rate_limit"));
}

#[test]
fn an_answer_that_says_nothing_is_unknown_after_a_write() {
    let server = r#"{"error":{"code":"SERVER_ERROR","description":"We are facing some trouble"}}"#;
    let gateway = r#"{"error":{"code":"GATEWAY_ERROR","description":"Payment failed"}}"#;
    for (status, body) in
        [(500, server), (502, gateway), (504, "<html>"), (302, ""), (403, "<html>"), (400, "{}")]
    {
        let outcome_of = |effect| outcome(effect, &reply(status, body));
        assert_eq!(outcome_of(Effect::Write), Outcome::Unknown(Unknown::Unreadable { status }));
        let Outcome::Rejected(refusal) = outcome_of(Effect::Read) else { panic!() };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
}

#[test]
fn a_refusal_quotes_razorpay_and_names_the_field() {
    let body = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"The amount must be at least INR 1.00",
        "source":"business","step":"payment_initiation","reason":"input_validation_failed","metadata":[],"field":"amount"}}"#;
    let Outcome::Rejected(refusal) = outcome(Effect::Write, &reply(400, body)) else { panic!() };
    assert_eq!(refusal.param, Some("amount"));
    assert_eq!(refusal.provider_code.as_deref(), Some("BAD_REQUEST_ERROR"));
    assert_eq!(refusal.provider_message.as_deref(), Some("The amount must be at least INR 1.00"));
}

#[test]
fn words_that_mean_nothing_are_not_quoted() {
    let body = r#"{"error":{"code":"NA","description":"null","field":null}}"#;
    let refusal = read_refusal(&reply(400, body));
    assert_eq!((refusal.provider_code, refusal.provider_message, refusal.param), (None, None, None));
}

#[test]
fn a_wait_that_razorpay_asks_for_is_passed_on() {
    let refusal = read_refusal(&with_header(reply(429, "slow down"), "retry-after", "3"));
    assert_eq!(refusal.retry_after.map(|wait| wait.as_secs()), Some(3));
}
