//! Refusals that Twilio does not name, and what they depend on besides; the named ones are in `table`.

mod table;

use std::time::Duration;

use super::*;
use crate::testing::{reply, with_header};
use crate::twilio::tests::error;

#[track_caller]
fn refused_send(status: u16, body: &str) -> Rejection {
    match outcome(Asked::Send, &reply(status, body)) {
        Outcome::Rejected(refusal) => refusal,
        other => panic!("{status} {body}: {other:?}"),
    }
}

#[test]
fn without_a_code_the_status_decides() {
    for body in ["", "<html>", "{}", r#"{"code":null,"message":null}"#, r#"{"code":"21211"}"#] {
        assert_eq!(refused_send(401, body).code, "provider_credentials_rejected");
        assert_eq!(refused_send(403, body).code, "provider_rejected");
        assert_eq!(refused_send(400, body).code, "provider_rejected");
        assert_eq!(refused_send(429, body).code, "provider_rate_limit");
    }
}

#[test]
fn what_is_not_found_depends_on_what_was_asked_for() {
    for body in [&*error(20404, 404), "<html>"] {
        let code = |asked| refusal(asked, &reply(404, body)).map(|refusal| refusal.code);
        assert_eq!(code(Asked::Message), Some("sms_not_found"));
        assert_eq!(code(Asked::Call), Some("call_not_found"));
        assert_eq!(code(Asked::Send), Some("provider_credentials_rejected"));
        assert_eq!(code(Asked::Place), Some("provider_credentials_rejected"));
        assert_eq!(code(Asked::Account), Some("provider_credentials_rejected"));
    }
}

#[test]
fn a_rate_limit_says_how_long_to_wait() {
    let limited = with_header(reply(429, &error(20429, 429)), "retry-after", "2");
    let refusal = refusal(Asked::Send, &limited).unwrap();
    assert_eq!(
        (refusal.class, refusal.retry_after),
        (RejectionClass::RateLimited, Some(Duration::from_secs(2)))
    );
    assert_eq!(refusal.provider_code.as_deref(), Some("20429"));
}

#[test]
fn a_code_that_nobody_knows_is_quoted() {
    for (status, expected) in [
        (400, (RejectionClass::Refused, "provider_rejected")),
        (401, (RejectionClass::Credentials, "provider_credentials_rejected")),
        (403, (RejectionClass::Refused, "provider_rejected")),
        (404, (RejectionClass::Credentials, "provider_credentials_rejected")),
        (429, (RejectionClass::RateLimited, "provider_rate_limit")),
    ] {
        let refusal = refused_send(status, &error(29999, status));
        assert_eq!((refusal.class, refusal.code), expected, "{status}");
        assert_eq!(refusal.provider_code.as_deref(), Some("29999"));
        assert_eq!(refusal.provider_message.as_deref(), Some("No."));
    }
}

#[test]
fn twilios_own_trouble_is_open_after_a_send_even_with_a_status_of_4xx() {
    for code in [20500, 20503, 20504] {
        let odd = reply(400, &error(code, 400));
        assert!(matches!(outcome(Asked::Send, &odd), Outcome::Unknown(_)), "{code}");
    }
}
