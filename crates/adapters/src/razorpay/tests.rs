//! Razorpay as an adapter: what it plans, how it authorises, how it verifies; and what its other tests share.

use domain::{
    CancelOrder, CancelWhen, CaptureMode, CaptureOrder, CreateOrder, Currency, Customer, GetOrder, Metadata,
    Money, OperationKind, OrderOperation, RefundedPayment, SendSms, SmsOperation, SubscriptionPlan,
};

use super::*;
use crate::testing::{self, context, perform, refuse, reply};

mod amounts;
pub(super) mod operations;

use operations::{
    bank_account, create_link, end, existing_plan, get_link, get_payout, get_refund, get_subscription,
    give_back, link, of_order, pay_out, payout, refund, subscribe, subscription,
};

/// The order of every test.
pub(super) const ORDER_ID: &str = "order_RB58MiP5SPFYyM";

pub(super) fn credentials() -> Credentials {
    let fields = [
        ("key_id", "rzp_test_00000000000001"),
        ("key_secret", "thisissecret"),
        ("account_number", "7878780080316316"),
    ];
    testing::credentials("razorpay", &fields)
}

pub(super) fn inr(text: &str) -> Money {
    Money::parse(text, Currency::INR).unwrap()
}

pub(super) fn order() -> CreateOrder {
    CreateOrder {
        amount: inr("500.00"),
        description: None,
        customer: None,
        capture: CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn create(order: CreateOrder) -> Operation {
    Operation::Order(OrderOperation::Create(order))
}

pub(super) fn get(id: &str) -> Operation {
    Operation::Order(OrderOperation::Get(GetOrder { provider_order_id: id.into(), created_by: None }))
}

pub(super) fn capture(amount: Option<Money>) -> Operation {
    Operation::Order(OrderOperation::Capture(CaptureOrder { provider_order_id: ORDER_ID.into(), amount }))
}

#[test]
fn what_razorpay_cannot_do_is_refused_before_anything_is_sent() {
    let cancel = Operation::Order(OrderOperation::Cancel(CancelOrder { provider_order_id: ORDER_ID.into() }));
    let sms = Operation::Sms(SmsOperation::Send(SendSms {
        to: "+919999999999".into(),
        message: "hello".into(),
        from: None,
        reference: None,
        metadata: Metadata::default(),
    }));
    for operation in [cancel, sms] {
        let refusal = refuse(&Razorpay, &operation);
        assert_eq!(
            (refusal.class, refusal.code),
            (RejectionClass::InvalidRequest, "operation_not_supported")
        );
        assert!(Razorpay.descriptor().operation(operation.kind()).is_none());
    }
}

fn everything() -> [Operation; 12] {
    [
        create(order()),
        get(ORDER_ID),
        capture(None),
        give_back(refund(of_order(), None)),
        get_refund("rfnd_1"),
        subscribe(subscription(existing_plan())),
        get_subscription("sub_1"),
        end("sub_1", CancelWhen::AtOnce),
        create_link(link()),
        get_link("plink_1"),
        pay_out(payout(bank_account())),
        get_payout("pout_1"),
    ]
}

#[test]
fn every_operation_of_the_descriptor_is_planned() {
    for operation in everything() {
        assert!(Razorpay.descriptor().operation(operation.kind()).is_some());
        assert!(Razorpay.plan(&operation).is_ok());
    }
    // And the passthrough's two, which are planned for all alike.
    assert_eq!(Razorpay.descriptor().operations.len(), everything().len() + 2);
}

#[test]
fn every_write_is_looked_up_and_no_read_is() {
    for operation in everything() {
        // A payout's key tells: a repeat is its look-up.
        let is_write = operation.kind().has_side_effect() && operation.kind() != OperationKind::PayoutsCreate;
        assert_eq!(Razorpay.look_up(&operation).is_some(), is_write, "{operation:?}");
    }
    let nowhere = CaptureOrder { provider_order_id: "a/b".into(), amount: None };
    let payment = RefundedPayment::Payment { provider_payment_id: "a/b".into() };
    for operation in [
        Operation::Order(OrderOperation::Capture(nowhere)),
        give_back(refund(payment, None)),
        end("a/b", CancelWhen::AtOnce),
    ] {
        assert!(Razorpay.look_up(&operation).is_none());
    }
}

#[test]
fn an_id_that_is_none_is_not_found_and_not_sent() {
    let order = RefundedPayment::OfOrder { provider_order_id: "../x".into() };
    let payment = RefundedPayment::Payment { provider_payment_id: "".into() };
    for (operation, code) in [
        (get("../payments"), "order_not_found"),
        (give_back(refund(order, None)), "order_not_found"),
        (give_back(refund(payment, None)), "payment_not_found"),
        (get_refund("a?b"), "refund_not_found"),
        (subscribe(subscription(SubscriptionPlan::Existing("a b".into()))), "plan_not_found"),
        (get_subscription("a/b"), "subscription_not_found"),
        (end("a/b", CancelWhen::AtPeriodEnd), "subscription_not_found"),
        (get_link("a/b"), "payment_link_not_found"),
        (get_payout("a/b"), "payout_not_found"),
    ] {
        let refusal = refuse(&Razorpay, &operation);
        assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, code));
    }
}

