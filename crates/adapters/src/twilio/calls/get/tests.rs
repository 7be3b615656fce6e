//! Reading a call.

use domain::{CallStatus, RejectionClass, RetrySafety};

use super::*;
use crate::testing::{self, context, perform, refuse};
use crate::twilio::Twilio;
use crate::twilio::calls::tests::{CALL, get, told};
use crate::twilio::tests::{ACCOUNT, error, play, rejected};

const COMPLETED: &str = include_str!("../../../../fixtures/twilio/call_completed.json");

#[test]
fn a_call_is_read_by_its_id() {
    let played = play(&get(CALL), 200, COMPLETED);
    assert_eq!(played.calls(), [format!("GET /2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json")]);
    assert_eq!((played.requests[0].effect, played.requests[0].retry), (Effect::Read, RetrySafety::Harmless));
    let call = told(played.outcome);
    assert_eq!((call.provider_call_id.as_str(), call.status), (CALL, CallStatus::Completed));
}

#[test]
fn an_id_that_would_change_the_path_is_not_found_and_not_sent() {
    for id in ["", "..", "../Messages", "CA1/Events", "CA1?x", "CA 1"] {
        let refusal = refuse(&Twilio, &get(id));
        assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "call_not_found"), "{id}");
    }
}

#[test]
fn without_an_account_nothing_is_sent() {
    let credentials = testing::credentials("twilio", &[]);
    let played = perform(&Twilio, &get(CALL), &context(&credentials), &[]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Credentials, "provider_credentials_rejected"));
}

#[test]
fn a_read_that_tells_no_call_has_changed_nothing() {
    assert_eq!(
        rejected(play(&get(CALL), 404, &error(20404, 404)).outcome),
        (RejectionClass::NotFound, "call_not_found")
    );
    for (status, body) in [(200, "{}"), (200, "<html>"), (503, "<html>"), (302, "")] {
        let outcome = play(&get(CALL), status, body).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"));
    }
}
