//! Finding a call whose answer was lost, and never calling twice.

use domain::{CallStatus, Effect, NotSent, Outcome, Reply, RetrySafety, Unknown};

use super::*;
use crate::Adapter;
use crate::testing::{self, Played, context, play, reply};
use crate::twilio::Twilio;
use crate::twilio::calls::tests::{CALL, call, place, told};
use crate::twilio::tests::{ACCOUNT, POOL, credentials, credentials_and, error};

const WITH_MATCH: &str = include_str!("../../../../fixtures/twilio/calls_with_match.json");
const WITHOUT_MATCH: &str = include_str!("../../../../fixtures/twilio/calls_without_match.json");
const NONE: &str = include_str!("../../../../fixtures/twilio/calls_none.json");

const JUST_AFTER: &str = "Fri, 29 Aug 2025 08:19:22 +0000";

#[track_caller]
fn look_up_with(credentials: &Credentials, call: PlaceCall, replies: &[(u16, &str)]) -> Played {
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    play(Twilio.look_up(&place(call)).unwrap(), &context(credentials), &replies)
}

#[track_caller]
fn look_up(body: &str) -> Outcome {
    look_up_with(&credentials(), call(), &[(200, body)]).outcome
}

fn listed(sid: &str, direction: &str, created: &str) -> String {
    format!(r#"{{"sid":"{sid}","direction":"{direction}","date_created":{created},"status":"queued"}}"#)
}

fn list(calls: &[String]) -> String {
    format!(r#"{{"calls":[{}],"next_page_uri":null}}"#, calls.join(","))
}

#[test]
fn calls_are_listed_by_both_ends_and_by_no_day() {
    let played = look_up_with(&credentials(), call(), &[(200, NONE)]);
    let query = "To=%2B15558675310&From=%2B15005550006&PageSize=100";
    assert_eq!(played.calls(), [format!("GET /2010-04-01/Accounts/{ACCOUNT}/Calls.json?{query}")]);
    assert_eq!((played.requests[0].effect, played.requests[0].retry), (Effect::Read, RetrySafety::Harmless));
    let named = PlaceCall { from: Some("+15005550007".into()), ..call() };
    let pool = credentials_and(&[("messaging_service_sid", POOL)]);
    let played = look_up_with(&pool, named, &[(200, NONE)]);
    assert!(played.calls()[0].contains("&From=%2B15005550007&"));
}

#[test]
fn the_call_that_was_made_since_is_the_one() {
    let found = told(look_up(WITH_MATCH));
    assert_eq!((found.provider_call_id.as_str(), found.status), (CALL, CallStatus::Ringing));
}

#[test]
fn without_a_trace_the_call_never_arrived() {
    for body in [NONE, WITHOUT_MATCH, r#"{"calls":[]}"#] {
        assert_eq!(look_up(body), Outcome::NotSent(NotSent::NeverArrived));
    }
}

#[test]
fn a_call_matches_by_age_and_direction() {
    for (direction, created, is_match) in [
        ("outbound-api", JUST_AFTER, true),
        // Five seconds before it was begun, and six.
        ("outbound-api", "Fri, 29 Aug 2025 08:19:16 +0000", true),
        ("outbound-api", "Fri, 29 Aug 2025 08:19:15 +0000", false),
        ("outbound-dial", JUST_AFTER, false),
        ("inbound", JUST_AFTER, false),
    ] {
        let outcome = look_up(&list(&[listed("CA1", direction, &format!(r#""{created}""#))]));
        assert_eq!(matches!(outcome, Outcome::Executed(_)), is_match, "{direction} {created}");
    }
}

#[test]
fn of_several_the_first_one_made_is_taken() {
    let later = listed("CA2", "outbound-api", r#""Fri, 29 Aug 2025 08:25:00 +0000""#);
    let first = listed("CA1", "outbound-api", &format!(r#""{JUST_AFTER}""#));
    for calls in [[later.clone(), first.clone()], [first, later]] {
        assert_eq!(told(look_up(&list(&calls))).provider_call_id, "CA1");
    }
}

#[test]
fn a_call_of_unknown_age_leaves_it_open_and_is_not_taken_for_the_one() {
    let open = Outcome::Unknown(Unknown::Unreadable { status: 200 });
    let undated = listed("CA1", "outbound-api", "null");
    assert_eq!(look_up(&list(std::slice::from_ref(&undated))), open);
    assert_eq!(look_up(&list(&[listed("CA1", "outbound-api", r#""yesterday""#)])), open);
    let dated = listed("CA2", "outbound-api", &format!(r#""{JUST_AFTER}""#));
    assert_eq!(told(look_up(&list(&[undated, dated]))).provider_call_id, "CA2");
    assert_eq!(look_up(&list(&[listed("CA1", "inbound", "null")])), Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn a_reply_that_is_no_list_of_calls_settles_nothing() {
    let refused = [error(20003, 401), error(20404, 404), error(20429, 429)];
    let with_status = [401, 404, 429].into_iter().zip(refused.iter().map(String::as_str));
    for (status, body) in with_status.chain([(500, ""), (302, ""), (200, "{}"), (200, "<html>")]) {
        let played = look_up_with(&credentials(), call(), &[(status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{status} {body}");
    }
    let played = look_up_with(&testing::credentials("twilio", &[]), call(), &[]);
    assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 401 }));
}
