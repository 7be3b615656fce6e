//! Finding a message whose answer was lost, and never guessing.

use domain::{Effect, NotSent, Outcome, Reply, RetrySafety, SmsStatus, Unknown};

use super::*;
use crate::Adapter;
use crate::testing::{self, Played, context, play, reply};
use crate::twilio::Twilio;
use crate::twilio::tests::{ACCOUNT, MESSAGE, POOL, credentials, credentials_and, error, send, sms, told};

const WITH_MATCH: &str = include_str!("../../../../fixtures/twilio/messages_with_match.json");
const WITHOUT_MATCH: &str = include_str!("../../../../fixtures/twilio/messages_without_match.json");
const NONE: &str = include_str!("../../../../fixtures/twilio/messages_none.json");
const FIRST_PAGE: &str = include_str!("../../../../fixtures/twilio/messages_first_page.json");

#[track_caller]
fn look_up_with(credentials: &Credentials, sms: SendSms, replies: &[(u16, &str)]) -> Played {
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    play(Twilio.look_up(&send(sms)).unwrap(), &context(credentials), &replies)
}

#[track_caller]
fn look_up(replies: &[(u16, &str)]) -> Played {
    look_up_with(&credentials(), sms(), replies)
}

/// Returns a list of one message.
fn list(message: &str) -> String {
    format!(r#"{{"messages":[{message}],"next_page_uri":null}}"#)
}

fn message(sid: &str, created: &str, body: &str) -> String {
    format!(r#"{{"sid":"{sid}","body":"{body}","direction":"outbound-api","date_created":"{created}"}}"#)
}

const TEXT: &str = "Your code is 123456";
const JUST_AFTER: &str = "Fri, 29 Aug 2025 08:19:22 +0000";

#[test]
fn messages_are_listed_by_recipient_and_sender() {
    let played = look_up(&[(200, WITH_MATCH)]);
    let query = "To=%2B15558675310&From=%2B15005550006&PageSize=100";
    assert_eq!(played.calls(), [format!("GET /2010-04-01/Accounts/{ACCOUNT}/Messages.json?{query}")]);
    assert_eq!((played.requests[0].effect, played.requests[0].retry), (Effect::Read, RetrySafety::Harmless));
}

#[test]
fn a_pool_of_senders_is_not_in_the_query() {
    let pool = credentials_and(&[("messaging_service_sid", POOL)]);
    let played = look_up_with(&pool, sms(), &[(200, NONE)]);
    assert!(played.calls()[0].ends_with("?To=%2B15558675310&PageSize=100"));
    let named = SendSms { from: Some("SHOP".into()), ..sms() };
    let played = look_up_with(&pool, named, &[(200, NONE)]);
    assert!(played.calls()[0].contains("&From=SHOP&"));
}

#[test]
fn the_message_with_this_text_is_the_one() {
    let found = told(look_up(&[(200, WITH_MATCH)]).outcome);
    assert_eq!((found.provider_message_id.as_str(), found.status), (MESSAGE, SmsStatus::Sent));
}

#[test]
fn without_a_trace_the_message_never_arrived() {
    for body in [NONE, WITHOUT_MATCH, r#"{"messages":[]}"#] {
        assert_eq!(look_up(&[(200, body)]).outcome, Outcome::NotSent(NotSent::NeverArrived));
    }
}

#[test]
fn a_message_matches_by_text_age_and_direction() {
    let check = |body: String, is_match: bool| {
        let outcome = look_up(&[(200, &body)]).outcome;
        assert_eq!(matches!(outcome, Outcome::Executed(_)), is_match, "{body}");
    };
    check(list(&message("SM1", JUST_AFTER, TEXT)), true);
    check(
        list(&message("SM1", JUST_AFTER, "Sent from your Twilio trial account - Your code is 123456")),
        true,
    );
    check(list(&message("SM1", JUST_AFTER, "Your code is 123456 ")), true);
    check(list(&message("SM1", JUST_AFTER, "Your code is 1234567")), false);
    // Five seconds before it was begun, and six.
    check(list(&message("SM1", "Fri, 29 Aug 2025 08:19:16 +0000", TEXT)), true);
    check(list(&message("SM1", "Fri, 29 Aug 2025 08:19:15 +0000", TEXT)), false);
    check(list(&message("SM1", "Fri, 29 Aug 2025 10:19:16 +0200", TEXT)), true);
    // Of unknown age: to send it again would be worse.
    check(list(&message("SM1", "yesterday", TEXT)), true);
    check(list(r#"{"sid":"SM1","body":"Your code is 123456","direction":null}"#), true);
    check(list(r#"{"sid":"SM1","body":"Your code is 123456","direction":"inbound"}"#), false);
    check(list(r#"{"sid":"SM1","body":"Your code is 123456","direction":"outbound-reply"}"#), false);
    check(list(r#"{"sid":"SM1","direction":"outbound-api"}"#), false);
    check(list(r#"{"body":"Your code is 123456","direction":"outbound-api"}"#), false);
}

#[test]
fn of_several_the_first_one_made_is_taken() {
    let at = |sid: &str, created: &str| message(sid, created, TEXT);
    let later = at("SM3", "Fri, 29 Aug 2025 08:25:00 +0000");
    let first = at("SM2", JUST_AFTER);
    let undated = at("SM1", "yesterday");
    let all = [[&later, &first, &undated], [&undated, &later, &first], [&first, &undated, &later]];
    for [one, two, three] in all {
        let found = told(look_up(&[(200, &list(&format!("{one},{two},{three}")))]).outcome);
        assert_eq!(found.provider_message_id, "SM2");
    }
}

#[test]
fn further_pages_are_read_to_the_end() {
    let played = look_up(&[(200, FIRST_PAGE), (200, WITH_MATCH)]);
    assert_eq!(played.requests.len(), 2);
    assert!(
        played.calls()[1].ends_with("&PageSize=100&Page=1&PageToken=PASM11111111111111111111111111111111")
    );
    assert_eq!(told(played.outcome).provider_message_id, MESSAGE);
    let played = look_up(&[(200, FIRST_PAGE), (200, NONE)]);
    assert_eq!(played.outcome, Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn a_list_without_end_leaves_it_unknown() {
    let played = look_up(&[(200, FIRST_PAGE); 10]);
    assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 200 }));
    // Found on the way is found.
    let endless = WITH_MATCH.replace(r#""next_page_uri": null"#, &next_page_of(FIRST_PAGE));
    let mut replies = [(200, FIRST_PAGE); 10];
    replies[3] = (200, &endless);
    assert_eq!(told(look_up(&replies).outcome).provider_message_id, MESSAGE);
}

fn next_page_of(page: &str) -> String {
    let line = page.lines().find(|line| line.contains("next_page_uri")).unwrap();
    line.trim().trim_end_matches(',').to_owned()
}

#[test]
fn an_address_that_is_no_page_of_the_list_is_not_read() {
    for uri in [
        "https://evil.example/2010-04-01/Accounts/AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d/Messages.json?Page=1",
        "/2010-04-01/Accounts/ACother/Messages.json?Page=1",
        "/2010-04-01/Accounts/AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d/Messages/../Calls.json?Page=1",
        "/2010-04-01/Accounts/AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d/Messages.json?Page=1 HTTP/1.1",
    ] {
        let body = format!(r#"{{"messages":[],"next_page_uri":"{uri}"}}"#);
        let played = look_up(&[(200, &body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 200 }), "{uri}");
    }
}

#[test]
fn a_reply_that_is_no_list_settles_nothing() {
    let refused = [error(20003, 401), error(20008, 403), error(20404, 404), error(20429, 429)];
    let with_status = [401, 403, 404, 429].into_iter().zip(refused.iter().map(String::as_str));
    for (status, body) in
        with_status.chain([(500, ""), (503, "<html>"), (302, ""), (200, "{}"), (200, "<html>")])
    {
        let unknown = Outcome::Unknown(Unknown::Unreadable { status });
        assert_eq!(look_up(&[(status, body)]).outcome, unknown, "{status} {body}");
        assert_eq!(look_up(&[(200, FIRST_PAGE), (status, body)]).outcome, unknown, "{status} {body}");
    }
}

#[test]
fn without_an_account_nothing_is_settled() {
    let played = look_up_with(&testing::credentials("twilio", &[]), sms(), &[]);
    assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status: 401 }));
}

#[test]
fn what_may_be_it_and_cannot_be_told_leaves_it_unknown() {
    let unknown = Outcome::Unknown(Unknown::Unreadable { status: 200 });
    // Redacted: it may say anything. And of the same text, longer afterwards than a call is on its way.
    for perhaps in [
        message("SM1", JUST_AFTER, ""),
        r#"{"sid":"SM1","direction":"outbound-api"}"#.to_owned(),
        message("SM1", "Fri, 29 Aug 2025 08:21:22 +0000", TEXT),
    ] {
        assert_eq!(look_up(&[(200, &list(&perhaps))]).outcome, unknown, "{perhaps}");
    }
    // An older one without a text is another.
    let old = list(&message("SM1", "Fri, 29 Aug 2025 08:19:15 +0000", ""));
    assert_eq!(look_up(&[(200, &old)]).outcome, Outcome::NotSent(NotSent::NeverArrived));
}
