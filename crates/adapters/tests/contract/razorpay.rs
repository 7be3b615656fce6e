//! Razorpay, which publishes no specification: against the fixtures of its own libraries and its table of currencies.

use domain::{
    CaptureMode, CreateOrder, Currency, GetOrder, Metadata, Money, Operation, OrderOperation, OrderStatus,
    Outcome, RejectionClass, Request, Resource,
};
use serde_json::Value;

use crate::specs;

mod nouns;

const SDKS: [&str; 2] = ["razorpay/razorpay-python/tests/mocks/", "razorpay/razorpay-go/testdata/"];

fn create(amount: Money) -> Operation {
    Operation::Order(OrderOperation::Create(CreateOrder {
        amount,
        description: None,
        customer: None,
        capture: CaptureMode::Automatic,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }))
}

fn fixtures() -> Option<Value> {
    specs::load("razorpay_sdk_fixtures.json").map(|mut file| file["fixtures"].take())
}

fn order_request(amount: Money) -> Value {
    let credentials = specs::credentials("razorpay", &[("key_id", "rzp_test_x"), ("key_secret", "y")]);
    let request: Request = specs::first_call("razorpay", &create(amount), &specs::context(&credentials));
    serde_json::from_slice(&request.body).unwrap()
}

fn play(operation: &Operation, replies: &[(u16, &Value)]) -> Outcome {
    let credentials = specs::credentials("razorpay", &[("key_id", "rzp_test_x"), ("key_secret", "y")]);
    let replies: Vec<_> = replies.iter().map(|(status, body)| specs::reply(*status, body)).collect();
    specs::play("razorpay", operation, &specs::context(&credentials), &replies).1
}

#[test]
fn every_currency_of_razorpays_table_is_sent_with_its_number_of_decimals_and_no_other_is() {
    let Some(file) = specs::load("razorpay_currency_exponents.json") else { return };
    let exponents = file["exponents"].as_object().unwrap();
    let descriptor = adapters::adapter("razorpay").unwrap().descriptor();
    let takes = |currency| (descriptor.takes_currency)(domain::OperationKind::OrdersCreate, currency);
    let letters = || 'A'..='Z';
    let mut seen = 0;
    for code in
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))))
    {
        let Ok(currency) = Currency::parse(&code) else { continue };
        let exponent = exponents.get(&code).and_then(Value::as_u64);
        assert_eq!(takes(currency), exponent.is_some(), "{code}");
        let Some(exponent) = exponent else { continue };
        let units = 7 * 10_i64.pow(u32::try_from(exponent).unwrap());
        let body = order_request(Money::parse("7", currency).unwrap());
        assert_eq!(body["amount"].as_i64(), Some(units), "{code}");
        assert_eq!(body["currency"].as_str(), Some(code.as_str()));
        seen += 1;
    }
    assert!(seen >= 120, "{seen} currencies");
}

#[test]
fn an_order_has_every_field_that_razorpays_own_library_sends() {
    let Some(fixtures) = fixtures() else { return };
    let body = order_request(Money::parse("500", Currency::INR).unwrap());
    for field in fixtures[format!("{}init_order.json", SDKS[0])].as_object().unwrap().keys() {
        assert!(body.get(field).is_some(), "{field} is missing in {body}");
    }
}

#[test]
fn the_orders_and_payments_of_razorpays_libraries_are_understood() {
    let Some(fixtures) = fixtures() else { return };
    for sdk in SDKS {
        let order = &fixtures[format!("{sdk}fake_order.json")];
        let payments = &fixtures[format!("{sdk}payment_collection_with_one_payment.json")];
        let get =
            OrderOperation::Get(GetOrder { provider_order_id: "fake_order_id".into(), created_by: None });
        let outcome = play(&Operation::Order(get), &[(200, order), (200, payments)]);
        let Outcome::Executed(Resource::Order(order)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(order.provider_order_id, "fake_order_id");
        assert_eq!(order.amount, Money::parse("5", Currency::INR).unwrap());
        assert_eq!(order.status, OrderStatus::RequiresAction);
    }
}

#[test]
fn the_error_of_razorpays_library_is_understood() {
    let Some(fixtures) = fixtures() else { return };
    let error = &fixtures[format!("{}bad_request_error.json", SDKS[0])];
    let outcome = play(&create(Money::parse("500", Currency::INR).unwrap()), &[(400, error)]);
    let Outcome::Rejected(rejection) = outcome else { panic!("{outcome:?}") };
    assert_eq!((rejection.class, rejection.code), (RejectionClass::Refused, "provider_rejected"));
    assert_eq!(rejection.param, Some("amount"));
    assert_eq!(rejection.provider_message.as_deref(), Some("The amount is invalid"));
}
