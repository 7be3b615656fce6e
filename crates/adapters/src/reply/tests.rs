//! What a reply means that says nothing.

use domain::RejectionClass;

use super::*;
use crate::testing::{reply, with_header};

#[test]
fn a_write_without_an_answer_is_unknown() {
    for status in [200, 302, 500, 504] {
        let outcome = says_nothing("Stripe", Effect::Write, &reply(status, "<html>"));
        assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_read_without_an_answer_changed_nothing() {
    let reply = with_header(reply(503, ""), "retry-after", "7");
    let Outcome::Rejected(rejection) = says_nothing("Stripe", Effect::Read, &reply) else { panic!() };
    assert_eq!((rejection.class, rejection.code), (RejectionClass::Unavailable, "provider_error"));
    assert_eq!(rejection.retry_after.map(|wait| wait.as_secs()), Some(7));
}

#[test]
fn only_two_hundreds_are_success() {
    let successes: Vec<u16> = (100..600).filter(|status| is_success(&reply(*status, ""))).collect();
    assert_eq!(successes, (200..300).collect::<Vec<u16>>());
}
