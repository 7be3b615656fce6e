//! Ending a subscription, and what a repeat meets.

use domain::{Operation, RejectionClass, SubscriptionOperation, Unknown};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{assert_same_bytes, play, refusal_body, rejected, unprocessable};
use crate::testing::{Played, body_text, refuse};

const ACTIVE: &str = include_str!("../../../../fixtures/paypal/subscription_active.json");
const CANCELLED: &str = include_str!("../../../../fixtures/paypal/subscription_cancelled.json");

const CANCEL: &str = "POST /v1/billing/subscriptions/I-BW452GLLEP1G/cancel";
const READ: &str = "GET /v1/billing/subscriptions/I-BW452GLLEP1G";

fn cancel(id: &str, when: CancelWhen) -> Operation {
    Operation::Subscription(SubscriptionOperation::Cancel(CancelSubscription {
        provider_subscription_id: id.into(),
        when,
    }))
}

fn at_once() -> Operation {
    cancel("I-BW452GLLEP1G", CancelWhen::AtOnce)
}

#[track_caller]
fn told(played: Played) -> Subscription {
    match played.outcome {
        Outcome::Executed(Resource::Subscription(subscription)) => subscription,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscription_is_ended_and_then_read() {
    let played = play(&at_once(), &[(204, ""), (200, CANCELLED)]);
    assert_eq!(played.calls(), [CANCEL, READ]);
    let call = &played.requests[0];
    assert_eq!(body_text(call), r#"{"reason":"Canceled by the merchant."}"#);
    assert_eq!((call.effect, call.retry), (Effect::Write, RetrySafety::Harmless));
    assert!(call.headers.is_empty());
    let subscription = told(played);
    assert_eq!(subscription.status, SubscriptionStatus::Canceled);
    assert_eq!(subscription.provider_status.as_deref(), Some("CANCELLED"));
}

#[test]
fn the_end_stands_though_the_read_fails_or_is_stale() {
    for (status, body) in [(200, ACTIVE), (200, "{}"), (503, "<html>"), (429, ""), (404, "{}")] {
        let subscription = told(play(&at_once(), &[(204, ""), (status, body)]));
        assert_eq!(subscription.status, SubscriptionStatus::Canceled, "{status} {body}");
        assert_eq!(subscription.provider_subscription_id, "I-BW452GLLEP1G");
        assert_eq!(subscription.provider_status, None);
    }
}

/// A success that is none of PayPal's: only the subscription tells.
#[test]
fn a_page_for_people_ends_nothing() {
    for (status, body) in [(200, "<html>Welcome</html>"), (200, ""), (201, "{}")] {
        let played = play(&at_once(), &[(status, body), (200, ACTIVE)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }), "{body}");
        let subscription = told(play(&at_once(), &[(status, body), (200, CANCELLED)]));
        assert_eq!(subscription.status, SubscriptionStatus::Canceled, "{status} {body}");
    }
}

#[test]
fn one_that_was_ended_before_is_a_success_of_the_repeat() {
    let invalid = unprocessable("SUBSCRIPTION_STATUS_INVALID");
    let first = play(&at_once(), &[(204, ""), (200, CANCELLED)]);
    let second = play(&at_once(), &[(422, &invalid), (200, CANCELLED)]);
    assert_same_bytes(&first, &second);
    assert_eq!(told(second).status, SubscriptionStatus::Canceled);
}

#[test]
fn one_in_another_state_is_a_conflict() {
    let invalid = unprocessable("SUBSCRIPTION_STATUS_INVALID");
    let expired = ACTIVE.replacen(r#""ACTIVE""#, r#""EXPIRED""#, 1);
    let played = play(&at_once(), &[(422, &invalid), (200, &expired)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::Conflict, "invalid_subscription_state"));
    for (status, body) in [(503, ""), (200, "{}"), (429, "")] {
        let played = play(&at_once(), &[(422, &invalid), (status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_refusal_is_rejected_and_silence_is_unknown() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    let played = play(&at_once(), &[(404, &gone)]);
    assert_eq!(rejected(played.outcome), (RejectionClass::NotFound, "subscription_not_found"));
    for (status, body) in [(500, "{}"), (503, "<html>"), (302, "")] {
        let played = play(&at_once(), &[(status, body)]);
        assert_eq!(played.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn what_paypal_cannot_do_is_refused_before_anything_is_sent() {
    let refusal = refuse(&Paypal, &cancel("I-BW452GLLEP1G", CancelWhen::AtPeriodEnd));
    assert_eq!((refusal.code, refusal.param), ("operation_not_supported", Some("at_period_end")));
    assert_eq!(refuse(&Paypal, &cancel("a/b", CancelWhen::AtOnce)).code, "subscription_not_found");
}
