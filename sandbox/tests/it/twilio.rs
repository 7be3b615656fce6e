//! Twilio: authentication, sending, the status's progress, lists, magic numbers.

use serde_json::{Value, json};

use crate::support::{TWILIO_SID, World, basic, call};

const SEND: &str = "To=%2B15558675310&From=%2B15005550006&Body=Your+code+is+123456";

fn send(world: &World, body: &str) -> Value {
    world.twilio("POST", "/Messages.json", body).expect(201).json()
}

fn get(world: &World, message: &Value) -> Value {
    world
        .twilio("GET", &format!("/Messages/{}.json", message["sid"].as_str().unwrap()), "")
        .expect(200)
        .json()
}

#[test]
fn sid_and_token_or_an_api_key_open_the_account() {
    let world = World::new();
    let account = world.twilio("GET", ".json", "").expect(200).json();
    assert_eq!(
        (&account["sid"], &account["type"], &account["status"]),
        (&json!(TWILIO_SID), &json!("Full"), &json!("active"))
    );
    let path = format!("/2010-04-01/Accounts/{TWILIO_SID}.json");
    let get = |headers: &[(&str, &str)]| call(world.addresses().twilio, ("GET", &path), headers, "");
    let key = "SK0123456789abcdef0123456789abcdef";
    get(&[("authorization", &basic(key, "keysecret"))]).expect(200);
    for (headers, message, detail) in [
        (None, "Authentication Error - No credentials provided", ""),
        (Some(basic(TWILIO_SID, "wrong")), "Authenticate", ""),
        (Some(basic(key, "wrong")), "Authenticate", ""),
        (Some(basic("AC00000000000000000000000000000000", "token")), "Authenticate", ""),
        (
            Some(basic("nobody", "token")),
            "Authentication Error - invalid username",
            "Your AccountSid or AuthToken was incorrect.",
        ),
    ] {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|text| ("authorization", text.as_str())).collect();
        let reply = get(&headers).expect(401).json();
        let expected = json!({"code": 20003, "detail": detail, "message": message,
            "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401});
        assert_eq!(reply, expected);
    }
}

#[test]
fn a_message_is_created_as_documented() {
    let world = World::new();
    let reply = world.twilio("POST", "/Messages.json", SEND).expect(201);
    assert!(reply.header("twilio-request-id").unwrap().starts_with("RQ"));
    assert_eq!(reply.header("x-sandbox"), Some("true"));
    let message = reply.json();
    let sid = message["sid"].as_str().unwrap();
    assert_eq!((sid.len(), sid.starts_with("SM")), (34, true));
    let own = format!("/2010-04-01/Accounts/{TWILIO_SID}/Messages/{sid}");
    let date = "Mon, 05 Jan 2026 10:00:00 +0000";
    assert_eq!(
        message,
        json!({"sid": sid, "account_sid": TWILIO_SID, "api_version": "2010-04-01", "body": "Your code is 123456",
            "date_created": date, "date_updated": date, "date_sent": null, "direction": "outbound-api", "error_code": null,
            "error_message": null, "from": "+15005550006", "to": "+15558675310", "messaging_service_sid": null,
            "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD", "status": "queued",
            "subresource_uris": {"media": format!("{own}/Media.json")}, "uri": format!("{own}.json")})
    );
}

#[test]
fn the_status_moves_on_with_time() {
    let world = World::new();
    let message = send(&world, SEND);
    let mut seen = vec![message["status"].clone()];
    for _ in 0..4 {
        world.advance(1);
        seen.push(get(&world, &message)["status"].clone());
    }
    assert_eq!(seen, ["queued", "sending", "sent", "sent", "delivered"]);
    assert_eq!(get(&world, &message)["price"], json!(null));
    world.advance(10);
    let done = get(&world, &message);
    assert_eq!(
        (&done["price"], &done["date_sent"]),
        (&json!("-0.00750"), &json!("Mon, 05 Jan 2026 10:00:02 +0000"))
    );
}

#[test]
fn a_late_failure_carries_its_code() {
    let world = World::new();
    let message = send(&world, "To=%2B15005530003&From=%2B15005550006&Body=x");
    assert_eq!(message["error_code"], json!(null));
    world.advance(5);
    let failed = get(&world, &message);
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("undelivered"), &json!(30003)));
}

#[test]
fn a_messaging_service_chooses_the_sender_later() {
    let world = World::new();
    let service = "MG0123456789abcdef0123456789abcdef";
    let message = send(&world, &format!("To=%2B15558675310&MessagingServiceSid={service}&Body=x"));
    assert_eq!(
        (&message["status"], &message["from"], &message["num_segments"]),
        (&json!("accepted"), &json!(null), &json!("0"))
    );
    world.advance(5);
    let sent = get(&world, &message);
    assert_eq!((&sent["from"], &sent["num_segments"]), (&json!("+15005550006"), &json!("1")));
}

