//! Accounts, senders and how calls are authorised.

use super::*;
use crate::testing::{self, reply, with_header};
use crate::twilio::tests::{ACCOUNT, POOL, credentials, credentials_and, error};

const ACTIVE: &str = include_str!("../../../fixtures/twilio/account_active.json");
const SUSPENDED: &str = include_str!("../../../fixtures/twilio/account_suspended.json");

fn exposed(credentials: &Credentials) -> Option<String> {
    authorization(credentials).map(|authorization| authorization.expose().to_owned())
}

#[test]
fn calls_are_authorised_by_the_account_or_by_an_api_key() {
    let of_account = exposed(&credentials()).unwrap();
    assert_eq!(of_account, request::basic(ACCOUNT, "thisissecret").expose());
    let key = testing::credentials(
        "twilio",
        &[("account_sid", ACCOUNT), ("api_key_sid", "SK01"), ("api_key_secret", "keysecret")],
    );
    // SK01:keysecret
    assert_eq!(exposed(&key).as_deref(), Some("Basic U0swMTprZXlzZWNyZXQ="));
    let halves = testing::credentials("twilio", &[("account_sid", ACCOUNT), ("api_key_sid", "SK01")]);
    assert_eq!(exposed(&halves), None);
}

#[test]
fn blanks_around_credentials_are_not_sent() {
    let padded = testing::credentials(
        "twilio",
        &[("account_sid", &format!(" {ACCOUNT}")), ("auth_token", "thisissecret\n"), ("from_number", "+1 ")],
    );
    assert_eq!(exposed(&padded), exposed(&credentials()));
    assert_eq!(
        collection_path(&padded, MESSAGES).unwrap(),
        format!("/2010-04-01/Accounts/{ACCOUNT}/Messages")
    );
    assert_eq!(sender(None, &padded), Some(Sender::From("+1")));
}

#[test]
fn an_account_sid_that_would_change_the_path_is_refused() {
    for sid in ["", "..", "AC/../x", "AC?x"] {
        let odd = testing::credentials("twilio", &[("account_sid", sid), ("auth_token", "x")]);
        let refusal = collection_path(&odd, MESSAGES).unwrap_err();
        assert_eq!(
            (refusal.class, refusal.code),
            (RejectionClass::Credentials, "provider_credentials_rejected")
        );
        assert_eq!(verification(&odd).path, "/2010-04-01/Accounts/none.json");
    }
}

#[test]
fn the_sender_is_whom_the_caller_names_then_the_number_then_the_pool() {
    let all = credentials_and(&[("from_number", "+15005550006"), ("messaging_service_sid", POOL)]);
    assert_eq!(sender(Some("+1999"), &all), Some(Sender::From("+1999")));
    assert_eq!(sender(None, &all), Some(Sender::From("+15005550006")));
    let pool = credentials_and(&[("from_number", ""), ("messaging_service_sid", POOL)]);
    assert_eq!(sender(None, &pool), Some(Sender::MessagingService(POOL)));
    assert_eq!(sender(None, &credentials_and(&[])), None);
}

#[test]
fn a_call_comes_from_whom_the_caller_names_or_the_number_and_never_from_a_pool() {
    let all = credentials_and(&[("from_number", "+15005550006"), ("messaging_service_sid", POOL)]);
    assert_eq!(caller(Some("+1999"), &all), Some("+1999"));
    assert_eq!(caller(None, &all), Some("+15005550006"));
    assert_eq!(caller(None, &credentials_and(&[("messaging_service_sid", POOL)])), None);
}

#[test]
fn credentials_are_verified_by_reading_the_account() {
    let request = verification(&credentials());
    assert_eq!(
        (request.method.as_str(), request.path),
        ("GET", format!("/2010-04-01/Accounts/{ACCOUNT}.json"))
    );
}

#[track_caller]
fn check(status: u16, body: &str, expected: Result<(), (RejectionClass, &str)>) {
    let verified = read_verification(&reply(status, body)).map_err(|refusal| (refusal.class, refusal.code));
    assert_eq!(verified, expected, "{status} {body}");
}

#[test]
fn every_answer_to_a_verification_has_its_meaning() {
    check(200, ACTIVE, Ok(()));
    check(200, "{}", Ok(()));
    // Test credentials: known, and not allowed to read their account.
    check(403, &error(20008, 403), Ok(()));
    let refused = Err((RejectionClass::Credentials, "provider_credentials_rejected"));
    check(401, &error(20003, 401), refused);
    check(401, "", refused);
    check(403, &error(20003, 403), refused);
    check(404, &error(20404, 404), refused);
    check(403, "<html>", refused);
    check(401, &error(20008, 401), refused);
    let inactive = Err((RejectionClass::Credentials, "provider_account_inactive"));
    check(200, SUSPENDED, inactive);
    check(403, &error(20005, 403), inactive);
    check(429, &error(20429, 429), Err((RejectionClass::RateLimited, "provider_rate_limit")));
    for (status, body) in [(500, ""), (503, "<html>"), (200, "<html>"), (302, "")] {
        check(status, body, Err((RejectionClass::Unavailable, "provider_error")));
    }
}

#[test]
fn a_wait_that_twilio_asks_for_is_passed_on() {
    let refusal = read_verification(&with_header(reply(429, ""), "retry-after", "3")).unwrap_err();
    assert_eq!(refusal.retry_after.map(|wait| wait.as_secs()), Some(3));
}
