//! Sending a message: the exact request, and every answer to it.

use domain::{Credentials, Request, SmsStatus, Unknown};

use super::*;
use crate::testing::{body_text, context, perform, reply};
use crate::twilio::Twilio;
use crate::twilio::tests::{
    ACCOUNT, MESSAGE, POOL, credentials, credentials_and, play, rejected, send, sms, told,
};

const QUEUED: &str = include_str!("../../../../fixtures/twilio/message_queued.json");
const ACCEPTED: &str = include_str!("../../../../fixtures/twilio/message_accepted.json");

fn sent(sms: SendSms, credentials: &Credentials) -> Request {
    perform(&Twilio, &send(sms), &context(credentials), &[reply(201, QUEUED)]).requests.remove(0)
}

#[test]
fn a_message_is_sent_with_exactly_this_request() {
    let request = sent(sms(), &credentials());
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    assert_eq!((request.method.as_str(), request.path), ("POST", path));
    assert_eq!(request.content_type, Some("application/x-www-form-urlencoded"));
    assert!(request.headers.is_empty());
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::LookUpFirst));
    assert_eq!(
        std::str::from_utf8(&request.body).unwrap(),
        "To=%2B15558675310&Body=Your+code+is+123456&From=%2B15005550006"
    );
}

#[test]
fn a_repeat_has_the_same_bytes() {
    assert_eq!(sent(sms(), &credentials()).body, sent(sms(), &credentials()).body);
}

#[test]
fn the_caller_may_name_the_sender() {
    let named = SendSms { from: Some("SHOP".into()), message: "é & 1=1".into(), ..sms() };
    let request = sent(named, &credentials());
    assert_eq!(body_text(&request), "To=%2B15558675310&Body=%C3%A9+%26+1%3D1&From=SHOP");
}

#[test]
fn a_pool_of_senders_goes_by_its_own_name() {
    let request = sent(sms(), &credentials_and(&[("messaging_service_sid", POOL)]));
    let expected = format!("To=%2B15558675310&Body=Your+code+is+123456&MessagingServiceSid={POOL}");
    assert_eq!(body_text(&request), expected);
}

#[test]
fn without_a_sender_nothing_is_sent() {
    let credentials = credentials_and(&[]);
    let played = perform(&Twilio, &send(sms()), &context(&credentials), &[]);
    assert!(played.requests.is_empty());
    let Outcome::Rejected(refusal) = played.outcome else { panic!() };
    assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "missing_field"));
    assert_eq!(refusal.param, Some("from"));
}

#[test]
fn without_an_account_nothing_is_sent() {
    let credentials = crate::testing::credentials("twilio", &[("from_number", "+15005550006")]);
    let played = perform(&Twilio, &send(sms()), &context(&credentials), &[]);
    assert!(played.requests.is_empty());
    assert_eq!(rejected(played.outcome), (RejectionClass::Credentials, "provider_credentials_rejected"));
}

#[test]
fn the_sent_message_is_told() {
    let queued = told(play(&send(sms()), 201, QUEUED).outcome);
    assert_eq!((queued.provider_message_id.as_str(), queued.status), (MESSAGE, SmsStatus::Queued));
    assert_eq!((queued.to.as_str(), queued.from.as_deref()), ("+15558675310", Some("+15005550006")));
    assert_eq!(queued.segments, Some(1));
    let accepted = told(play(&send(sms()), 201, ACCEPTED).outcome);
    assert_eq!((accepted.from, accepted.segments), (None, None));
}

#[test]
fn an_answer_that_tells_no_message_leaves_it_unknown() {
    let twilios_side = r#"{"code":20500,"message":"Internal Server Error","status":500}"#;
    for (status, body) in [
        (201, "{}"),
        (201, "<html>"),
        (500, twilios_side),
        (500, ""),
        (502, "<html>"),
        (503, r#"{"code":20503}"#),
        (504, ""),
        (302, ""),
        (408, "{}"),
    ] {
        let outcome = play(&send(sms()), status, body).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{status} {body}");
    }
}