#[test]
fn wrong_messages_are_refused_with_twilios_codes() {
    let world = World::new();
    let long = format!("To=%2B15558675310&From=%2B15005550006&Body={}", "x".repeat(1601));
    for (body, code) in [
        ("From=%2B15005550006&Body=x", 21604),
        ("To=5551234567&From=%2B15005550006&Body=x", 21211),
        ("To=%2B15558675310&Body=x", 21603),
        ("To=%2B15558675310&From=%2B15005550006", 21619),
        ("To=%2B15558675310&From=%2B15005550006&Body=", 21602),
        ("To=%2B15558675310&From=%2B15558675310&Body=x", 21266),
        ("To=%2B15558675310&From=%2B15005550001&Body=x", 21212),
        ("To=%2B15558675310&From=%2B15005550007&Body=x", 21606),
        ("To=%2B15558675310&From=%2B15005550008&Body=x", 21611),
        ("To=%2B15005550004&From=%2B15005550006&Body=x", 21610),
        ("To=%2B15558675310&MessagingServiceSid=MGx&Body=x", 21701),
        ("To=%2B15558675310&From=%2B15005550006&Body=x&StatusCallback=nowhere", 21609),
        (long.as_str(), 21617),
    ] {
        let reply = world.twilio("POST", "/Messages.json", body).expect(400).json();
        assert_eq!((&reply["code"], &reply["status"]), (&json!(code), &json!(400)), "{body}: {reply}");
        assert_eq!(reply["more_info"], json!(format!("https://www.twilio.com/docs/errors/{code}")));
    }
    assert_eq!(world.count("provider=twilio"), 0);
    let missing =
        world.twilio("GET", "/Messages/SM0123456789abcdef0123456789abcdef.json", "").expect(404).json();
    assert_eq!(missing["code"], 20404);
    world.twilio("GET", "/Recordings.json", "").expect(404);
}

#[test]
fn a_recipient_chooses_its_refusal() {
    let world = World::new();
    for (code, status) in [(21635, 400), (20003, 401), (20005, 403), (20404, 404), (20429, 429), (20503, 503)]
    {
        let body = format!("To=%2B150055{code}&From=%2B15005550006&Body=x");
        let reply = world.twilio("POST", "/Messages.json", &body).expect(status).json();
        assert_eq!((&reply["code"], &reply["status"]), (&json!(code), &json!(status)));
    }
    assert_eq!(world.count("provider=twilio"), 0);
}

#[test]
fn messages_are_found_by_recipient_sender_and_date() {
    let world = World::new();
    for index in 0..5 {
        send(&world, &format!("{SEND}&Tag={index}"));
    }
    send(&world, "To=%2B15558675311&From=%2B15005550006&Body=other");
    let list = |query: &str| world.twilio("GET", &format!("/Messages.json?{query}"), "").expect(200).json();
    let count = |query: &str| list(query)["messages"].as_array().unwrap().len();
    assert_eq!(count(""), 6);
    assert_eq!(count("To=%2B15558675310"), 5);
    assert_eq!(count("To=%2B15558675311&From=%2B15005550006"), 1);
    assert_eq!(count("From=%2B15005550000"), 0);
    assert_eq!(count("DateSent=2026-01-05"), 6);
    assert_eq!(count("DateSent%3E=2026-01-05"), 6);
    assert_eq!(count("DateSent%3E=2026-01-06"), 0);
    assert_eq!(count("DateSent%3C=2026-01-04"), 0);
    let first = list("To=%2B15558675310&PageSize=2");
    let next = first["next_page_uri"].as_str().unwrap().to_owned();
    assert_eq!((&first["start"], &first["end"], &first["page_size"]), (&json!(0), &json!(1), &json!(2)));
    let rest = next.strip_prefix(&format!("/2010-04-01/Accounts/{TWILIO_SID}")).unwrap();
    let second = world.twilio("GET", rest, "").expect(200).json();
    assert_eq!(second["messages"].as_array().unwrap().len(), 2);
    assert_ne!(second["messages"][0]["sid"], first["messages"][1]["sid"]);
    world.twilio("GET", "/Messages.json?DateSent=yesterday", "").expect(400);
}

#[test]
fn a_scheduled_message_can_be_canceled_and_any_text_redacted() {
    let world = World::new();
    let scheduled = "To=%2B15558675310&MessagingServiceSid=MG0123456789abcdef0123456789abcdef&Body=x\
        &ScheduleType=fixed&SendAt=2026-01-05T11:00:00Z";
    let message = send(&world, scheduled);
    assert_eq!(message["status"], "scheduled");
    let path = format!("/Messages/{}.json", message["sid"].as_str().unwrap());
    let canceled = world.twilio("POST", &path, "Status=canceled").expect(200).json();
    assert_eq!(canceled["status"], "canceled");
    let other = send(&world, SEND);
    let path = format!("/Messages/{}.json", other["sid"].as_str().unwrap());
    world.twilio("POST", &path, "Status=canceled").expect(400);
    world.twilio("POST", &path, "Body=new+text").expect(400);
    assert_eq!(world.twilio("POST", &path, "Body=").expect(200).json()["body"], "");
    world.twilio("DELETE", &path, "").expect(204);
    world.twilio("GET", &path, "").expect(404);
    for operation in ["sms.cancel", "sms.redact", "sms.delete"] {
        assert_eq!(world.count(&format!("provider=twilio&operation={operation}")), 1, "{operation}");
    }
    assert_eq!(world.count("provider=twilio&operation=sms.send"), 2);
}
