//! Every documented refusal has its class and code.

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

#[track_caller]
fn check(codes: &[u32], expected: (RejectionClass, &str, Option<&str>)) {
    for code in codes {
        let refusal = refused_send(400, &error(*code, 400));
        assert_eq!((refusal.class, refusal.code, refusal.param), expected, "{code}");
        assert_eq!(refusal.provider_code, Some(code.to_string()));
        assert_eq!(refusal.provider_message.as_deref(), Some("No."));
        assert!(refusal.message.ends_with('.'));
    }
}

#[test]
fn every_documented_code_has_its_word() {
    use RejectionClass::{Credentials, InvalidRequest, RateLimited, Refused};
    check(&[20003, 20008], (Credentials, "provider_credentials_rejected", None));
    check(&[20005, 10001], (Credentials, "provider_account_inactive", None));
    check(&[20429, 21611], (RateLimited, "provider_rate_limit", None));
    let to = Some("to");
    check(&[21211, 21214, 21217, 21265, 21266, 21268, 21614, 21635], (Refused, "invalid_destination", to));
    check(&[21408, 21612, 21215, 21216], (Refused, "destination_not_allowed", to));
    check(&[21608, 21219], (Refused, "recipient_not_verified", to));
    check(&[21610], (Refused, "recipient_opted_out", to));
    let from = Some("from");
    check(
        &[21210, 21212, 21264, 21603, 21606, 21659, 21660, 21661, 21701],
        (Refused, "invalid_sender", from),
    );
    check(&[21604], (InvalidRequest, "missing_field", to));
    check(&[21602, 21619], (InvalidRequest, "missing_field", Some("message")));
    check(&[21617], (InvalidRequest, "message_too_long", Some("message")));
    check(&[21609, 21626, 29999], (Refused, "provider_rejected", None));
}

#[test]
fn the_bodies_of_the_sheet_are_read() {
    let wrong_number = r#"{"code": 21211, "message": "The 'To' number 5551234567 is not a valid phone number.", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}"#;
    assert_eq!(refused_send(400, wrong_number).code, "invalid_destination");
    let wrong_account = r#"{"code": 20003, "detail": "Your AccountSid or AuthToken was incorrect.", "message": "Authentication Error - invalid username", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401}"#;
    let refusal = refused_send(401, wrong_account);
    assert_eq!((refusal.class, refusal.code), (RejectionClass::Credentials, "provider_credentials_rejected"));
    assert_eq!(refusal.provider_message.as_deref(), Some("Authentication Error - invalid username"));
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
        assert_eq!(code(Asked::Send), Some("provider_credentials_rejected"));
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
