//! Twilio's calls: placing, the status's progress, the called person's acts, lists, hanging up, magic numbers.

use serde_json::{Value, json};

use crate::support::{Reply, TWILIO_SID, World};

const PLACE: &str =
    "To=%2B15558675310&From=%2B15005550006&Twiml=%3CResponse%3E%3CSay%3Ehi%3C%2FSay%3E%3C%2FResponse%3E";

/// Places a call and returns its id.
fn place(world: &World, body: &str) -> String {
    let call = world.twilio("POST", "/Calls.json", body).expect(201).json();
    call["sid"].as_str().unwrap().to_owned()
}

fn get(world: &World, sid: &str) -> Value {
    world.twilio("GET", &format!("/Calls/{sid}.json"), "").expect(200).json()
}

fn update(world: &World, sid: &str, body: &str) -> Reply {
    world.twilio("POST", &format!("/Calls/{sid}.json"), body)
}

fn act(world: &World, sid: &str, action: &str) -> Reply {
    world.control("POST", &format!("/_control/calls/twilio/{sid}/{action}"), "")
}

#[test]
fn a_call_is_created_as_documented_and_dated_a_moment_later() {
    let world = World::new();
    let call = world.twilio("POST", "/Calls.json", PLACE).expect(201).json();
    let sid = call["sid"].as_str().unwrap();
    assert_eq!((sid.len(), sid.starts_with("CA")), (34, true));
    for (field, value) in [
        ("account_sid", json!(TWILIO_SID)),
        ("status", json!("queued")),
        ("to", json!("+15558675310")),
        ("from", json!("+15005550006")),
        ("direction", json!("outbound-api")),
        ("duration", json!(null)),
        ("price", json!(null)),
        ("queue_time", json!("0")),
        ("date_created", json!(null)),
        ("start_time", json!(null)),
        ("uri", json!(format!("/2010-04-01/Accounts/{TWILIO_SID}/Calls/{sid}.json"))),
    ] {
        assert_eq!(call[field], value, "{field}");
    }
    assert_eq!(get(&world, sid)["date_created"], "Mon, 05 Jan 2026 10:00:00 +0000");
    let query = format!("provider=twilio&operation=calls.create&merchant={TWILIO_SID}");
    let effect = &world.effects(&query)["items"][0];
    assert_eq!((&effect["id"], &effect["reference"]), (&json!(sid), &json!("+15558675310")));
}

#[test]
fn the_status_moves_on_with_time() {
    let world = World::new();
    let sid = place(&world, PLACE);
    let mut seen = Vec::new();
    for seconds in [0, 1, 2, 1, 9, 1, 2] {
        if seconds > 0 {
            world.advance(seconds);
        }
        let call = get(&world, &sid);
        seen.push((call["status"].clone(), call["duration"].clone()));
    }
    let none = json!(null);
    let expected = [
        ("queued", &none),
        ("ringing", &none),
        ("ringing", &none),
        ("in-progress", &none),
        ("in-progress", &none),
        ("completed", &json!("10")),
        ("completed", &json!("10")),
    ];
    assert_eq!(seen, expected.map(|(status, duration)| (json!(status), duration.clone())));
    let done = get(&world, &sid);
    assert_eq!(
        (&done["price"], &done["start_time"], &done["end_time"]),
        (
            &json!("-0.01400"),
            &json!("Mon, 05 Jan 2026 10:00:04 +0000"),
            &json!("Mon, 05 Jan 2026 10:00:14 +0000")
        )
    );
}

#[test]
fn a_number_can_stand_for_another_end() {
    let world = World::new();
    for (number, timeout, seconds, status) in [
        ("15005560001", "", 5, "busy"),
        ("15005560003", "", 5, "failed"),
        ("15005560002", "", 60, "ringing"),
        ("15005560002", "", 61, "no-answer"),
        ("15005560002", "&Timeout=10", 11, "no-answer"),
    ] {
        let sid =
            place(&world, &format!("To=%2B{number}&From=%2B15005550006&Url=https://a.example/{timeout}"));
        world.advance(seconds);
        let call = get(&world, &sid);
        assert_eq!((&call["status"], &call["duration"]), (&json!(status), &json!(null)), "{number}");
    }
}

#[test]
fn the_called_person_acts_and_the_call_stays_so() {
    let world = World::new();
    for (acts, status, duration) in [
        (&["answer"][..], "in-progress", json!(null)),
        (&["answer", "complete"], "completed", json!("30")),
        (&["busy"], "busy", json!(null)),
        (&["no_answer"], "no-answer", json!(null)),
        (&["fail"], "failed", json!(null)),
        (&["cancel"], "canceled", json!(null)),
    ] {
        let sid = place(&world, PLACE);
        for (index, name) in acts.iter().enumerate() {
            world.advance(if index == 0 { 1 } else { 30 });
            act(&world, &sid, name).expect(200);
        }
        world.advance(100);
        let call = get(&world, &sid);
        assert_eq!((&call["status"], &call["duration"]), (&json!(status), &duration), "{acts:?}");
    }
    assert_eq!(world.count("provider=twilio&operation=calls.answer"), 2);
    assert_eq!(world.count("provider=twilio&operation=calls.no_answer"), 1);
}

