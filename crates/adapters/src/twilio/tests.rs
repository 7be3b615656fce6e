//! What Twilio's adapter is as a whole, and what its tests share.

use domain::{
    Authentication, Currency, Environment, Feature, GetOrder, GetSms, Metadata, OperationKind,
    OrderOperation, Outcome, RejectionClass, Resource, RetrySafety, SendSms, SmsOperation,
};

use super::*;
use crate::testing::{self, Played, context, perform, refuse, reply};

pub(super) const ACCOUNT: &str = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d";
pub(super) const MESSAGE: &str = "SM9f8e7d6c9f8e7d6c9f8e7d6c9f8e7d6c";
pub(super) const POOL: &str = "MG5a5b5c5d5a5b5c5d5a5b5c5d5a5b5c5d";

/// Returns credentials of an account with its token, and these fields besides.
pub(super) fn credentials_and(fields: &[(&'static str, &str)]) -> Credentials {
    let account = [("account_sid", ACCOUNT), ("auth_token", "thisissecret")];
    testing::credentials("twilio", &[&account[..], fields].concat())
}

/// Returns credentials with a sender number.
pub(super) fn credentials() -> Credentials {
    credentials_and(&[("from_number", "+15005550006")])
}

pub(super) fn sms() -> SendSms {
    SendSms {
        to: "+15558675310".into(),
        message: "Your code is 123456".into(),
        from: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(super) fn send(sms: SendSms) -> Operation {
    Operation::Sms(SmsOperation::Send(sms))
}

pub(super) fn get(id: &str) -> Operation {
    Operation::Sms(SmsOperation::Get(GetSms { provider_message_id: id.into() }))
}

/// Performs an operation against one reply.
#[track_caller]
pub(super) fn play(operation: &Operation, status: u16, body: &str) -> Played {
    let credentials = credentials();
    perform(&Twilio, operation, &context(&credentials), &[reply(status, body)])
}

/// Returns an error body with this code.
pub(super) fn error(code: u32, status: u16) -> String {
    format!(
        r#"{{"code": {code}, "message": "No.", "more_info": "https://www.twilio.com/docs/errors/{code}", "status": {status}}}"#
    )
}

#[track_caller]
pub(super) fn told(outcome: Outcome) -> domain::Sms {
    match outcome {
        Outcome::Executed(Resource::Sms(sms)) => sms,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn rejected(outcome: Outcome) -> (RejectionClass, &'static str) {
    match outcome {
        Outcome::Rejected(refusal) => (refusal.class, refusal.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_descriptor_says_what_twilio_is() {
    let descriptor = Twilio.descriptor();
    assert_eq!(descriptor.id.as_str(), "twilio");
    for environment in Environment::ALL {
        assert_eq!(descriptor.base_urls.of(environment), "https://api.twilio.com");
    }
    assert_eq!(descriptor.authentication, Authentication::Static);
    assert_eq!(descriptor.features().collect::<Vec<_>>(), [Feature::Sms, Feature::Calls, Feature::Proxy]);
    let retry = |kind| descriptor.operation(kind).map(|operation| operation.retry);
    assert_eq!(retry(OperationKind::SmsSend), Some(RetrySafety::LookUpFirst));
    assert_eq!(retry(OperationKind::SmsGet), Some(RetrySafety::Harmless));
    assert_eq!(retry(OperationKind::CallsPlace), Some(RetrySafety::LookUpFirst));
    assert_eq!(retry(OperationKind::CallsGet), Some(RetrySafety::Harmless));
    assert_eq!(retry(OperationKind::OrdersCreate), None);
    assert!(!(descriptor.takes_currency)(OperationKind::OrdersCreate, Currency::USD));
    let fields = descriptor.sufficient.iter().flat_map(|set| set.iter());
    assert!(fields.into_iter().all(|field| descriptor.credential(field).is_some()));
}

#[test]
fn an_order_is_refused_before_anything_is_sent() {
    let order =
        Operation::Order(OrderOperation::Get(GetOrder { provider_order_id: "x".into(), created_by: None }));
    let refusal = refuse(&Twilio, &order);
    assert_eq!((refusal.class, refusal.code), (RejectionClass::InvalidRequest, "operation_not_supported"));
    assert!(Twilio.look_up(&order).is_none());
}

#[test]
fn only_a_sent_message_is_looked_up() {
    assert!(Twilio.look_up(&send(sms())).is_some());
    assert!(Twilio.look_up(&get(MESSAGE)).is_none());
}

#[test]
fn there_are_no_tokens() {
    assert!(Twilio.token_request(&credentials()).is_none());
    assert!(Twilio.read_token(&reply(200, "{}")).is_err());
    assert!(!Twilio.refuses_token(&reply(401, "{}")));
}