#[test]
fn payouts_are_made_in_rupees_and_all_else_in_what_razorpay_counts() {
    let takes = Razorpay.descriptor().takes_currency;
    for kind in [OperationKind::RefundsCreate, OperationKind::PaymentLinksCreate] {
        assert!(takes(kind, Currency::INR) && takes(kind, Currency::USD));
    }
    assert!(takes(OperationKind::PayoutsCreate, Currency::INR));
    assert!(!takes(OperationKind::PayoutsCreate, Currency::USD));
}

#[test]
fn a_call_carries_the_key_pair_as_basic_authentication() {
    let mut request = request::get("/v1/orders".to_owned());
    Razorpay.authorize(&mut request, &credentials(), None);
    let expected = "Basic cnpwX3Rlc3RfMDAwMDAwMDAwMDAwMDE6dGhpc2lzc2VjcmV0";
    assert_eq!(request.authorization.as_ref().map(Secret::expose), Some(expected));
    assert!(!format!("{request:?} {:?}", credentials()).contains("thisissecret"));
    assert!(!format!("{request:?}").contains("cnpw"));
}

#[test]
fn a_personal_field_does_not_show_in_a_request() {
    let customer = Customer { email: Some("payer@example.com".into()), ..Customer::default() };
    let order = CreateOrder { customer: Some(customer), description: Some("private".into()), ..order() };
    let credentials = credentials();
    let replies = [reply(200, include_str!("../../fixtures/razorpay/order_created.json"))];
    let played = perform(&Razorpay, &create(order), &context(&credentials), &replies);
    let shown = format!("{:?}", played.requests);
    assert!(!shown.contains("private") && !shown.contains("payer@example.com"), "{shown}");
}

#[test]
fn razorpay_works_without_tokens() {
    assert!(Razorpay.token_request(&credentials()).is_none());
    assert!(Razorpay.read_token(&reply(200, "{}")).is_err());
    assert!(!Razorpay.refuses_token(&reply(401, "{}")));
}

#[test]
fn credentials_are_verified_by_a_read_of_orders() {
    let request = Razorpay.verification(&credentials());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/orders?count=1"));
    assert_eq!(Razorpay.read_verification(&reply(200, r#"{"items":[]}"#)), Ok(()));
    let class = |status, body| Razorpay.read_verification(&reply(status, body)).unwrap_err().class;
    let wrong = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}"#;
    let invalid = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"The api key provided is invalid"}}"#;
    assert_eq!(class(401, wrong), RejectionClass::Credentials);
    assert_eq!(class(400, invalid), RejectionClass::Credentials);
    assert_eq!(class(401, ""), RejectionClass::Credentials);
    for status in [404, 429, 500, 502] {
        assert_eq!(class(status, "<html>"), RejectionClass::Unavailable, "{status}");
    }
}

#[test]
fn every_sufficient_field_is_a_field() {
    let descriptor = Razorpay.descriptor();
    for field in descriptor.sufficient.iter().copied().flatten() {
        assert!(descriptor.credential(field).is_some(), "{field}");
    }
    assert!(descriptor.credential("key_secret").unwrap().is_secret);
    assert!(descriptor.operation(OperationKind::OrdersCancel).is_none());
}
