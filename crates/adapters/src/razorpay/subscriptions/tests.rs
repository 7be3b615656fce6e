//! Subscriptions: plans made first, what cannot be told, statuses, ends, and lost answers.

use domain::{
    CancelWhen, CreateSubscription, Customer, Effect, NextAction, NotSent, Operation, Outcome, PlanInterval,
    RejectionClass, Reply, Resource, RetrySafety, Subscription, SubscriptionStatus, Timestamp, Unknown,
};

use crate::Adapter;
use crate::razorpay::Razorpay;
use crate::razorpay::tests::credentials;
use crate::razorpay::tests::operations::{
    SUBSCRIPTION_ID, end, existing_plan, get_subscription, new_plan, subscribe, subscription,
};
use crate::testing::{Played, body_text, context, perform, play, refuse, reply};

const CREATED: &str = include_str!("../../../fixtures/razorpay/subscription_created.json");
const ACTIVE: &str = include_str!("../../../fixtures/razorpay/subscription_active.json");
const CANCELLED: &str = include_str!("../../../fixtures/razorpay/subscription_cancelled.json");
const SINCE: &str = include_str!("../../../fixtures/razorpay/subscriptions_since.json");
const PLAN: &str = include_str!("../../../fixtures/razorpay/plan.json");
const NONE: &str = r#"{"entity":"collection","count":0,"items":[]}"#;
const ENDED: &str = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Subscription is not cancellable in cancelled status.","field":"status"}}"#;

fn run(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Razorpay, operation, &context(&credentials), &replies)
}

fn look_up(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    let played = play(Razorpay.look_up(operation).unwrap(), &context(&credentials), &replies);
    assert!(played.requests.iter().all(|request| request.effect == Effect::Read));
    played
}

