//! Refunds, subscriptions, payment links and payouts against the fixtures of Razorpay's libraries. It refuses fields that it
//! does not know: each one sent must be one that its libraries send or read.

use domain::{
    CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription, Currency, GetPaymentLink, GetPayout,
    GetRefund, GetSubscription, Metadata, Money, NewPlan, Operation, Outcome, PaymentLinkOperation,
    PayoutDestination, PayoutOperation, PlanInterval, RefundOperation, RefundedPayment, Request, Resource,
    SubscriptionOperation, SubscriptionPlan, Timestamp,
};
use serde_json::Value;

use super::{SDKS, fixtures, play};
use crate::specs;

const PYTHON: &str = SDKS[0];
const GO: &str = SDKS[1];

fn inr(text: &str) -> Money {
    Money::parse(text, Currency::INR).unwrap()
}

fn sent(operation: &Operation) -> Value {
    let fields = [("key_id", "rzp_test_x"), ("key_secret", "y"), ("account_number", "7878780080316316")];
    let credentials = specs::credentials("razorpay", &fields);
    let request: Request = specs::first_call("razorpay", operation, &specs::context(&credentials));
    serde_json::from_slice(&request.body).unwrap()
}

/// Fails on a field that is neither one of `known` nor one of `others`.
#[track_caller]
fn check_fields(sent: &Value, known: &Value, others: &[&str]) {
    for field in sent.as_object().unwrap().keys() {
        assert!(known.get(field).is_some() || others.contains(&field.as_str()), "{field} in {sent}");
    }
}

#[track_caller]
fn told(operation: &Operation, reply: &Value) -> Resource {
    match play(operation, &[(200, reply)]) {
        Outcome::Executed(resource) => resource,
        other => panic!("{other:?}"),
    }
}

fn link() -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(CreatePaymentLink {
        amount: inr("500"),
        description: "Invoice 42".into(),
        customer: Some(domain::Customer { email: Some("payer@example.com".into()), ..Default::default() }),
        expires_at: Some(Timestamp::from_unix_seconds(1_756_555_561)),
        return_url: Some("https://shop.example/return".into()),
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn subscription(plan: SubscriptionPlan) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(CreateSubscription {
        plan,
        customer: None,
        quantity: Some(2),
        total_count: Some(6),
        trial_days: Some(3),
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

#[test]
fn every_field_sent_is_one_that_razorpays_libraries_know() {
    let Some(fixtures) = fixtures() else { return };
    let fixture = |sdk: &str, name: &str| &fixtures[format!("{sdk}{name}.json")];
    let body = sent(&link());
    check_fields(&body, fixture(PYTHON, "init_payment_link"), &[]);
    check_fields(&body["customer"], &fixture(PYTHON, "init_payment_link")["customer"], &[]);
    check_fields(&body["notify"], &fixture(PYTHON, "init_payment_link")["notify"], &[]);

    check_fields(
        &sent(&subscription(SubscriptionPlan::Existing("plan_1".into()))),
        fixture(GO, "fake_subscription"),
        &[],
    );
    let plan =
        NewPlan { name: "Tea".into(), amount: inr("699"), interval: PlanInterval::Week, interval_count: 1 };
    let body = sent(&subscription(SubscriptionPlan::New(plan)));
    check_fields(&body, fixture(GO, "fake_plan"), &[]);
    check_fields(&body["item"], &fixture(GO, "fake_plan")["item"], &[]);

    let refund = CreateRefund {
        payment: RefundedPayment::Payment { provider_payment_id: "pay_1".into() },
        amount: None,
        reason: Some("returned".into()),
        reference: None,
        metadata: Metadata::default(),
    };
    check_fields(
        &sent(&Operation::Refund(RefundOperation::Create(refund))),
        fixture(PYTHON, "fake_refund"),
        &[],
    );

    let payout = CreatePayout {
        amount: inr("1000"),
        destination: PayoutDestination::BankAccount {
            name: "A Payee".into(),
            account_number: "1121431121541121".into(),
            ifsc: "HDFC0001234".into(),
        },
        purpose: None,
        narration: Some("Shop payout".into()),
        reference: None,
        metadata: Metadata::default(),
    };
    let body = sent(&Operation::Payout(PayoutOperation::Create(payout)));
    check_fields(&body, fixture(GO, "fake_payout"), &["account_number", "fund_account"]);
    let account = fixture(GO, "fake_fund_account");
    check_fields(&body["fund_account"], account, &["contact"]);
    check_fields(&body["fund_account"]["bank_account"], &account["bank_account"], &[]);
}

#[test]
fn the_refunds_of_razorpays_libraries_are_understood() {
    let Some(fixtures) = fixtures() else { return };
    let get = Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id: "rfnd_1".into() }));
    for (sdk, amount, status) in [(PYTHON, "3001", "succeeded"), (GO, "20", "unknown")] {
        let refund = told(&get, &fixtures[format!("{sdk}fake_refund.json")]);
        assert_eq!((refund.amount(), refund.status()), (Some(inr(amount)), status));
    }
}

#[test]
fn the_subscriptions_of_razorpays_libraries_are_understood() {
    let Some(fixtures) = fixtures() else { return };
    let get = GetSubscription { provider_subscription_id: "sub_1".into() };
    let get = Operation::Subscription(SubscriptionOperation::Get(get));
    for (name, status) in [
        (format!("{PYTHON}fake_subscription.json"), "active"),
        (format!("{PYTHON}fake_subscription_cancelled.json"), "canceled"),
        (format!("{PYTHON}fake_subscription_paused.json"), "paused"),
        (format!("{PYTHON}fake_subscription_resumed.json"), "active"),
        (format!("{GO}fake_subscription.json"), "pending"),
    ] {
        let subscription = told(&get, &fixtures[&name]);
        assert_eq!(subscription.status(), status, "{name}");
        let Resource::Subscription(subscription) = subscription else { panic!() };
        assert!(subscription.plan_id.is_some_and(|id| id.starts_with("plan_")));
        assert_eq!(subscription.next_action.is_some(), status == "pending");
    }
}

#[test]
fn the_payment_links_of_razorpays_libraries_are_understood() {
    let Some(fixtures) = fixtures() else { return };
    let get = GetPaymentLink { provider_link_id: "plink_1".into() };
    let get = Operation::PaymentLink(PaymentLinkOperation::Get(get));
    for (name, amount, status) in [
        (format!("{PYTHON}fake_payment_link.json"), "1", "paid"),
        (format!("{PYTHON}cancel_payment_link.json"), "1", "canceled"),
        (format!("{PYTHON}edit_payment_link.json"), "1", "paid"),
        (format!("{GO}fake_paymentlink.json"), "10", "active"),
    ] {
        let link = told(&get, &fixtures[&name]);
        assert_eq!((link.amount(), link.status()), (Some(inr(amount)), status), "{name}");
    }
}

#[test]
fn the_payouts_of_razorpays_library_are_understood() {
    let Some(fixtures) = fixtures() else { return };
    let get = Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id: "pout_1".into() }));
    let payout = told(&get, &fixtures[format!("{GO}fake_payout.json")]);
    assert_eq!((payout.amount(), payout.status()), (Some(inr("10000")), "paid"));
    let Resource::Payout(payout) = payout else { panic!() };
    assert_eq!((payout.fee, payout.failure_reason), (Some(Money::zero(Currency::INR)), None));
}
