//! What a subscription's states mean.

use domain::{GetSubscription, Operation, RejectionClass, Resource, SubscriptionOperation};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{play, refusal_body, rejected};
use crate::testing::refuse;

const PENDING: &str = include_str!("../../../../fixtures/paypal/subscription_pending.json");
const ACTIVE: &str = include_str!("../../../../fixtures/paypal/subscription_active.json");

fn get(id: &str) -> Operation {
    Operation::Subscription(SubscriptionOperation::Get(GetSubscription {
        provider_subscription_id: id.into(),
    }))
}

#[track_caller]
fn told(body: &str) -> Subscription {
    match play(&get("I-BW452GLLEP1G"), &[(200, body)]).outcome {
        Outcome::Executed(Resource::Subscription(subscription)) => subscription,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscription_is_read_by_its_id() {
    let played = play(&get("I-BW452GLLEP1G"), &[(200, PENDING)]);
    assert_eq!(played.calls(), ["GET /v1/billing/subscriptions/I-BW452GLLEP1G"]);
    let pending = told(PENDING);
    assert_eq!(pending.provider_subscription_id, "I-BW452GLLEP1G");
    assert_eq!((pending.plan_id.as_deref(), pending.quantity), (Some("P-5ML4271244454362WXNWU5NQ"), Some(2)));
    assert_eq!((pending.status, pending.current_period_end), (SubscriptionStatus::Pending, None));
    assert!(!pending.is_trial && !pending.cancel_at_period_end);
    let url = "https://www.sandbox.paypal.com/webapps/billing/subscriptions?ba_token=BA-2M539689T3856352J";
    assert_eq!(pending.next_action, Some(NextAction::Redirect { url: url.to_owned() }));
    assert_eq!(pending.provider_status.as_deref(), Some("APPROVAL_PENDING"));
    let active = told(ACTIVE);
    assert_eq!((active.status, active.next_action), (SubscriptionStatus::Active, None));
    assert_eq!(active.current_period_end, moments::read("2026-02-05T10:00:00Z"));
}

#[test]
fn every_state_has_its_status() {
    for (word, expected) in [
        ("APPROVAL_PENDING", SubscriptionStatus::Pending),
        ("APPROVED", SubscriptionStatus::Pending),
        ("ACTIVE", SubscriptionStatus::Active),
        ("SUSPENDED", SubscriptionStatus::Paused),
        ("CANCELLED", SubscriptionStatus::Canceled),
        ("EXPIRED", SubscriptionStatus::Completed),
        ("TOMORROWS_WORD", SubscriptionStatus::Unknown),
    ] {
        let told = told(&ACTIVE.replacen(r#""status": "ACTIVE""#, &format!(r#""status": "{word}""#), 1));
        assert_eq!((told.status, told.provider_status.as_deref()), (expected, Some(word)));
    }
    let failed = ACTIVE.replace(r#""failed_payments_count": 0"#, r#""failed_payments_count": 2"#);
    assert_eq!(told(&failed).status, SubscriptionStatus::PastDue);
}

/// The reads of the tests are of 2025-08-29.
#[test]
fn a_trial_is_a_first_charge_to_come_or_a_plans_trial_cycle() {
    assert!(!told(ACTIVE).is_trial);
    let starting = |start: &str| ACTIVE.replacen("2025-06-05T10:00:00Z", start, 1);
    assert!(told(&starting("2025-08-30T10:00:00Z")).is_trial);
    assert!(!told(&starting("2025-08-28T10:00:00Z")).is_trial);
    let cycles = |trial: u8, regular: u8| {
        format!(
            r#"{{"id":"I-1","status":"ACTIVE","billing_info":{{"cycle_executions":[{{"tenure_type":"TRIAL","cycles_completed":{trial}}},{{"tenure_type":"REGULAR","cycles_completed":{regular}}}]}}}}"#
        )
    };
    assert!(told(&cycles(1, 0)).is_trial);
    assert!(!told(&cycles(1, 1)).is_trial);
}

#[test]
fn a_sparse_answer_is_told_as_far_as_it_goes() {
    let sparse = r#"{"id":"I-1","status":null,"plan_id":"","quantity":2,"billing_info":[],"links":null,"start_time":"soon"}"#;
    let told = told(sparse);
    assert_eq!((told.status, told.plan_id, told.quantity), (SubscriptionStatus::Unknown, None, None));
    assert_eq!((told.current_period_end, told.provider_status), (None, None));
}

#[test]
fn an_answer_that_tells_no_subscription_is_paypals_fault() {
    for (status, body) in [(200, "{}"), (200, "<html>"), (500, "{}"), (503, "<html>")] {
        let outcome = play(&get("I-1"), &[(status, body)]).outcome;
        assert_eq!(rejected(outcome), (RejectionClass::Unavailable, "provider_error"), "{status} {body}");
    }
}

#[test]
fn a_subscription_that_is_not_there_is_not_found() {
    let gone = refusal_body("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID");
    assert_eq!(rejected(play(&get("I-1"), &[(404, &gone)]).outcome).1, "subscription_not_found");
    assert_eq!(refuse(&Paypal, &get("../x")).code, "subscription_not_found");
}
