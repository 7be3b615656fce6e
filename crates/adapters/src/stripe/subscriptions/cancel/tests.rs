//! Ending a subscription: the bytes sent, and what is read after a refusal.

use domain::{RetrySafety, Unknown};

use super::*;
use crate::stripe::samples::{end_subscription, ended, fixture, form, header, played};
use crate::stripe::subscriptions::tests::{rejection_of, subscription_of};
use crate::testing::{PROVIDER_KEY, body_text, reply};

const READ: &str = "GET /v1/subscriptions/sub_1ExampleA?expand%5B%5D=latest_invoice.payment_intent&expand%5B%5D=pending_setup_intent";

/// What Stripe answers where there is no subscription, or one that has ended.
fn missing() -> Reply {
    let error = r#"{"error":{"code":"resource_missing","message":"No such subscription: 'sub_1ExampleA'","param":"id","type":"invalid_request_error"}}"#;
    reply(404, error)
}

#[test]
fn an_end_at_once_is_a_deletion_without_key_or_body() {
    let played = played(&end_subscription(CancelWhen::AtOnce), &[fixture("subscription_canceled")]);
    let [request] = &*played.requests else { panic!("{:?}", played.calls()) };
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("DELETE", "/v1/subscriptions/sub_1ExampleA")
    );
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Harmless));
    assert_eq!((header(request, "idempotency-key"), body_text(request)), (None, ""));
    assert_eq!(header(request, "stripe-version"), Some("2023-08-16"));
    assert_eq!(subscription_of(played.outcome).status, SubscriptionStatus::Canceled);
}

#[test]
fn an_end_with_the_period_is_a_keyed_change() {
    let played = played(&end_subscription(CancelWhen::AtPeriodEnd), &[fixture("subscription_ending")]);
    let [request] = &*played.requests else { panic!("{:?}", played.calls()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/subscriptions/sub_1ExampleA"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(header(request, "idempotency-key"), Some(PROVIDER_KEY));
    assert_eq!(form(request), ["cancel_at_period_end=true"]);
    let told = subscription_of(played.outcome);
    assert_eq!((told.status, told.cancel_at_period_end), (SubscriptionStatus::Active, true));
}

#[test]
fn what_has_ended_before_is_read_and_told() {
    let operation = end_subscription(CancelWhen::AtOnce);
    let played = played(&operation, &[missing(), fixture("subscription_canceled")]);
    assert_eq!(played.calls(), ["DELETE /v1/subscriptions/sub_1ExampleA", READ]);
    assert_eq!(subscription_of(played.outcome).status, SubscriptionStatus::Canceled);
}

#[test]
fn what_has_ended_before_cannot_end_with_its_period() {
    let operation = end_subscription(CancelWhen::AtPeriodEnd);
    let refusal = rejection_of(ended(&operation, &[missing(), fixture("subscription_canceled")]));
    assert_eq!((refusal.class, refusal.code), (RejectionClass::Conflict, "invalid_subscription_state"));
}

#[test]
fn what_never_was_is_not_found_and_what_runs_keeps_the_refusal() {
    for when in [CancelWhen::AtOnce, CancelWhen::AtPeriodEnd] {
        let refusal = rejection_of(ended(&end_subscription(when), &[missing(), missing()]));
        assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "subscription_not_found"));
        let error = r#"{"error":{"message":"Not now.","type":"invalid_request_error"}}"#;
        let replies = [reply(400, error), fixture("subscription_active")];
        let refusal = rejection_of(ended(&end_subscription(when), &replies));
        assert_eq!(
            (refusal.code, refusal.provider_message.as_deref()),
            ("provider_rejected", Some("Not now."))
        );
    }
}

#[test]
fn a_lost_look_says_nothing_and_a_lost_end_is_unknown() {
    for when in [CancelWhen::AtOnce, CancelWhen::AtPeriodEnd] {
        let refusal = rejection_of(ended(&end_subscription(when), &[missing(), reply(500, "")]));
        assert_eq!(refusal.class, RejectionClass::Unavailable);
        for (status, body) in [(500, ""), (200, "{}")] {
            let outcome = ended(&end_subscription(when), &[reply(status, body)]);
            assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status }));
        }
    }
}

#[test]
fn a_refused_key_or_pace_is_not_looked_after() {
    for (status, class) in [(401, RejectionClass::Credentials), (429, RejectionClass::RateLimited)] {
        let refusal = rejection_of(ended(&end_subscription(CancelWhen::AtOnce), &[reply(status, "")]));
        assert_eq!(refusal.class, class);
    }
}
