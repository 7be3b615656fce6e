//! What PayPal's adapter is as a whole, and what its tests share.

use domain::{
    Authentication, CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Currency, Environment, Feature,
    GetOrder, Metadata, Money, OperationKind, OrderOperation, OrderStatus, Outcome, RejectionClass, Resource,
    RetrySafety, SendSms, SmsOperation,
};

use super::*;
use crate::testing::{self, Played, context, perform, refuse, reply};

/// The order of every test.
pub(super) const ORDER_ID: &str = "5O190127TN364715T";
/// Its authorisation.
pub(super) const AUTHORIZATION_ID: &str = "0VF52814937998046";

pub(super) fn credentials() -> Credentials {
    testing::credentials("paypal", &[("client_id", "AClient"), ("client_secret", "ESecret")])
}

pub(super) fn usd(text: &str) -> Money {
    Money::parse(text, Currency::USD).unwrap()
}

pub(super) fn order() -> CreateOrder {
    CreateOrder {
        amount: usd("100.00"),
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

pub(super) fn cancel() -> Operation {
    Operation::Order(OrderOperation::Cancel(CancelOrder { provider_order_id: ORDER_ID.into() }))
}

/// Performs an operation against replies of status and body.
#[track_caller]
pub(super) fn play(operation: &Operation, replies: &[(u16, &str)]) -> Played {
    let credentials = credentials();
    let replies: Vec<Reply> = replies.iter().map(|(status, body)| reply(*status, body)).collect();
    perform(&Paypal, operation, &context(&credentials), &replies)
}

/// Returns an error body with this name and issue.
pub(super) fn refusal_body(name: &str, issue: &str) -> String {
    format!(
        r#"{{"name":"{name}","message":"No.","debug_id":"90957fca61718","details":[{{"issue":"{issue}","description":"Because."}}],"links":[]}}"#
    )
}

/// Returns an error body of a business rule.
pub(super) fn unprocessable(issue: &str) -> String {
    refusal_body("UNPROCESSABLE_ENTITY", issue)
}

/// Returns the value of a call's idempotency key.
pub(super) fn key(request: &Request) -> Option<&str> {
    let header = request.headers.iter().find(|(name, _)| name.as_str() == "paypal-request-id");
    header.map(|(_, value)| value.as_str())
}

/// Fails unless two plays sent the same bytes.
#[track_caller]
pub(super) fn assert_same_bytes(first: &Played, second: &Played) {
    assert_eq!(first.requests.len(), second.requests.len());
    for (first, second) in first.requests.iter().zip(&second.requests) {
        assert_eq!((&first.path, &first.body, &first.headers), (&second.path, &second.body, &second.headers));
    }
}

#[track_caller]
pub(super) fn told(outcome: Outcome) -> domain::Order {
    match outcome {
        Outcome::Executed(Resource::Order(order)) => order,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn status(outcome: Outcome) -> OrderStatus {
    told(outcome).status
}

#[track_caller]
pub(super) fn rejected(outcome: Outcome) -> (RejectionClass, &'static str) {
    match outcome {
        Outcome::Rejected(refusal) => (refusal.class, refusal.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_descriptor_says_what_paypal_is() {
    let descriptor = Paypal.descriptor();
    assert_eq!(descriptor.id.as_str(), "paypal");
    assert_eq!(descriptor.base_urls.of(Environment::Test), "https://api-m.sandbox.paypal.com");
    assert_eq!(descriptor.base_urls.of(Environment::Live), "https://api-m.paypal.com");
    assert_eq!(descriptor.authentication, Authentication::Token);
    assert_eq!(
        descriptor.features().collect::<Vec<_>>(),
        [Feature::Payments, Feature::Subscriptions, Feature::PaymentLinks, Feature::Payouts, Feature::Proxy]
    );
    let retry = |kind| descriptor.operation(kind).map(|operation| operation.retry);
    assert_eq!(retry(OperationKind::OrdersCreate), Some(RetrySafety::Keyed));
    assert_eq!(retry(OperationKind::OrdersCapture), Some(RetrySafety::Keyed));
    assert_eq!(retry(OperationKind::OrdersCancel), Some(RetrySafety::Harmless));
    assert_eq!(retry(OperationKind::OrdersGet), Some(RetrySafety::Harmless));
    for keyed in
        [OperationKind::RefundsCreate, OperationKind::SubscriptionsCreate, OperationKind::PayoutsCreate]
    {
        assert_eq!(retry(keyed), Some(RetrySafety::Keyed));
    }
    assert_eq!(retry(OperationKind::SubscriptionsCancel), Some(RetrySafety::Harmless));
    assert_eq!(retry(OperationKind::PaymentLinksCreate), Some(RetrySafety::LookUpFirst));
    assert_eq!(retry(OperationKind::SmsSend), None);
    let fields = descriptor.sufficient.iter().flat_map(|set| set.iter());
    assert!(fields.clone().count() > 0);
    assert!(fields.into_iter().all(|field| descriptor.credential(field).is_some()));
}

#[test]
fn a_text_message_is_refused_before_anything_is_sent() {
    let sms = Operation::Sms(SmsOperation::Send(SendSms {
        to: "+15558675310".into(),
        message: "hello".into(),
        from: None,
        reference: None,
        metadata: Metadata::default(),
    }));
    let refusal = refuse(&Paypal, &sms);
    assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "operation_not_supported"));
}

#[test]
fn every_operation_on_orders_is_its_own_look_up() {
    for operation in [create(order()), get(ORDER_ID), capture(None), cancel()] {
        assert!(Paypal.look_up(&operation).is_none());
    }
}

#[test]
fn an_id_that_would_change_the_path_is_not_found_and_not_sent() {
    for id in ["", "..", "../payments/x", "a/b", "a?b=c", "a#b", "a%2Fb", "a b", "é"] {
        let ids = || id.into();
        let operations = [
            OrderOperation::Get(GetOrder { provider_order_id: ids(), created_by: None }),
            OrderOperation::Capture(CaptureOrder { provider_order_id: ids(), amount: None }),
            OrderOperation::Cancel(CancelOrder { provider_order_id: ids() }),
        ];
        for operation in operations {
            let refusal = refuse(&Paypal, &Operation::Order(operation));
            assert_eq!((refusal.class, refusal.code), (RejectionClass::NotFound, "order_not_found"), "{id}");
        }
    }
}

#[test]
fn calls_carry_the_token_and_nothing_without_one() {
    let credentials = credentials();
    let mut request = request::get(format!("/v2/checkout/orders/{ORDER_ID}"));
    Paypal.authorize(&mut request, &credentials, Some(&Secret::new("A21AA")));
    assert_eq!(request.authorization.as_ref().map(Secret::expose), Some("Bearer A21AA"));
    assert!(!format!("{request:?}").contains("A21AA"));
    Paypal.authorize(&mut request, &credentials, None);
    assert_eq!(request.authorization, None);
}
