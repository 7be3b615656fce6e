//! What a message's states and numbers mean.

use super::*;

const ACCEPTED: &str = include_str!("../../../../fixtures/twilio/message_accepted.json");
const DELIVERED: &str = include_str!("../../../../fixtures/twilio/message_delivered.json");
const UNDELIVERED: &str = include_str!("../../../../fixtures/twilio/message_undelivered.json");

fn tell(body: &str) -> Option<Sms> {
    serde_json::from_str::<WireMessage>(body).ok()?.tell("+15550000000")
}

#[test]
fn every_status_has_its_word() {
    for (word, expected) in [
        ("accepted", SmsStatus::Queued),
        ("scheduled", SmsStatus::Queued),
        ("queued", SmsStatus::Queued),
        ("sending", SmsStatus::Sending),
        ("sent", SmsStatus::Sent),
        ("delivered", SmsStatus::Delivered),
        ("partially_delivered", SmsStatus::Delivered),
        ("read", SmsStatus::Delivered),
        ("undelivered", SmsStatus::Undelivered),
        ("failed", SmsStatus::Failed),
        ("canceled", SmsStatus::Canceled),
        ("receiving", SmsStatus::Unknown),
        ("received", SmsStatus::Unknown),
        ("tomorrows_word", SmsStatus::Unknown),
    ] {
        let sms = tell(&format!(r#"{{"sid":"SM1","status":"{word}"}}"#)).unwrap();
        assert_eq!(sms.status, expected, "{word}");
    }
}

#[test]
fn a_pool_that_has_not_chosen_leaves_sender_and_segments_open() {
    let sms = tell(ACCEPTED).unwrap();
    assert_eq!((sms.from, sms.segments, sms.status), (None, None, SmsStatus::Queued));
    assert_eq!(sms.to, "+15558675310");
}

#[test]
fn numbers_are_read_from_texts() {
    let sms = tell(DELIVERED).unwrap();
    assert_eq!((sms.segments, sms.from.as_deref()), (Some(2), Some("+15005550006")));
    let undelivered = tell(UNDELIVERED).unwrap();
    assert_eq!(undelivered.status, SmsStatus::Undelivered);
    assert_eq!(undelivered.failure_code.as_deref(), Some("30003"));
}

#[test]
fn what_is_missing_null_or_odd_never_fails() {
    let sms = tell(r#"{"sid":"SM1"}"#).unwrap();
    assert_eq!((sms.to.as_str(), sms.from, sms.segments), ("+15550000000", None, None));
    assert_eq!(sms.status, SmsStatus::Unknown);
    let nulls =
        r#"{"sid":"SM1","to":null,"from":null,"num_segments":null,"status":null,"body":null,"price":null}"#;
    assert!(tell(nulls).is_some());
    assert_eq!(tell(r#"{"sid":"SM1","num_segments":"many"}"#).unwrap().segments, None);
    assert_eq!(tell(r#"{"sid":"SM1","num_segments":3}"#).unwrap().segments, None);
    assert!(tell(r#"{"sid":"SM1","error_code":30003,"tomorrows_field":[1]}"#).is_some());
}

#[test]
fn a_message_without_an_id_is_none() {
    for body in ["{}", r#"{"sid":null}"#, r#"{"sid":""}"#, "[]"] {
        assert_eq!(tell(body), None);
    }
}
