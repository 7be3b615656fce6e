//! What a call's states and numbers mean.

use super::*;

const COMPLETED: &str = include_str!("../../../../fixtures/twilio/call_completed.json");
const BUSY: &str = include_str!("../../../../fixtures/twilio/call_busy.json");

fn tell(body: &str) -> Option<Call> {
    serde_json::from_str::<WireCall>(body).ok()?.tell("+15550000000")
}

#[test]
fn every_status_has_its_word() {
    for (word, expected) in [
        ("queued", CallStatus::Queued),
        ("initiated", CallStatus::Initiated),
        ("ringing", CallStatus::Ringing),
        ("in-progress", CallStatus::Answered),
        ("completed", CallStatus::Completed),
        ("busy", CallStatus::Busy),
        ("no-answer", CallStatus::NoAnswer),
        ("failed", CallStatus::Failed),
        ("canceled", CallStatus::Canceled),
        ("tomorrows-word", CallStatus::Unknown),
    ] {
        let call = tell(&format!(r#"{{"sid":"CA1","status":"{word}"}}"#)).unwrap();
        assert_eq!((call.status, call.provider_status.as_deref()), (expected, Some(word)));
    }
    assert_eq!(CallStatus::NoAnswer.as_str(), "no-answer");
}

#[test]
fn the_duration_is_read_from_a_text() {
    let call = tell(COMPLETED).unwrap();
    assert_eq!((call.duration_seconds, call.status), (Some(15), CallStatus::Completed));
    assert_eq!((call.to.as_str(), call.from.as_deref()), ("+15558675310", Some("+15005550006")));
    let busy = tell(BUSY).unwrap();
    assert_eq!((busy.duration_seconds, busy.status), (None, CallStatus::Busy));
}

#[test]
fn what_is_missing_null_or_odd_never_fails() {
    let call = tell(r#"{"sid":"CA1"}"#).unwrap();
    assert_eq!((call.to.as_str(), call.from, call.duration_seconds), ("+15550000000", None, None));
    assert_eq!((call.status, call.provider_status), (CallStatus::Unknown, None));
    assert!(
        tell(r#"{"sid":"CA1","to":null,"from":null,"duration":null,"status":null,"price":null}"#).is_some()
    );
    for duration in [r#""""#, r#""long""#, r#""-1""#, "15", "[]"] {
        let call = tell(&format!(r#"{{"sid":"CA1","duration":{duration}}}"#)).unwrap();
        assert_eq!(call.duration_seconds, None, "{duration}");
    }
}

#[test]
fn a_call_without_an_id_is_none() {
    for body in ["{}", r#"{"sid":null}"#, r#"{"sid":""}"#, "[]"] {
        assert_eq!(tell(body), None);
    }
}