#[track_caller]
fn told(outcome: Outcome) -> Subscription {
    match outcome {
        Outcome::Executed(Resource::Subscription(subscription)) => subscription,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscription_is_created_with_exactly_these_bytes() {
    let asked =
        CreateSubscription { quantity: Some(2), trial_days: Some(7), ..subscription(existing_plan()) };
    let played = run(&subscribe(asked), &[(200, CREATED)]);
    assert_eq!(played.calls(), ["POST /v1/subscriptions"]);
    // Seven days after the transaction began.
    let expected = r#"{"plan_id":"plan_00000000000001","total_count":12,"quantity":2,"start_at":1757060361,"notes":{"transaction_id":"txn_0000000000000000000000000b"}}"#;
    assert_eq!(body_text(&played.requests[0]), expected);
    let write = &played.requests[0];
    assert_eq!((write.effect, write.retry), (Effect::Write, RetrySafety::LookUpFirst));
    let subscription = told(played.outcome);
    assert_eq!(subscription.provider_subscription_id, SUBSCRIPTION_ID);
    assert_eq!(subscription.plan_id.as_deref(), Some("plan_00000000000001"));
    assert_eq!((subscription.quantity, subscription.status), (Some(2), SubscriptionStatus::Pending));
    let page = NextAction::Redirect { url: "https://rzp.io/rzp/Dqdqx3h".to_owned() };
    assert_eq!(subscription.next_action, Some(page));
    assert_eq!(subscription.current_period_end, Some(Timestamp::from_unix_seconds(1_773_461_489)));
}

#[test]
fn a_new_plan_is_made_before_the_subscription() {
    let operation = subscribe(subscription(new_plan(PlanInterval::Month, 3)));
    let played = run(&operation, &[(200, PLAN), (200, CREATED)]);
    assert_eq!(played.calls(), ["POST /v1/plans", "POST /v1/subscriptions"]);
    let expected = r#"{"period":"monthly","interval":3,"item":{"name":"Tea club","amount":69900,"currency":"INR"},"notes":{"transaction_id":"txn_0000000000000000000000000b"}}"#;
    assert_eq!(body_text(&played.requests[0]), expected);
    let effects: Vec<Effect> = played.requests.iter().map(|request| request.effect).collect();
    assert_eq!(effects, [Effect::Prepare, Effect::Write]);
    assert!(body_text(&played.requests[1]).starts_with(r#"{"plan_id":"plan_00000000000001","#));
    let again = run(&operation, &[(200, PLAN), (200, CREATED)]);
    assert!(played.requests.iter().zip(&again.requests).all(|(first, again)| first.body == again.body));
}

#[test]
fn a_plan_that_was_not_made_ends_it_and_nothing_was_done() {
    let operation = subscribe(subscription(new_plan(PlanInterval::Year, 1)));
    for (status, body) in [(500, ""), (200, "{}"), (502, "<html>")] {
        let Outcome::Rejected(refusal) = run(&operation, &[(status, body)]).outcome else { panic!() };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Unavailable, "provider_error"));
    }
    let lost = run(&operation, &[(200, PLAN), (504, "")]).outcome;
    assert_eq!(lost, Outcome::Unknown(Unknown::Unreadable { status: 504 }));
}

#[test]
fn intervals_are_razorpays_periods() {
    for (interval, count, period) in [
        (PlanInterval::Day, 7, r#"{"period":"daily","interval":7,"#),
        (PlanInterval::Week, 2, r#"{"period":"weekly","interval":2,"#),
        (PlanInterval::Month, 1, r#"{"period":"monthly","interval":1,"#),
        (PlanInterval::Year, 1, r#"{"period":"yearly","interval":1,"#),
    ] {
        let played = run(&subscribe(subscription(new_plan(interval, count))), &[(200, PLAN), (200, CREATED)]);
        assert!(body_text(&played.requests[0]).starts_with(period), "{period}");
    }
}

#[test]
fn what_razorpay_cannot_be_told_is_refused_before_anything_is_sent() {
    let plain = || subscription(existing_plan());
    let customer = Customer { id: Some("cust_1".into()), ..Customer::default() };
    let century =
        CreateSubscription { total_count: Some(101), ..subscription(new_plan(PlanInterval::Year, 1)) };
    for (asked, code, param) in [
        (CreateSubscription { total_count: None, ..plain() }, "missing_field", "total_count"),
        (
            CreateSubscription { return_url: Some("https://a".into()), ..plain() },
            "operation_not_supported",
            "return_url",
        ),
        (
            CreateSubscription { cancel_url: Some("https://a".into()), ..plain() },
            "operation_not_supported",
            "cancel_url",
        ),
        (
            CreateSubscription { customer: Some(customer), ..plain() },
            "operation_not_supported",
            "customer_id",
        ),
        (subscription(new_plan(PlanInterval::Day, 6)), "invalid_field", "plan.interval_count"),
        (century, "invalid_field", "total_count"),
    ] {
        let refusal = refuse(&Razorpay, &subscribe(asked));
        assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, code));
        assert_eq!(refusal.param, Some(param));
    }
}

#[test]
fn a_customers_address_is_not_sent() {
    let customer = Customer { email: Some("payer@example.com".into()), ..Customer::default() };
    let asked = CreateSubscription { customer: Some(customer), ..subscription(existing_plan()) };
    let played = run(&subscribe(asked), &[(200, CREATED)]);
    assert!(!body_text(&played.requests[0]).contains("payer@example.com"));
}

#[test]
fn every_status_has_its_word_and_an_unknown_one_is_no_error() {
    use SubscriptionStatus::{
        Active, Canceled, Completed, Expired, Halted, PastDue, Paused, Pending, Unknown,
    };
    for (word, status) in [
        ("created", Pending),
        ("authenticated", Active),
        ("active", Active),
        ("pending", PastDue),
        ("halted", Halted),
        ("paused", Paused),
        ("cancelled", Canceled),
        ("completed", Completed),
        ("expired", Expired),
        ("teleported", Unknown),
    ] {
        let body = CREATED.replace("\"created\"", &format!("\"{word}\""));
        let subscription = told(run(&get_subscription(SUBSCRIPTION_ID), &[(200, &body)]).outcome);
        assert_eq!((subscription.status, subscription.is_trial), (status, word == "authenticated"));
        assert_eq!(subscription.next_action.is_some(), status == Pending);
        assert_eq!(subscription.provider_status.as_deref(), Some(word));
    }
    let sparse = told(run(&get_subscription("sub_1"), &[(200, r#"{"id":"sub_1","notes":null}"#)]).outcome);
    assert_eq!((sparse.status, sparse.plan_id, sparse.current_period_end), (Unknown, None, None));
}

#[test]
fn a_subscription_is_read_by_its_id() {
    let played = run(&get_subscription(SUBSCRIPTION_ID), &[(200, ACTIVE)]);
    assert_eq!(played.calls(), ["GET /v1/subscriptions/sub_00000000000001"]);
    let subscription = told(played.outcome);
    assert_eq!(subscription.current_period_end, Some(Timestamp::from_unix_seconds(1_776_053_489)));
}

#[test]
fn a_subscription_ends_now_or_with_its_period() {
    for (when, body, answer, status, later) in [
        (
            CancelWhen::AtOnce,
            r#"{"cancel_at_cycle_end":false}"#,
            CANCELLED,
            SubscriptionStatus::Canceled,
            false,
        ),
        (
            CancelWhen::AtPeriodEnd,
            r#"{"cancel_at_cycle_end":true}"#,
            ACTIVE,
            SubscriptionStatus::Active,
            true,
        ),
    ] {
        let played = run(&end(SUBSCRIPTION_ID, when), &[(200, answer)]);
        assert_eq!(played.calls(), ["POST /v1/subscriptions/sub_00000000000001/cancel"]);
        assert_eq!(body_text(&played.requests[0]), body);
        let subscription = told(played.outcome);
        assert_eq!((subscription.status, subscription.cancel_at_period_end), (status, later));
    }
}

#[test]
fn ended_already_is_a_success_once_the_subscription_says_canceled() {
    let operation = end(SUBSCRIPTION_ID, CancelWhen::AtOnce);
    let played = run(&operation, &[(400, ENDED), (200, CANCELLED)]);
    assert_eq!(told(played.outcome).status, SubscriptionStatus::Canceled);
    for (status, body) in [(200, ACTIVE), (500, "")] {
        let Outcome::Rejected(refusal) = run(&operation, &[(400, ENDED), (status, body)]).outcome else {
            panic!()
        };
        assert_eq!((refusal.class, refusal.code), (RejectionClass::Conflict, "invalid_subscription_state"));
    }
}

#[test]
fn a_lost_answer_is_unknown() {
    for operation in [subscribe(subscription(existing_plan())), end(SUBSCRIPTION_ID, CancelWhen::AtOnce)] {
        for (status, body) in [(500, ""), (200, "{}"), (504, "<html>")] {
            let expected = Outcome::Unknown(Unknown::Unreadable { status });
            assert_eq!(run(&operation, &[(status, body)]).outcome, expected);
        }
    }
}

#[test]
fn a_lost_subscription_is_found_by_its_note() {
    let played = look_up(&subscribe(subscription(existing_plan())), &[(200, SINCE)]);
    let expected = "GET /v1/subscriptions?from=1756455261&count=100&skip=0&plan_id=plan_00000000000001";
    assert_eq!(played.calls(), [expected]);
    assert_eq!(told(played.outcome).provider_subscription_id, SUBSCRIPTION_ID);
    let played = look_up(&subscribe(subscription(new_plan(PlanInterval::Month, 1))), &[(200, NONE)]);
    assert_eq!(played.calls(), ["GET /v1/subscriptions?from=1756455261&count=100&skip=0"]);
    assert_eq!(played.outcome, Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn all_pages_are_searched_up_to_a_limit() {
    let other = r#"{"id":"sub_x","notes":[]}"#;
    let full = format!(r#"{{"items":[{}]}}"#, vec![other; 100].join(","));
    let operation = subscribe(subscription(existing_plan()));
    let played = look_up(&operation, &[(200, &full), (200, SINCE)]);
    assert!(played.calls()[1].contains("&skip=100"));
    assert_eq!(told(played.outcome).provider_subscription_id, SUBSCRIPTION_ID);
    let endless = vec![(200, full.as_str()); 10];
    let outcome = look_up(&operation, &endless).outcome;
    assert_eq!(outcome, Outcome::Unknown(Unknown::Unreadable { status: 200 }));
}

#[test]
fn a_lost_end_is_found_on_the_subscription() {
    let operation = end(SUBSCRIPTION_ID, CancelWhen::AtOnce);
    assert_eq!(told(look_up(&operation, &[(200, CANCELLED)]).outcome).status, SubscriptionStatus::Canceled);
    let outcome = look_up(&operation, &[(200, ACTIVE)]).outcome;
    assert_eq!(outcome, Outcome::NotSent(NotSent::NeverArrived));
}

#[test]
fn a_lost_end_with_the_period_does_not_show_and_is_asked_for_once_more() {
    let operation = end(SUBSCRIPTION_ID, CancelWhen::AtPeriodEnd);
    let look_up = |replies: &[(u16, &str)]| {
        let credentials = credentials();
        let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
        play(Razorpay.look_up(&operation).unwrap(), &context(&credentials), &replies)
    };
    let again = look_up(&[(200, ACTIVE)]);
    assert_eq!(again.calls(), [format!("POST /v1/subscriptions/{SUBSCRIPTION_ID}/cancel")]);
    let asked: serde_json::Value = serde_json::from_slice(&again.requests[0].body).unwrap();
    assert_eq!(asked["cancel_at_cycle_end"], true);
    assert_eq!(told(again.outcome).provider_subscription_id, SUBSCRIPTION_ID);
    assert_eq!(told(look_up(&[(400, ENDED), (200, CANCELLED)]).outcome).status, SubscriptionStatus::Canceled);
    for (status, body) in [(500, ""), (200, "<html>")] {
        assert_eq!(look_up(&[(status, body)]).outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn a_look_up_without_an_answer_settles_nothing() {
    for operation in [subscribe(subscription(existing_plan())), end(SUBSCRIPTION_ID, CancelWhen::AtOnce)] {
        for (status, body) in [(500, ""), (429, ""), (200, "<html>"), (400, r#"{"error":{}}"#)] {
            let unknown = Outcome::Unknown(Unknown::Unreadable { status });
            assert_eq!(look_up(&operation, &[(status, body)]).outcome, unknown);
        }
    }
}
