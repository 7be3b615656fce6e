//! Subscriptions: the calls that make one, and what the replies mean.

use domain::{
    CreateSubscription, Currency, Customer, Metadata, Money, NewPlan, NextAction, PlanInterval,
    RejectionClass, RetrySafety, Subscription, SubscriptionPlan, SubscriptionStatus, Timestamp, Unknown,
};
use serde_json::json;

use super::*;
use crate::stripe::Stripe;
use crate::stripe::samples::{
    changed, ended, fixture, form, get_subscription, header, plan, played, subscribe, subscription,
};
use crate::testing::{PROVIDER_KEY, refuse, reply};

const TRANSACTION: &str = "metadata[transaction_id]=txn_0000000000000000000000000b";
/// What prepares says the key and not the transaction, which another one may take up.
const KEY: &str = "metadata[gateway_key]=5f1c0c526a1e4f6f9a250f6f7b1f3d10";
const SUBSCRIPTION_ID: &str = "sub_1ExampleA";

#[track_caller]
pub(super) fn subscription_of(outcome: Outcome) -> Subscription {
    match outcome {
        Outcome::Executed(Resource::Subscription(subscription)) => subscription,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn rejection_of(outcome: Outcome) -> Rejection {
    match outcome {
        Outcome::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

fn client_secret(subscription: Subscription) -> Option<String> {
    subscription.next_action.map(|action| match action {
        NextAction::StripeClientSecret { client_secret, publishable_key } => {
            assert_eq!(publishable_key.as_deref(), Some("pk_test_public"));
            client_secret
        }
        other => panic!("{other:?}"),
    })
}

/// A subscription for nobody known, to a plan that is not there: three calls.
fn from_nothing() -> CreateSubscription {
    CreateSubscription { plan: SubscriptionPlan::New(plan()), customer: None, ..subscription() }
}

fn replies_from_nothing() -> [Reply; 3] {
    [fixture("customer"), fixture("price_recurring"), fixture("subscription_incomplete")]
}

#[test]
fn a_subscription_of_what_is_there_is_one_call() {
    let played = played(&subscribe(subscription()), &[fixture("subscription_incomplete")]);
    let [request] = &*played.requests else { panic!("{:?}", played.calls()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/subscriptions"));
    assert_eq!((request.effect, request.retry), (Effect::Write, RetrySafety::Keyed));
    assert_eq!(header(request, "idempotency-key"), Some(PROVIDER_KEY));
    assert_eq!(
        form(request),
        [
            "customer=cus_ExampleA",
            "items[0][price]=price_1ExampleA",
            "payment_behavior=default_incomplete",
            "payment_settings[save_default_payment_method]=on_subscription",
            "expand[0]=latest_invoice.payment_intent",
            TRANSACTION,
        ]
    );
    let told = subscription_of(played.outcome);
    assert_eq!(client_secret(told.clone()).as_deref(), Some("pi_3ExampleSub_secret_C"));
    assert_eq!(
        Subscription { next_action: None, ..told },
        Subscription {
            provider_subscription_id: SUBSCRIPTION_ID.to_owned(),
            plan_id: Some("price_1ExampleA".to_owned()),
            quantity: Some(2),
            status: SubscriptionStatus::Pending,
            is_trial: false,
            cancel_at_period_end: false,
            current_period_end: Some(Timestamp::from_unix_seconds(1_702_592_000)),
            next_action: None,
            provider_status: Some("incomplete".to_owned()),
        }
    );
}

#[test]
fn a_subscription_from_nothing_makes_customer_and_price_first_with_a_key_each() {
    let asked = CreateSubscription {
        quantity: Some(2),
        trial_days: Some(14),
        reference: Some("s-1".into()),
        metadata: Metadata::try_new(vec![("k".into(), "v".into())]).unwrap(),
        ..from_nothing()
    };
    let played = played(&subscribe(asked), &replies_from_nothing());
    assert_eq!(played.calls(), ["POST /v1/customers", "POST /v1/prices", "POST /v1/subscriptions"]);
    let [customer, price, subscription] = &*played.requests else { panic!() };
    // Stripe needs a customer, of whom nothing has to be known.
    assert_eq!(form(customer), [KEY]);
    assert_eq!(
        form(price),
        [
            "currency=usd",
            "unit_amount=1500",
            "product_data[name]=Tea",
            "recurring[interval]=month",
            "recurring[interval_count]=1",
            KEY,
        ]
    );
    assert_eq!(
        form(subscription),
        [
            "customer=cus_ExampleA",
            "items[0][price]=price_1ExampleA",
            "items[0][quantity]=2",
            "trial_period_days=14",
            "payment_behavior=default_incomplete",
            "payment_settings[save_default_payment_method]=on_subscription",
            "expand[0]=latest_invoice.payment_intent",
            "expand[1]=pending_setup_intent",
            TRANSACTION,
            "metadata[reference]=s-1",
            "metadata[k]=v",
        ]
    );
    assert_eq!((customer.effect, price.effect), (Effect::Prepare, Effect::Prepare));
    assert_eq!((customer.retry, price.retry), (RetrySafety::Keyed, RetrySafety::Keyed));
    let keys: Vec<_> =
        played.requests.iter().map(|request| header(request, "idempotency-key").unwrap()).collect();
    let expected = ["5f1c0c526a1e4f6f9a250f6f7b1f3x01", "5f1c0c526a1e4f6f9a250f6f7b1f3x02", PROVIDER_KEY];
    assert_eq!(keys, expected);
}

#[test]
fn a_customer_is_made_of_what_is_known_of_the_payer() {
    let customer = Customer {
        id: Some("".into()),
        email: Some("a@example.com".into()),
        phone: Some("+15558675310".into()),
        name: Some("é".repeat(300).into()),
    };
    let asked = CreateSubscription { customer: Some(customer), ..subscription() };
    let replies = [fixture("customer"), fixture("subscription_incomplete")];
    let played = played(&subscribe(asked), &replies);
    assert_eq!(played.calls(), ["POST /v1/customers", "POST /v1/subscriptions"]);
    let name = format!("name={}", "é".repeat(256));
    assert_eq!(form(&played.requests[0]), ["email=a@example.com", &name, "phone=+15558675310", KEY]);
}

#[test]
fn a_run_from_the_beginning_sends_the_same_calls() {
    let credentials = crate::stripe::tests::credentials();
    let context = crate::testing::context(&credentials);
    let mut exchange = crate::Adapter::plan(&Stripe, &subscribe(from_nothing())).unwrap();
    let mut run = |replies: &[Reply]| {
        let mut sent = Vec::new();
        let mut step = exchange.begin(&context);
        for reply in replies {
            let crate::Step::Call(request) = step else { panic!("{step:?}") };
            sent.push((request.path, request.body, request.headers));
            step = exchange.resume(&context, reply);
        }
        sent
    };
    let replies = replies_from_nothing();
    // Wherever the first run ends, the second repeats it to the letter.
    for calls in 1..=3 {
        let first = run(&replies[..calls]);
        let second = run(&replies);
        assert_eq!(first[..], second[..calls]);
    }
}

#[test]
fn without_customer_or_price_nothing_was_done_and_without_an_answer_nobody_knows() {
    let asked = subscribe(from_nothing());
    for (status, body) in [(500, ""), (409, "{}"), (200, "{}"), (200, "<html>")] {
        for before in [0, 1] {
            let mut replies: Vec<Reply> = replies_from_nothing().into_iter().take(before).collect();
            replies.push(reply(status, body));
            let refusal = rejection_of(ended(&asked, &replies));
            assert_eq!(refusal.class, RejectionClass::Unavailable, "{status} {body}");
        }
    }
    for (status, body) in [(500, ""), (409, "{}"), (200, "{}")] {
        let mut replies = replies_from_nothing();
        replies[2] = reply(status, body);
        assert_eq!(ended(&asked, &replies), Outcome::Unknown(Unknown::Unreadable { status }));
    }
}

#[test]
fn what_stripe_has_no_counterpart_for_is_refused_before_anything_is_sent() {
    let money = |text, code| Money::parse(text, Currency::parse(code).unwrap()).unwrap();
    let new = |plan| SubscriptionPlan::New(plan);
    let brackets = Metadata::try_new(vec![("a[b]".into(), "v".into())]).unwrap();
    let unsupported = "operation_not_supported";
    let cases = [
        (CreateSubscription { total_count: Some(12), ..subscription() }, unsupported, "total_count"),
        (
            CreateSubscription { return_url: Some("https://a.example".into()), ..subscription() },
            unsupported,
            "return_url",
        ),
        (
            CreateSubscription { cancel_url: Some("https://a.example".into()), ..subscription() },
            unsupported,
            "cancel_url",
        ),
        (
            CreateSubscription { plan: SubscriptionPlan::Existing("a/b".into()), ..subscription() },
            "plan_not_found",
            "plan_id",
        ),
        (CreateSubscription { metadata: brackets, ..subscription() }, "invalid_field", "metadata"),
        (
            CreateSubscription {
                plan: new(NewPlan { amount: money("5.124", "KWD"), ..plan() }),
                ..subscription()
            },
            "amount_too_precise",
            "amount",
        ),
        (
            CreateSubscription {
                plan: new(NewPlan { amount: money("1", "IQD"), ..plan() }),
                ..subscription()
            },
            "unsupported_currency",
            "currency",
        ),
    ];
    for (asked, code, param) in cases {
        let refusal = refuse(&Stripe, &subscribe(asked));
        assert_eq!((refusal.code, refusal.param), (code, Some(param)));
    }
    assert_eq!(refuse(&Stripe, &get_subscription("sub_1/x")).code, "subscription_not_found");
}

#[test]
fn at_most_three_years_lie_between_two_charges() {
    use PlanInterval::{Day, Month, Week, Year};
    for (interval, most, word) in
        [(Day, 1095, "day"), (Week, 156, "week"), (Month, 36, "month"), (Year, 3, "year")]
    {
        let asked = |interval_count| {
            let plan = SubscriptionPlan::New(NewPlan { interval, interval_count, ..plan() });
            subscribe(CreateSubscription { plan, ..subscription() })
        };
        let replies = [fixture("price_recurring"), fixture("subscription_incomplete")];
        let sent = form(&played(&asked(most), &replies).requests[0]);
        assert_eq!(
            sent[3..5],
            [format!("recurring[interval]={word}"), format!("recurring[interval_count]={most}")]
        );
        let refusal = refuse(&Stripe, &asked(most + 1));
        assert_eq!((refusal.code, refusal.param), ("invalid_field", Some("plan.interval_count")));
    }
}

#[test]
fn a_subscription_is_read_with_what_its_payer_has_to_confirm() {
    let played = played(&get_subscription(SUBSCRIPTION_ID), &[fixture("subscription_active")]);
    assert_eq!(
        played.calls(),
        [
            "GET /v1/subscriptions/sub_1ExampleA?expand%5B%5D=latest_invoice.payment_intent&expand%5B%5D=pending_setup_intent"
        ]
    );
    assert_eq!(played.requests[0].effect, Effect::Read);
    let told = subscription_of(played.outcome);
    assert_eq!((told.status, told.next_action), (SubscriptionStatus::Active, None));
}

#[track_caller]
fn read_changed(changes: &serde_json::Value) -> Subscription {
    let reply = changed("subscription_incomplete", changes);
    subscription_of(ended(&get_subscription(SUBSCRIPTION_ID), &[reply]))
}

#[test]
fn every_status_has_its_word() {
    for (word, expected) in [
        ("incomplete", SubscriptionStatus::Pending),
        ("incomplete_expired", SubscriptionStatus::Expired),
        ("trialing", SubscriptionStatus::Active),
        ("active", SubscriptionStatus::Active),
        ("past_due", SubscriptionStatus::PastDue),
        ("unpaid", SubscriptionStatus::Halted),
        ("paused", SubscriptionStatus::Paused),
        ("canceled", SubscriptionStatus::Canceled),
        ("resting", SubscriptionStatus::Unknown),
    ] {
        let told = read_changed(&json!({ "status": word }));
        assert_eq!((told.status, told.provider_status.as_deref()), (expected, Some(word)));
        assert_eq!(told.is_trial, word == "trialing");
        assert_eq!(told.next_action.is_some(), word == "incomplete", "{word}");
    }
}

#[test]
fn the_newer_shape_says_the_same() {
    let told = read_changed(&json!({
        "current_period_end": null,
        "items": {"data": [{"price": {"id": "price_9"}, "quantity": 3, "current_period_end": 1_702_592_001}]},
        "latest_invoice": {"id": "in_1", "confirmation_secret": {"client_secret": "pi_9_secret_N", "type": "payment_intent"}},
    }));
    assert_eq!(told.current_period_end, Some(Timestamp::from_unix_seconds(1_702_592_001)));
    assert_eq!((told.plan_id.as_deref(), told.quantity), (Some("price_9"), Some(3)));
    assert_eq!(client_secret(told).as_deref(), Some("pi_9_secret_N"));
}

#[test]
fn a_trial_hands_out_the_secret_that_collects_a_means_of_payment() {
    let trial = |status: &str| {
        read_changed(&json!({
            "status": "trialing",
            "latest_invoice": "in_1",
            "pending_setup_intent": {"id": "seti_1", "client_secret": "seti_1_secret_S", "status": status},
        }))
    };
    assert_eq!(client_secret(trial("requires_payment_method")).as_deref(), Some("seti_1_secret_S"));
    assert_eq!(client_secret(trial("succeeded")), None);
}

#[test]
fn nobody_is_asked_to_confirm_what_is_under_way() {
    let told = read_changed(&json!({
        "latest_invoice": {"payment_intent": {"client_secret": "pi_1_secret_P", "status": "processing"}},
    }));
    assert_eq!((told.status, told.next_action), (SubscriptionStatus::Pending, None));
}

#[test]
fn a_sparse_subscription_is_understood_and_one_without_an_id_is_not() {
    let sparse = subscription_of(ended(&get_subscription("sub_1"), &[reply(200, r#"{"id":"sub_1"}"#)]));
    assert_eq!((sparse.status, sparse.plan_id, sparse.quantity), (SubscriptionStatus::Unknown, None, None));
    let odd = r#"{"id":"sub_1","status":5,"items":"x","latest_invoice":[],"current_period_end":"soon"}"#;
    let odd = subscription_of(ended(&get_subscription("sub_1"), &[reply(200, odd)]));
    assert_eq!((odd.status, odd.current_period_end), (SubscriptionStatus::Unknown, None));
    let refusal = rejection_of(ended(&get_subscription("sub_1"), &[reply(200, "{}")]));
    assert_eq!(refusal.class, RejectionClass::Unavailable);
}
