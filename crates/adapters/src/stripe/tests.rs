//! Stripe as an adapter: what it plans, how it authorises, how it verifies; and what its other tests share.

use domain::{
    CancelOrder, CancelWhen, CaptureMode, CaptureOrder, CreateOrder, Currency, GetOrder, GetSms, Metadata,
    Money, OrderOperation, RejectionClass, SmsOperation,
};

use super::*;
use crate::testing::{self, refuse, reply};

pub(super) const ORDER_ID: &str = "pi_3ExampleAAA";

pub(super) fn credentials() -> Credentials {
    testing::credentials("stripe", &[("secret_key", "sk_test_secret"), ("publishable_key", "pk_test_public")])
}

pub(super) fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

pub(super) fn order() -> CreateOrder {
    CreateOrder {
        amount: usd("20.00"),
        description: None,
        customer: None,
        capture: CaptureMode::Automatic,
        return_url: Some("https://shop.example/return".into()),
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

pub(super) fn cancel() -> Operation {
    Operation::Order(OrderOperation::Cancel(CancelOrder { provider_order_id: ORDER_ID.into() }))
}

#[test]
fn text_messages_are_refused_before_anything_is_sent() {
    let refusal =
        refuse(&Stripe, &Operation::Sms(SmsOperation::Get(GetSms { provider_message_id: "x".into() })));
    assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "operation_not_supported"));
    assert_eq!(refuse(&Stripe, &get("pi_1/../../account")).code, "order_not_found");
}

#[test]
fn every_operation_of_the_descriptor_is_planned_and_none_needs_a_look_up() {
    let operations = [
        create(order()),
        get(ORDER_ID),
        capture(None),
        cancel(),
        samples::refund(samples::order_refund()),
        samples::get_refund("re_1"),
        samples::subscribe(samples::subscription()),
        samples::get_subscription("sub_1"),
        samples::end_subscription(CancelWhen::AtOnce),
        samples::create_link(samples::link()),
        samples::get_link("plink_1"),
        samples::pay_out(samples::payout(samples::own_account(None))),
        samples::get_payout("po_1"),
    ];
    for operation in &operations {
        assert!(Stripe.descriptor().operation(operation.kind()).is_some());
        assert!(Stripe.plan(operation).is_ok());
        assert!(Stripe.look_up(operation).is_none());
    }
    // And the passthrough's two, which are planned for all alike.
    assert_eq!(Stripe.descriptor().operations.len(), operations.len() + 2);
}

#[test]
fn a_call_carries_the_secret_key_as_bearer_and_does_not_show_it() {
    let mut request = request::get("/v1/account".to_owned());
    Stripe.authorize(&mut request, &credentials(), None);
    assert_eq!(request.authorization.as_ref().map(Secret::expose), Some("Bearer sk_test_secret"));
    assert!(!format!("{request:?} {:?}", credentials()).contains("sk_test_secret"));
}

#[test]
fn stripe_works_without_tokens() {
    assert!(Stripe.token_request(&credentials()).is_none());
    assert!(Stripe.read_token(&reply(200, "{}")).is_err());
    assert!(!Stripe.refuses_token(&reply(401, "{}")));
}

#[test]
fn a_key_is_verified_by_a_read_of_the_account() {
    let request = Stripe.verification(&credentials());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/account"));
    assert_eq!(request.headers, [(calls::STRIPE_VERSION, "2023-08-16".to_owned())]);
    assert_eq!(Stripe.read_verification(&reply(200, "{}")), Ok(()));
    // A restricted key is a good key.
    assert_eq!(
        Stripe.read_verification(&reply(403, r#"{"error":{"type":"invalid_request_error"}}"#)),
        Ok(())
    );
    let class = |status, body| Stripe.read_verification(&reply(status, body)).unwrap_err().class;
    let invalid =
        r#"{"error":{"message":"Invalid API Key provided: sk_test_***1234","type":"invalid_request_error"}}"#;
    assert_eq!(class(401, invalid), RejectionClass::Credentials);
    let publishable = r#"{"error":{"code":"secret_key_required","type":"invalid_request_error"}}"#;
    assert_eq!(class(400, publishable), RejectionClass::Credentials);
    for status in [302, 404, 409, 429, 500] {
        assert_eq!(class(status, "<html>"), RejectionClass::Unavailable, "{status}");
    }
}

#[test]
fn every_sufficient_field_is_a_field() {
    let descriptor = Stripe.descriptor();
    for field in descriptor.sufficient.iter().copied().flatten() {
        assert!(descriptor.credential(field).is_some(), "{field}");
    }
    assert!(!descriptor.credential("publishable_key").unwrap().is_secret);
}
