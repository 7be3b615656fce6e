//! Reading a message.

use domain::{RejectionClass, RetrySafety, SmsStatus};

use super::*;
use crate::testing::{self, context, perform, refuse};
use crate::twilio::Twilio;
use crate::twilio::tests::{ACCOUNT, MESSAGE, error, get, play, rejected, told};

const DELIVERED: &str = include_str!("../../../../fixtures/twilio/message_delivered.json");

#[test]
fn a_message_is_read_by_its_id() {
    let played = play(&get(MESSAGE), 200, DELIVERED);
    assert_eq!(played.calls(), [format!("GET /2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}.json")]);
    assert_eq!((played.requests[0].effect, played.requests[0].retry), (Effect::Read, RetrySafety::Harmless));
    let sms = told(played.outcome);
    assert_eq!((sms.provider_message_id.as_str(), sms.status), (MESSAGE, SmsStatus::Delivered));
}

#[test]
fn an_id_that_would_change_the_path_is_not_found_and_not_sent() {
    for id in ["", "..", "../Calls", "SM1/Media", "SM1?x", "SM 1"] {
        let refusal = refuse(&Twilio, &get(id));
        assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "sms_not_found"), "{id}");
    }
}

#[test]
fn without_an_account_nothing_is_sent() {
    let credentials = testing::credentials("twilio", &[]);
    let played = perform(&Twilio, &get(MESSAGE), &context(&credentials), &[]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Credentials, "provider_credentials_rejected"));
}

#[test]
fn every_refused_read_has_its_code() {
    for (status, code, expected) in [
        (404, 20404, (RejectionClass::NotFound, "sms_not_found")),
        (401, 20003, (RejectionClass::Credentials, "provider_credentials_rejected")),
        (403, 20008, (RejectionClass::Credentials, "provider_credentials_rejected")),
        (429, 20429, (RejectionClass::RateLimited, "provider_rate_limit")),
        (500, 20500, (RejectionClass::Unavailable, "provider_error")),
        (503, 20503, (RejectionClass::Unavailable, "provider_error")),
    ] {
        assert_eq!(rejected(play(&get(MESSAGE), status, &error(code, status)).outcome), expected);
    }
    for (status, body) in [(200, "{}"), (200, "<html>"), (503, "<html>"), (302, "")] {
        let outcome = play(&get(MESSAGE), status, body).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"));
    }
}
