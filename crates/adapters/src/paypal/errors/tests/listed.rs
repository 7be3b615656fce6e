//! Every error that PayPal's specifications and pages list for the calls that are made, through the whole adapter.

use std::collections::BTreeSet;

use domain::{
    AmountNumber, CancelSubscription, CancelWhen, CreatePaymentLink, CreatePayout, CreateRefund,
    CreateSubscription, GetPaymentLink, GetPayout, GetRefund, GetSubscription, Metadata, NewPlan, Operation,
    PaymentLinkOperation, PayoutDestination, PayoutOperation, PlanInterval, RefundAmount, RefundOperation,
    RefundedPayment, SubscriptionOperation, SubscriptionPlan,
};
use serde_json::Value;

use super::*;
use crate::paypal::Paypal;
use crate::paypal::tests::{ORDER_ID, cancel, capture, create, credentials, get, order, usd};
use crate::testing::context;
use crate::{Adapter as _, Step};

const ERRORS: &str = include_str!("../../../../fixtures/paypal/errors.json");

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../fixtures/paypal/", $name, ".json"))
    };
}

/// An operation, the answers before the refused call, and the answer to every call after it.
struct Scene {
    operation: Operation,
    before: Vec<(u16, String)>,
    after: &'static str,
}

fn scene(operation: Operation, before: &[&str], after: &'static str) -> Scene {
    let before = before.iter().map(|body| (200, (*body).to_owned())).collect();
    Scene { operation, before, after }
}

