//! Buying a token, and telling that one is refused.

use domain::RejectionClass;
use http::Method;

use super::*;
use crate::paypal::tests::{credentials, refusal_body};
use crate::testing::{self, body_text, reply, with_header};

const TOKEN: &str = include_str!("../../../fixtures/paypal/token.json");
const WRONG_SECRET: &str = r#"{"error":"invalid_client","error_description":"Client Authentication failed"}"#;

#[test]
fn a_token_is_asked_for_with_exactly_this_request() {
    let request = request(&credentials()).unwrap();
    assert_eq!((request.method, request.path.as_str()), (Method::POST, "/v1/oauth2/token"));
    assert_eq!(request.content_type, Some("application/x-www-form-urlencoded"));
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), "grant_type=client_credentials");
    assert_eq!((request.effect, request.retry), (Effect::Read, RetrySafety::Harmless));
    // AClient:ESecret
    assert_eq!(request.authorization.as_ref().map(Secret::expose), Some("Basic QUNsaWVudDpFU2VjcmV0"));
}

#[test]
fn blanks_around_credentials_are_not_sent() {
    let padded = testing::credentials("paypal", &[("client_id", " AClient"), ("client_secret", "ESecret\n")]);
    let (padded, plain) = (request(&padded).unwrap(), request(&credentials()).unwrap());
    assert_eq!(padded.authorization, plain.authorization);
    assert_eq!(body_text(&padded), body_text(&plain));
}

#[test]
fn half_a_pair_of_credentials_buys_nothing() {
    for field in ["client_id", "client_secret"] {
        assert!(request(&testing::credentials("paypal", &[(field, "x")])).is_none());
    }
}

#[test]
fn the_token_lives_as_long_as_paypal_says() {
    let token = read(&reply(200, TOKEN)).unwrap();
    assert_eq!(token.secret.expose(), "A21AAFEpH4PsADK7qSS7pSRsgzExample");
    assert_eq!(token.expires_in, Duration::from_secs(31668));
    assert!(!format!("{token:?}").contains("A21AA"));
}

#[test]
fn a_token_without_a_lifetime_is_good_for_the_call_at_hand() {
    for body in [r#"{"access_token":"A21AA"}"#, r#"{"access_token":"A21AA","expires_in":null,"scope":7}"#] {
        assert_eq!(read(&reply(200, body)).unwrap().expires_in, Duration::ZERO);
    }
}

#[track_caller]
fn check(status: u16, body: &str, expected: (RejectionClass, &str)) {
    let refusal = read(&reply(status, body)).unwrap_err();
    assert_eq!((refusal.class, refusal.code), expected, "{status} {body}");
}

#[test]
fn every_refusal_of_a_token_has_its_code() {
    let credentials = (RejectionClass::Credentials, "provider_credentials_rejected");
    check(401, WRONG_SECRET, credentials);
    check(401, "", credentials);
    check(400, r#"{"error":"unauthorized_client"}"#, credentials);
    check(403, r#"{"error":"access_denied"}"#, credentials);
    check(429, r#"{"name":"RATE_LIMIT_REACHED"}"#, (RejectionClass::RateLimited, "provider_rate_limit"));
    let unavailable = (RejectionClass::Unavailable, "provider_error");
    for (status, body) in
        [(500, ""), (503, "<html>"), (403, "<html>"), (302, ""), (200, "{}"), (200, "<html>")]
    {
        check(status, body, unavailable);
    }
    check(200, r#"{"access_token":""}"#, unavailable);
}

#[test]
fn a_refusal_of_a_token_quotes_paypal() {
    let refusal = read(&reply(401, WRONG_SECRET)).unwrap_err();
    assert_eq!(refusal.provider_code.as_deref(), Some("invalid_client"));
    assert_eq!(refusal.provider_message.as_deref(), Some("Client Authentication failed"));
    let limited = read(&with_header(reply(429, ""), "retry-after", "7")).unwrap_err();
    assert_eq!(limited.retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn a_dead_token_is_told_from_a_refused_request() {
    assert!(is_refused(&reply(401, &refusal_body("AUTHENTICATION_FAILURE", "INVALID_ACCOUNT_STATUS"))));
    assert!(is_refused(&reply(401, r#"{"name":"AUTHENTICATION_FAILURE"}"#)));
    assert!(is_refused(&reply(
        401,
        r#"{"error":"invalid_token","error_description":"Token signature verification failed"}"#
    )));
    assert!(!is_refused(&reply(401, WRONG_SECRET)));
    assert!(!is_refused(&reply(401, "")));
    assert!(!is_refused(&reply(403, &refusal_body("NOT_AUTHORIZED", "PERMISSION_DENIED"))));
    assert!(!is_refused(&reply(200, r#"{"name":"AUTHENTICATION_FAILURE"}"#)));
}
