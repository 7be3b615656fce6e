//! Placing a call: the exact request, and every answer to it.

use domain::{CallStatus, Credentials, RejectionClass, Request, Unknown};

use super::*;
use crate::testing::{body_text, context, perform, refuse, reply};
use crate::twilio::Twilio;
use crate::twilio::calls::tests::{CALL, call, place, told};
use crate::twilio::tests::{ACCOUNT, POOL, credentials, credentials_and, play, rejected};

const QUEUED: &str = include_str!("../../../../fixtures/twilio/call_queued.json");

fn placed(call: PlaceCall, credentials: &Credentials) -> Request {
    perform(&Twilio, &place(call), &context(credentials), &[reply(201, QUEUED)]).requests.remove(0)
}

#[test]
fn a_call_is_placed_with_exactly_this_request() {
    let request = placed(call(), &credentials());
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json");
    assert_eq!((request.method.as_str(), &request.path), ("POST", &path));
    assert_eq!(request.content_type, Some("application/x-www-form-urlencoded"));
    assert!(request.headers.is_empty());
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::LookUpFirst));
    assert_eq!(
        body_text(&request),
        "To=%2B15558675310&From=%2B15005550006\
         &Twiml=%3CResponse%3E%3CSay%3EYour+code+is+1+2+3%3C%2FSay%3E%3C%2FResponse%3E"
    );
    assert_eq!(placed(call(), &credentials()).body, request.body);
}

#[test]
fn an_address_can_say_what_is_said_and_the_caller_who_calls() {
    let by_url = PlaceCall {
        from: Some("+15005550007".into()),
        content: CallContent::Url("https://shop.example/twiml?a=1&b=2".into()),
        ..call()
    };
    assert_eq!(
        body_text(&placed(by_url, &credentials())),
        "To=%2B15558675310&From=%2B15005550007&Url=https%3A%2F%2Fshop.example%2Ftwiml%3Fa%3D1%26b%3D2"
    );
}

#[test]
fn a_text_that_does_not_fit_is_refused_before_anything_is_sent() {
    for text in ["&".repeat(1_000), "\u{1}".to_owned()] {
        let refusal = refuse(&Twilio, &place(PlaceCall { content: CallContent::Say(text.into()), ..call() }));
        assert_eq!((refusal.code, refusal.param), ("invalid_field", Some("say")));
    }
}

#[test]
fn without_a_number_nothing_is_sent() {
    for fields in [&[][..], &[("messaging_service_sid", POOL)]] {
        let credentials = credentials_and(fields);
        let played = perform(&Twilio, &place(call()), &context(&credentials), &[]);
        assert!(played.requests.is_empty());
        let Outcome::Rejected(refusal) = played.outcome else { panic!() };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "missing_field"));
        assert_eq!(refusal.param, Some("from"));
    }
}

#[test]
fn without_an_account_nothing_is_sent() {
    let credentials = crate::testing::credentials("twilio", &[("from_number", "+15005550006")]);
    let played = perform(&Twilio, &place(call()), &context(&credentials), &[]);
    assert!(played.requests.is_empty());
    assert_eq!(rejected(played.outcome), (RejectionClass::Credentials, "provider_credentials_rejected"));
}

#[test]
fn the_placed_call_is_told() {
    let queued = told(play(&place(call()), 201, QUEUED).outcome);
    assert_eq!((queued.provider_call_id.as_str(), queued.status), (CALL, CallStatus::Queued));
    assert_eq!((queued.to.as_str(), queued.from.as_deref()), ("+15558675310", Some("+15005550006")));
    assert_eq!(queued.duration_seconds, None);
}

#[test]
fn an_answer_that_tells_no_call_leaves_it_unknown() {
    let twilios_side = r#"{"code":20500,"message":"Internal Server Error","status":500}"#;
    for (status, body) in [
        (201, "{}"),
        (201, "<html>"),
        (500, twilios_side),
        (502, "<html>"),
        (503, r#"{"code":20503}"#),
        (504, ""),
        (302, ""),
        (408, "{}"),
    ] {
        let outcome = play(&place(call()), status, body).outcome;
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{status} {body}");
    }
}
