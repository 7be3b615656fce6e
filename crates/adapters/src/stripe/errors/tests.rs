//! The table of Stripe's refusals.

use domain::Unknown;

use super::*;
use crate::testing::{reply, with_header};

#[track_caller]
fn check(status: u16, error: &str, expected: (RejectionClass, &str, Option<&str>)) {
    let body = format!(r#"{{"error":{error}}}"#);
    for effect in [Effect::Read, Effect::Write] {
        match outcome(Subject::Order, effect, &reply(status, &body)) {
            Outcome::Rejected(refusal) => {
                assert_eq!((refusal.class, refusal.code, refusal.param), expected, "{status} {body}");
            }
            other => panic!("{status} {body}: {other:?}"),
        }
    }
}

#[test]
fn refusals_of_the_request_have_their_codes() {
    use RejectionClass::{Conflict, InvalidRequest, NotFound, Refused};
    let kind = r#""type":"invalid_request_error""#;
    let at = |code: &str, param: &str| format!(r#"{{"code":"{code}","param":"{param}",{kind}}}"#);
    check(400, &at("parameter_missing", "amount"), (Refused, "provider_rejected", Some("amount")));
    check(400, &at("parameter_unknown", "colour"), (Refused, "provider_rejected", None));
    check(400, &at("amount_too_small", "amount"), (Refused, "provider_rejected", Some("amount")));
    check(400, &at("amount_too_large", "amount_to_capture"), (Refused, "provider_rejected", Some("amount")));
    check(400, &at("parameter_invalid_integer", "amount"), (Refused, "provider_rejected", Some("amount")));
    check(400, &at("email_invalid", "receipt_email"), (Refused, "provider_rejected", Some("customer_email")));
    check(400, &at("parameter_invalid", "metadata[k]"), (Refused, "provider_rejected", Some("metadata")));
    check(404, &at("resource_missing", "intent"), (NotFound, "order_not_found", None));
    check(404, &format!(r#"{{"code":"resource_missing",{kind}}}"#), (NotFound, "order_not_found", None));
    check(400, &at("resource_missing", "customer"), (InvalidRequest, "invalid_field", Some("customer.id")));
    let state =
        format!(r#"{{"code":"payment_intent_unexpected_state","payment_intent":{{"id":"pi_1"}},{kind}}}"#);
    check(400, &state, (Conflict, "invalid_order_state", None));
    let no_route = format!(r#"{{"message":"Unrecognized request URL (GET: /v1/nope). ..",{kind}}}"#);
    check(404, &no_route, (InvalidRequest, "operation_not_supported", None));
}

#[test]
fn refusals_of_the_payer_the_key_and_the_pace_have_their_codes() {
    use RejectionClass::{Credentials, Declined, RateLimited, Refused};
    let card = |decline: &str| {
        format!(r#"{{"type":"card_error","code":"card_declined","decline_code":"{decline}"}}"#)
    };
    check(402, &card("generic_decline"), (Declined, "card_declined", None));
    check(402, &card("lost_card"), (Declined, "card_declined", None));
    check(402, &card("insufficient_funds"), (Declined, "insufficient_funds", None));
    check(400, &card("generic_decline"), (Declined, "card_declined", None));
    check(402, r#"{"type":"card_error","code":"expired_card"}"#, (Declined, "card_declined", None));
    let kind = r#""type":"invalid_request_error""#;
    check(
        401,
        &format!(r#"{{"message":"Invalid API Key provided",{kind}}}"#),
        (Credentials, "provider_credentials_rejected", None),
    );
    check(
        401,
        &format!(r#"{{"code":"api_key_expired",{kind}}}"#),
        (Credentials, "provider_credentials_rejected", None),
    );
    check(
        403,
        &format!(r#"{{"message":"does not have the required permissions",{kind}}}"#),
        (Refused, "provider_rejected", None),
    );
    check(429, &format!(r#"{{"code":"lock_timeout",{kind}}}"#), (RateLimited, "provider_rate_limit", None));
    check(429, &format!(r#"{{"code":"rate_limit",{kind}}}"#), (RateLimited, "provider_rate_limit", None));
    check(400, &format!(r#"{{"code":"rate_limit",{kind}}}"#), (RateLimited, "provider_rate_limit", None));
}

#[test]
fn a_key_in_use_leaves_it_unknown_what_the_first_request_does() {
    let in_use = r#"{"error":{"code":"idempotency_key_in_use","type":"idempotency_error"}}"#;
    let reply = reply(409, in_use);
    assert_eq!(
        outcome(Subject::Order, Effect::Write, &reply),
        Outcome::Unknown(Unknown::Unreadable { status: 409 })
    );
}

#[test]
fn a_key_used_with_other_bytes_leaves_it_unknown_what_those_did() {
    for status in [400, 404] {
        let error = r#"{"error":{"message":"Keys for idempotent requests can only be used with the same parameters","type":"idempotency_error"}}"#;
        let reply = reply(status, error);
        let expected = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(outcome(Subject::Order, Effect::Write, &reply), expected);
    }
}

#[test]
fn an_answer_that_says_nothing_is_unknown_after_a_write() {
    let error = r#"{"error":{"type":"api_error"}}"#;
    for (status, body) in [
        (424, error),
        (500, error),
        (502, "<html>"),
        (503, ""),
        (504, error),
        (302, ""),
        (400, "<html>"),
        (402, ""),
    ] {
        let expected = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(outcome(Subject::Order, Effect::Write, &reply(status, body)), expected);
        let Outcome::Rejected(refusal) = outcome(Subject::Order, Effect::Read, &reply(status, body)) else {
            panic!()
        };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
}

#[test]
fn a_refusal_quotes_stripe_and_keeps_the_reason_out_of_the_message() {
    let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"stolen_card","message":"Your card was declined."}}"#;
    let Outcome::Rejected(refusal) = outcome(Subject::Order, Effect::Write, &reply(402, body)) else {
        panic!()
    };
    assert_eq!(refusal.provider_code.as_deref(), Some("stolen_card"));
    assert_eq!(refusal.provider_message.as_deref(), Some("Your card was declined."));
    assert_eq!(refusal.message, "The payer's means of payment was declined.");
}

#[test]
fn a_quotation_has_an_end() {
    let body = format!(r#"{{"error":{{"code":"x","message":"{}"}}}}"#, "é".repeat(2000));
    let Outcome::Rejected(refusal) = outcome(Subject::Order, Effect::Write, &reply(400, &body)) else {
        panic!()
    };
    assert_eq!(refusal.provider_message.unwrap().chars().count(), 500);
}

#[test]
fn a_wait_that_stripe_asks_for_is_passed_on() {
    let reply = with_header(reply(429, ""), "retry-after", "2");
    let Outcome::Rejected(refusal) = outcome(Subject::Order, Effect::Write, &reply) else { panic!() };
    assert_eq!(refusal.retry_after.map(|wait| wait.as_secs()), Some(2));
}