fn refund(amount: RefundAmount) -> Operation {
    Operation::Refund(RefundOperation::Create(CreateRefund {
        payment: RefundedPayment::Payment { provider_payment_id: "3C6".into() },
        amount: Some(amount),
        reason: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn subscribe(plan: SubscriptionPlan, total_count: Option<u32>) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(CreateSubscription {
        plan,
        customer: None,
        quantity: None,
        total_count,
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn existing_plan() -> SubscriptionPlan {
    SubscriptionPlan::Existing("P-1".into())
}

fn new_plan() -> SubscriptionPlan {
    SubscriptionPlan::New(NewPlan {
        name: "Gold".into(),
        amount: usd("10"),
        interval: PlanInterval::Month,
        interval_count: 1,
    })
}

fn link() -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(CreatePaymentLink {
        amount: usd("100"),
        description: "Order 42".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn payout() -> Operation {
    Operation::Payout(PayoutOperation::Create(CreatePayout {
        amount: usd("25"),
        destination: PayoutDestination::Email { address: "payee@example.com".into() },
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn cancel_subscription() -> Operation {
    Operation::Subscription(SubscriptionOperation::Cancel(CancelSubscription {
        provider_subscription_id: "I-1".into(),
        when: CancelWhen::AtOnce,
    }))
}

fn get_subscription() -> Operation {
    Operation::Subscription(SubscriptionOperation::Get(GetSubscription {
        provider_subscription_id: "I-1".into(),
    }))
}

fn get_link() -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id: "INV2-1".into() }))
}

fn scene_of(call: &str) -> Scene {
    match call {
        "orders.create" => scene(create(order()), &[], ""),
        "orders.get" => scene(get(ORDER_ID), &[], ""),
        "orders.capture" => scene(capture(None), &[fixture!("order_approved")], fixture!("order_approved")),
        "orders.authorize" => {
            let approved = fixture!("order_approved_to_authorize");
            scene(capture(None), &[approved], approved)
        }
        "authorizations.capture" => {
            scene(capture(None), &[fixture!("order_authorized")], fixture!("order_authorized"))
        }
        "authorizations.void" => {
            scene(cancel(), &[fixture!("order_authorized")], fixture!("order_authorized"))
        }
        "refunds.create" => scene(refund(RefundAmount::Money(usd("1"))), &[], ""),
        "refunds.get" => {
            let get = GetRefund { provider_refund_id: "1JU".into() };
            scene(Operation::Refund(RefundOperation::Get(get)), &[], "")
        }
        "captures.get" => scene(refund(RefundAmount::Number(AmountNumber::parse("1").unwrap())), &[], ""),
        "products.create" => scene(subscribe(new_plan(), None), &[], ""),
        "plans.create" => scene(subscribe(new_plan(), None), &[fixture!("product")], ""),
        "plans.get" => scene(subscribe(existing_plan(), Some(3)), &[], ""),
        "subscriptions.create" => scene(subscribe(existing_plan(), None), &[], ""),
        "subscriptions.get" => scene(get_subscription(), &[], ""),
        "subscriptions.cancel" => scene(cancel_subscription(), &[], fixture!("subscription_active")),
        "invoices.create" => scene(link(), &[], fixture!("invoices_none")),
        "invoices.send" => scene(link(), &[fixture!("invoice_draft")], fixture!("invoice_draft")),
        "invoices.get" => scene(get_link(), &[], ""),
        "invoices.search" => {
            let before = vec![(422, unprocessable("DUPLICATE_INVOICE_NUMBER"))];
            Scene { operation: link(), before, after: "" }
        }
        "payouts.create" => scene(payout(), &[], ""),
        "payouts.get" => {
            let get = GetPayout { provider_payout_id: "5UX".into() };
            scene(Operation::Payout(PayoutOperation::Get(get)), &[], "")
        }
        other => panic!("no scene for {other}"),
    }
}

fn outcome_of(scene: &Scene, refused: Reply) -> Outcome {
    let credentials = credentials();
    let context = context(&credentials);
    let mut exchange = Paypal.plan(&scene.operation).unwrap();
    let before = scene.before.iter().map(|(status, body)| reply(*status, body));
    let mut replies: Vec<Reply> = before.chain([refused]).rev().collect();
    let mut step = exchange.begin(&context);
    loop {
        match step {
            Step::Call(_) => {
                let next = replies.pop().unwrap_or_else(|| reply(200, scene.after));
                step = exchange.resume(&context, &next);
            }
            Step::Done(outcome) => {
                assert!(replies.is_empty(), "the refused call was never made");
                return outcome;
            }
        }
    }
}

/// Returns the words by which an error is known: its issue, or its name where it has none.
fn word(body: &Value) -> &str {
    body.pointer("/details/0/issue").unwrap_or(&body["name"]).as_str().unwrap()
}

#[test]
fn every_listed_error_has_its_class_and_code() {
    let errors: Value = serde_json::from_str(ERRORS).unwrap();
    let cases = errors["cases"].as_array().unwrap();
    assert!(cases.len() > 450, "{}", cases.len());
    for case in cases {
        let (call, body) = (case["operation"].as_str().unwrap(), &case["body"]);
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let outcome = outcome_of(&scene_of(call), reply(status, &body.to_string()));
        let told = match &outcome {
            Outcome::Rejected(refusal) => {
                if refusal.class != RejectionClass::Unavailable {
                    assert_eq!(refusal.provider_code.as_deref(), Some(word(body)), "{call} {status}");
                    assert!(refusal.provider_message.is_some(), "{call} {status} {}", word(body));
                }
                (format!("{:?}", refusal.class), Some(refusal.code), refusal.param)
            }
            Outcome::Executed(_) => ("executed".to_owned(), None, None),
            Outcome::Unknown(_) => ("unknown".to_owned(), None, None),
            Outcome::NotSent(_) => ("not_sent".to_owned(), None, None),
        };
        let expected =
            (case["class"].as_str().unwrap().to_owned(), case["code"].as_str(), case["param"].as_str());
        assert_eq!(told, expected, "{call} {status} {}", word(body));
    }
}

#[test]
fn the_listed_codes_are_covered() {
    let errors: Value = serde_json::from_str(ERRORS).unwrap();
    let listed: BTreeSet<&str> =
        errors["listed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let cases = errors["cases"].as_array().unwrap();
    let covered: BTreeSet<&str> = cases.iter().map(|case| word(&case["body"])).collect();
    let missing: Vec<&&str> = listed.difference(&covered).collect();
    assert!(listed.len() > 200, "{}", listed.len());
    assert!(missing.len() * 20 <= listed.len(), "not covered: {missing:?}");
}
