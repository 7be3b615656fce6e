//! Creating a subscription: the exact requests, to a plan that is there and to a new one, and every answer.

use domain::{
    Currency, Metadata, Money, NewPlan, Operation, PlanInterval, RejectionClass, SubscriptionOperation,
    SubscriptionStatus, Unknown,
};
use serde_json::{Value, json};

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{assert_same_bytes, key, play, rejected, unprocessable, usd};
use crate::testing::{PROVIDER_KEY, Played, body_text, refuse};

const PRODUCT: &str = include_str!("../../../../fixtures/paypal/product.json");
const PLAN: &str = include_str!("../../../../fixtures/paypal/plan.json");
const PENDING: &str = include_str!("../../../../fixtures/paypal/subscription_pending.json");

const PLAN_ID: &str = "P-5ML4271244454362WXNWU5NQ";
const MAKE_PRODUCT: &str = "POST /v1/catalogs/products";
const MAKE_PLAN: &str = "POST /v1/billing/plans";
const READ_PLAN: &str = "GET /v1/billing/plans/P-5ML4271244454362WXNWU5NQ";
const SUBSCRIBE: &str = "POST /v1/billing/subscriptions";

fn to(plan: SubscriptionPlan) -> CreateSubscription {
    CreateSubscription {
        plan,
        customer: None,
        quantity: None,
        total_count: None,
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

fn existing() -> CreateSubscription {
    to(SubscriptionPlan::Existing(PLAN_ID.into()))
}

fn gold() -> NewPlan {
    NewPlan { name: "Gold".into(), amount: usd("10"), interval: PlanInterval::Month, interval_count: 3 }
}

fn new() -> CreateSubscription {
    to(SubscriptionPlan::New(gold()))
}

fn full(subscription: CreateSubscription) -> CreateSubscription {
    CreateSubscription {
        customer: Some(Customer {
            email: Some("payer@example.com".into()),
            name: Some("A Payer".into()),
            ..Customer::default()
        }),
        quantity: Some(2),
        trial_days: Some(14),
        return_url: Some("https://shop.example/return".into()),
        cancel_url: Some("https://shop.example/cancel".into()),
        ..subscription
    }
}

fn create(subscription: CreateSubscription) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(subscription))
}

fn sent_json(played: &Played, place: usize) -> Value {
    serde_json::from_slice(&played.requests[place].body).unwrap()
}

