//! What control calls make of a Twilio message: the carrier's and the reader's acts, and what no act can undo.

use serde_json::{Value, json};

use crate::support::{Reply, TWILIO_SID, World};

const SEND: &str = "To=%2B15558675310&From=%2B15005550006&Body=Your+code+is+123456";

/// Sends a message and returns its id.
fn send(world: &World) -> String {
    let message = world.twilio("POST", "/Messages.json", SEND).expect(201).json();
    message["sid"].as_str().unwrap().to_owned()
}

fn act(world: &World, sid: &str, action: &str, body: &str) -> Reply {
    world.control("POST", &format!("/_control/sms/twilio/{sid}/{action}"), body)
}

fn get(world: &World, sid: &str) -> Value {
    world.twilio("GET", &format!("/Messages/{sid}.json"), "").expect(200).json()
}

#[track_caller]
fn refused(reply: Reply, param: &str) -> String {
    let error = reply.expect(400).json()["error"].clone();
    assert_eq!(error["param"], param, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_goes_from_act_to_act_and_stays_where_it_was_left() {
    let world = World::new();
    let sid = send(&world);
    for (action, status) in [("send", "sent"), ("deliver", "delivered"), ("read", "read")] {
        let acted = act(&world, &sid, action, "").expect(200).json();
        assert_eq!((&acted["id"], &acted["status"]), (&json!(sid), &json!(status)));
        assert_eq!(acted["object"], get(&world, &sid));
        world.advance(60);
        let shown = get(&world, &sid);
        assert_eq!(
            (&shown["status"], &shown["date_sent"]),
            (&json!(status), &json!("Mon, 05 Jan 2026 10:00:00 +0000"))
        );
    }
    assert_eq!(get(&world, &sid)["price"], "-0.00750");
    for operation in ["sms.send", "sms.sent", "sms.deliver", "sms.read"] {
        let query = format!("provider=twilio&merchant={TWILIO_SID}&operation={operation}");
        assert_eq!(world.count(&query), 1, "{operation}");
    }
}

#[test]
fn a_failure_carries_the_code_that_the_call_names() {
    let world = World::new();
    for (action, body, status, code, is_sent) in [
        ("undeliver", "", "undelivered", 30003, true),
        ("undeliver", r#"{"code": 30007}"#, "undelivered", 30007, true),
        ("fail", "", "failed", 30001, false),
        ("fail", r#"{"code": 30002}"#, "failed", 30002, false),
    ] {
        let sid = send(&world);
        act(&world, &sid, action, body).expect(200);
        let shown = get(&world, &sid);
        assert_eq!((&shown["status"], &shown["error_code"]), (&json!(status), &json!(code)));
        assert!(shown["error_message"].is_string());
        assert_eq!(shown["date_sent"].is_string(), is_sent, "{shown}");
    }
    let sid = send(&world);
    for body in [r#"{"code": "30003"}"#, r#"{"code": 1}"#, r#"{"code": -1}"#] {
        refused(act(&world, &sid, "undeliver", body), "code");
    }
    assert_eq!(get(&world, &sid)["status"], "queued");
}

#[test]
fn no_act_leads_backwards_or_out_of_an_end() {
    let world = World::new();
    for (done, impossible) in [
        (&["send"][..], &["send", "fail"][..]),
        (&["deliver"], &["send", "deliver", "undeliver", "fail"]),
        (&["undeliver"], &["send", "deliver", "undeliver", "fail", "read"]),
        (&["fail"], &["send", "deliver", "undeliver", "fail", "read"]),
        (&["deliver", "read"], &["send", "deliver", "undeliver", "fail", "read"]),
        (&[], &["read"]),
    ] {
        let sid = send(&world);
        for action in done {
            act(&world, &sid, action, "").expect(200);
        }
        let before = get(&world, &sid);
        for action in impossible {
            let message = refused(act(&world, &sid, action, ""), "action");
            assert!(message.contains(before["status"].as_str().unwrap()), "{message}");
        }
        assert_eq!(get(&world, &sid), before);
    }
}

#[test]
fn what_time_has_done_no_act_takes_back() {
    let world = World::new();
    let sid = send(&world);
    world.advance(10);
    assert_eq!(get(&world, &sid)["status"], "delivered");
    refused(act(&world, &sid, "undeliver", ""), "action");
    act(&world, &sid, "read", "").expect(200);
    assert_eq!(get(&world, &sid)["date_sent"], "Mon, 05 Jan 2026 10:00:02 +0000");
}

#[test]
fn a_scheduled_or_canceled_message_has_no_carrier() {
    let world = World::new();
    let scheduled = "To=%2B15558675310&MessagingServiceSid=MG0123456789abcdef0123456789abcdef&Body=x\
        &ScheduleType=fixed&SendAt=2026-01-05T11:00:00Z";
    let message = world.twilio("POST", "/Messages.json", scheduled).expect(201).json();
    let sid = message["sid"].as_str().unwrap();
    refused(act(&world, sid, "send", ""), "action");
    world.twilio("POST", &format!("/Messages/{sid}.json"), "Status=canceled").expect(200);
    refused(act(&world, sid, "deliver", ""), "action");
}

#[test]
fn any_word_can_stand_in_the_statuss_place_until_the_next_act() {
    let world = World::new();
    let sid = send(&world);
    act(&world, &sid, "set_status", r#"{"status": "tomorrows_word"}"#).expect(200);
    assert_eq!(get(&world, &sid)["status"], "tomorrows_word");
    act(&world, &sid, "deliver", "").expect(200);
    assert_eq!(get(&world, &sid)["status"], "delivered");
    for body in ["", r#"{"status": 1}"#, &format!(r#"{{"status": "{}"}}"#, "x".repeat(41))] {
        refused(act(&world, &sid, "set_status", body), "status");
    }
}

#[test]
fn unknown_messages_acts_and_fields_are_refused() {
    let world = World::new();
    act(&world, "SM0123456789abcdef0123456789abcdef", "send", "").expect(404);
    let sid = send(&world);
    assert!(refused(act(&world, &sid, "lose", ""), "action").contains("undeliver"));
    refused(act(&world, &sid, "deliver", r#"{"code": 30003}"#), "action");
    refused(act(&world, &sid, "fail", r#"{"reason": "x"}"#), "action");
}
