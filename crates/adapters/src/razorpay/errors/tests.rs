//! What Razorpay's refusals say, case by case; and the table of them all.

mod listed;

use domain::{RejectionClass, Unknown};

use super::*;
use crate::testing::{reply, with_header};

#[test]
fn an_answer_that_says_nothing_is_unknown_after_a_write() {
    let server = r#"{"error":{"code":"SERVER_ERROR","description":"We are facing some trouble"}}"#;
    let gateway = r#"{"error":{"code":"GATEWAY_ERROR","description":"Payment failed"}}"#;
    for (status, body) in
        [(500, server), (502, gateway), (504, "<html>"), (302, ""), (403, "<html>"), (400, "{}")]
    {
        let outcome_of = |effect| outcome(effect, Missing::Order, &reply(status, body));
        assert_eq!(outcome_of(Effect::Write), Outcome::Unknown(Unknown::Unreadable { status }));
        let Outcome::Rejected(refusal) = outcome_of(Effect::Read) else { panic!() };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
}

#[test]
fn a_refusal_quotes_razorpay_and_names_the_field() {
    let body = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"The amount must be at least INR 1.00",
        "source":"business","step":"payment_initiation","reason":"input_validation_failed","metadata":[],"field":"amount"}}"#;
    let Outcome::Rejected(refusal) = outcome(Effect::Write, Missing::Order, &reply(400, body)) else {
        panic!()
    };
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