#[test]
fn no_act_leads_backwards_or_out_of_an_end() {
    let world = World::new();
    let all = ["answer", "complete", "busy", "no_answer", "fail", "cancel"];
    for (done, possible) in [
        (&[][..], &["answer", "busy", "no_answer", "fail", "cancel"][..]),
        (&["answer"], &["complete"]),
        (&["answer", "complete"], &[]),
        (&["busy"], &[]),
        (&["no_answer"], &[]),
        (&["fail"], &[]),
        (&["cancel"], &[]),
    ] {
        for name in all {
            let sid = place(&world, PLACE);
            for before in done {
                act(&world, &sid, before).expect(200);
            }
            let status = if possible.contains(&name) { 200 } else { 400 };
            act(&world, &sid, name).expect(status);
        }
    }
    let sid = place(&world, PLACE);
    assert!(act(&world, &sid, "hang").expect(400).text().contains("no_answer"));
    act(&world, "CA0123456789abcdef0123456789abcdef", "answer").expect(404);
}

#[test]
fn a_call_is_hung_up_redirected_and_deleted_over_the_api() {
    let world = World::new();
    let code = |reply: Reply| reply.expect(400).json()["code"].clone();
    let waiting = place(&world, PLACE);
    assert_eq!(code(update(&world, &waiting, "Url=https://a.example/")), 21220);
    assert_eq!(update(&world, &waiting, "Status=canceled").expect(200).json()["status"], "canceled");
    assert_eq!(code(update(&world, &waiting, "Status=completed")), 21220);
    let talked = place(&world, PLACE);
    world.advance(6);
    assert_eq!(code(update(&world, &talked, "Status=canceled")), 21220);
    assert_eq!(code(update(&world, &talked, "Url=nowhere")), 21205);
    assert_eq!(code(update(&world, &talked, "Status=ringing")), 20001);
    update(&world, &talked, "Url=https://a.example/").expect(200);
    let done = update(&world, &talked, "Status=completed").expect(200).json();
    assert_eq!((&done["status"], &done["duration"]), (&json!("completed"), &json!("2")));
    world.twilio("DELETE", &format!("/Calls/{talked}.json"), "").expect(204);
    assert_eq!(world.twilio("GET", &format!("/Calls/{talked}.json"), "").expect(404).json()["code"], 20404);
    for operation in ["calls.cancel", "calls.redirect", "calls.complete", "calls.delete"] {
        assert_eq!(world.count(&format!("provider=twilio&operation={operation}")), 1, "{operation}");
    }
}

#[test]
fn wrong_calls_are_refused_with_twilios_codes() {
    let world = World::new();
    let to = "To=%2B15558675310";
    let from = "From=%2B15005550006";
    let url = "Url=https://shop.example/twiml";
    let long = format!("{to}&{from}&Twiml={}", "x".repeat(4001));
    for (body, code) in [
        (format!("{from}&{url}"), 21201),
        (format!("To=5551234567&{from}&{url}"), 21211),
        (format!("To=%2B15005550001&{from}&{url}"), 21217),
        (format!("To=%2B15005550002&{from}&{url}"), 21214),
        (format!("To=%2B15005550003&{from}&{url}"), 21215),
        (format!("To=%2B15005550004&{from}&{url}"), 21216),
        (format!("To=%2B15005521219&{from}&{url}"), 21219),
        (format!("To=%2B15005521264&{from}&{url}"), 21264),
        (format!("{to}&{url}"), 21213),
        (format!("{to}&From=%2B15005550001&{url}"), 21212),
        (format!("{to}&From=%2B15005550007&{url}"), 21210),
        (format!("{to}&{from}"), 21205),
        (format!("{to}&{from}&Url=nowhere"), 21205),
        (format!("{to}&{from}&{url}&StatusCallback=nowhere"), 21609),
        (format!("{to}&{from}&{url}&StatusCallbackEvent=ringing&StatusCallbackEvent=sung"), 21626),
        (format!("{to}&{from}&{url}&Timeout=601"), 20001),
        (format!("{to}&{from}&{url}&Method=PUT"), 20001),
        (long, 20001),
    ] {
        let reply = world.twilio("POST", "/Calls.json", &body).expect(400).json();
        assert_eq!((&reply["code"], &reply["status"]), (&json!(code), &json!(400)), "{body}: {reply}");
    }
    assert_eq!(world.count("provider=twilio"), 0);
    place(&world, &format!("To=client:joey&{from}&{url}&StatusCallbackEvent=ringing"));
}

#[test]
fn calls_are_found_by_both_ends_status_and_day() {
    let world = World::new();
    for _ in 0..3 {
        place(&world, PLACE);
    }
    place(&world, "To=%2B15558675311&From=%2B15005550006&Url=https://a.example/");
    let list = |query: &str| world.twilio("GET", &format!("/Calls.json?{query}"), "").expect(200).json();
    let count = |query: &str| list(query)["calls"].as_array().unwrap().len();
    assert_eq!(count("To=%2B15558675310&From=%2B15005550006"), 3);
    assert_eq!(count("From=%2B15005550000"), 0);
    assert_eq!(count("ParentCallSid=CA0123456789abcdef0123456789abcdef"), 0);
    // What has not been dialed has not started.
    assert_eq!((count("StartTime%3E=2026-01-05"), count("Status=queued")), (0, 4));
    world.advance(60);
    assert_eq!((count("StartTime%3E=2026-01-05"), count("Status=completed")), (4, 4));
    assert_eq!((count("EndTime=2026-01-05"), count("EndTime%3C=2026-01-04")), (4, 0));
    let first = list("To=%2B15558675310&PageSize=2");
    let next = first["next_page_uri"].as_str().unwrap();
    let rest = next.strip_prefix(&format!("/2010-04-01/Accounts/{TWILIO_SID}")).unwrap();
    let second = world.twilio("GET", rest, "").expect(200).json();
    assert_eq!(second["calls"].as_array().unwrap().len(), 1);
}