#[track_caller]
fn told(played: Played) -> domain::Subscription {
    match played.outcome {
        Outcome::Executed(Resource::Subscription(subscription)) => subscription,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_earlier_use_of_the_key_made_is_neither_used_nor_told() {
    let earlier = |body: &str| body.replace("2026-01-05T10:00:00Z", "2025-08-27T10:00:00Z");
    let (product, plan, pending) = (earlier(PRODUCT), earlier(PLAN), earlier(PENDING));
    for (subscription, replies) in [
        (existing(), vec![(200, &*pending)]),
        // Its price would be another.
        (new(), vec![(201, PRODUCT), (200, &*plan)]),
        (new(), vec![(200, &*product)]),
    ] {
        let played = play(&create(subscription), &replies);
        assert_eq!(played.requests.len(), replies.len());
        assert_eq!(rejected(played.outcome), (RejectionClass::KeyReused, "idempotency_key_reused"));
    }
}

#[test]
fn a_subscription_to_a_plan_is_created_with_exactly_these_bytes() {
    let played = play(&create(existing()), &[(201, PENDING)]);
    assert_eq!(played.calls(), [SUBSCRIBE]);
    let call = &played.requests[0];
    assert_eq!(
        body_text(call),
        r#"{"plan_id":"P-5ML4271244454362WXNWU5NQ","custom_id":"txn_0000000000000000000000000b"}"#
    );
    assert_eq!((call.effect, call.retry, key(call)), (Effect::Write, RetrySafety::Keyed, Some(PROVIDER_KEY)));
    assert!(
        call.headers
            .iter()
            .any(|(name, value)| name.as_str() == "prefer" && value == "return=representation")
    );
    let played = play(&create(full(existing())), &[(201, PENDING)]);
    assert_eq!(
        body_text(&played.requests[0]),
        concat!(
            r#"{"plan_id":"P-5ML4271244454362WXNWU5NQ","start_time":"2025-09-12T08:19:21Z","quantity":"2","#,
            r#""custom_id":"txn_0000000000000000000000000b","#,
            r#""subscriber":{"name":{"given_name":"A Payer"},"email_address":"payer@example.com"},"#,
            r#""application_context":{"return_url":"https://shop.example/return","#,
            r#""cancel_url":"https://shop.example/cancel","user_action":"SUBSCRIBE_NOW","#,
            r#""shipping_preference":"NO_SHIPPING"}}"#,
        )
    );
    let subscription = told(played);
    assert_eq!(subscription.status, SubscriptionStatus::Pending);
    assert!(subscription.next_action.is_some());
}

#[test]
fn a_new_plan_is_made_with_its_product_first() {
    let replies = [(201, PRODUCT), (201, PLAN), (201, PENDING)];
    let played = play(&create(new()), &replies);
    assert_eq!(played.calls(), [MAKE_PRODUCT, MAKE_PLAN, SUBSCRIBE]);
    assert_eq!(body_text(&played.requests[0]), r#"{"name":"Gold","type":"SERVICE"}"#);
    assert_eq!(
        body_text(&played.requests[1]),
        concat!(
            r#"{"product_id":"PROD-7E8312345A678901B","name":"Gold","status":"ACTIVE","billing_cycles":[{"#,
            r#""frequency":{"interval_unit":"MONTH","interval_count":3},"tenure_type":"REGULAR","sequence":1,"#,
            r#""total_cycles":0,"pricing_scheme":{"fixed_price":{"currency_code":"USD","value":"10.00"}}}],"#,
            r#""payment_preferences":{"auto_bill_outstanding":true},"quantity_supported":false}"#,
        )
    );
    assert_eq!(sent_json(&played, 2)["plan_id"], PLAN_ID);
    let effects: Vec<_> = played.requests.iter().map(|call| (call.effect, call.retry)).collect();
    let prepare = (Effect::Prepare, RetrySafety::Keyed);
    assert_eq!(effects, [prepare, prepare, (Effect::Write, RetrySafety::Keyed)]);
    let keys: Vec<_> = played.requests.iter().filter_map(key).collect();
    assert_eq!(keys, ["5f1c0c526a1e4f6f9a250f6f7b1f3x01", "5f1c0c526a1e4f6f9a250f6f7b1f3x02", PROVIDER_KEY]);
    assert_same_bytes(&played, &play(&create(new()), &[(200, PRODUCT), (200, PLAN), (200, PENDING)]));
}

#[test]
fn a_new_plan_has_its_end_and_its_quantity_in_the_plan() {
    let asked = CreateSubscription { total_count: Some(12), quantity: Some(3), ..new() };
    let played = play(&create(asked), &[(201, PRODUCT), (201, PLAN), (201, PENDING)]);
    let plan = sent_json(&played, 1);
    assert_eq!(plan["billing_cycles"][0]["total_cycles"], 12);
    assert_eq!(plan["quantity_supported"], true);
    let subscription = sent_json(&played, 2);
    assert_eq!(subscription["quantity"], "3");
    assert_eq!(subscription.get("plan"), None);
}

#[test]
fn every_interval_has_its_unit_and_its_most() {
    for (interval, unit, most) in [
        (PlanInterval::Day, "DAY", 365),
        (PlanInterval::Week, "WEEK", 52),
        (PlanInterval::Month, "MONTH", 12),
        (PlanInterval::Year, "YEAR", 1),
    ] {
        let with = |interval_count| {
            create(to(SubscriptionPlan::New(NewPlan { interval, interval_count, ..gold() })))
        };
        let played = play(&with(most), &[(201, PRODUCT), (201, PLAN), (201, PENDING)]);
        let frequency = &sent_json(&played, 1)["billing_cycles"][0]["frequency"];
        assert_eq!(frequency, &json!({"interval_unit": unit, "interval_count": most}));
        let refusal = refuse(&Paypal, &with(most + 1));
        assert_eq!((refusal.code, refusal.param), ("invalid_field", Some("plan.interval_count")));
    }
}

/// A plan with a trial has its regular cycle behind it: it is read which one is to be charged so many times.
#[test]
fn a_number_of_charges_overrides_the_regular_cycle_of_a_plan_that_is_there() {
    let asked = CreateSubscription { total_count: Some(12), ..existing() };
    let played = play(&create(asked.clone()), &[(200, PLAN), (201, PENDING)]);
    assert_eq!(played.calls(), [READ_PLAN, SUBSCRIBE]);
    assert_eq!(
        sent_json(&played, 1)["plan"],
        json!({"billing_cycles": [{"sequence": 2, "total_cycles": 12}]})
    );
    for (status, body) in [(200, "{}"), (503, "")] {
        let played = play(&create(asked.clone()), &[(status, body)]);
        assert_eq!(rejected(played.outcome), (RejectionClass::Unavailable, "provider_error"));
    }
}

#[test]
fn what_paypal_cannot_do_is_refused_before_anything_is_sent() {
    let refused = |subscription: CreateSubscription| {
        let refusal = refuse(&Paypal, &create(subscription));
        (refusal.code, refusal.param)
    };
    let customer = Some(Customer { id: Some("cus_1".into()), ..Customer::default() });
    assert_eq!(
        refused(CreateSubscription { customer, ..existing() }),
        ("operation_not_supported", Some("customer.id"))
    );
    let one_way = CreateSubscription { return_url: Some("https://a.example".into()), ..existing() };
    assert_eq!(refused(one_way), ("missing_field", Some("cancel_url")));
    let other_way = CreateSubscription { cancel_url: Some("https://a.example".into()), ..existing() };
    assert_eq!(refused(other_way), ("missing_field", Some("return_url")));
    let endless = CreateSubscription { total_count: Some(1000), ..existing() };
    assert_eq!(refused(endless), ("invalid_field", Some("total_count")));
    assert_eq!(refused(to(SubscriptionPlan::Existing("a/b".into()))).0, "plan_not_found");
    let amount = |text: &str, code: &str| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    for (amount, code) in
        [(amount("5", "INR"), "unsupported_currency"), (amount("5.50", "HUF"), "amount_too_precise")]
    {
        assert_eq!(refused(to(SubscriptionPlan::New(NewPlan { amount, ..gold() }))).0, code);
    }
}

#[test]
fn a_plan_that_is_not_there_is_not_found_however_paypal_says_it() {
    for status in [400, 404, 422] {
        let body = unprocessable("INVALID_RESOURCE_ID");
        let played = play(&create(existing()), &[(status, &body)]);
        assert_eq!(rejected(played.outcome), (RejectionClass::NotFound, "plan_not_found"));
    }
}

#[test]
fn a_refused_subscription_is_rejected() {
    use RejectionClass::{Conflict, InvalidRequest, Refused};
    for (issue, expected) in [
        ("PLAN_STATUS_INVALID", (Conflict, "invalid_plan_state")),
        ("SUBSCRIPTION_CANNOT_HAVE_QUANTITY", (InvalidRequest, "operation_not_supported")),
        ("CURRENCY_MISMATCH", (InvalidRequest, "invalid_field")),
        ("USER_ACCOUNT_CLOSED", (Refused, "provider_rejected")),
    ] {
        let played = play(&create(existing()), &[(422, &unprocessable(issue))]);
        assert_eq!(rejected(played.outcome), expected, "{issue}");
    }
}

#[test]
fn a_call_in_front_that_fails_changes_nothing_and_the_last_is_unknown() {
    for (status, body) in [(500, "{}"), (503, "<html>"), (201, "{}"), (201, "<html>"), (302, "")] {
        let unavailable = (RejectionClass::Unavailable, "provider_error");
        assert_eq!(rejected(play(&create(new()), &[(status, body)]).outcome), unavailable);
        let second = play(&create(new()), &[(201, PRODUCT), (status, body)]);
        assert_eq!(rejected(second.outcome), unavailable);
        let last = play(&create(new()), &[(201, PRODUCT), (201, PLAN), (status, body)]);
        assert_eq!(last.outcome, Outcome::Unknown(Unknown::Unreadable { status }));
    }
}
