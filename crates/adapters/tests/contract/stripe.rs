//! Stripe against its `OpenAPI` document of the pinned version: orders, and what the other nouns' checks share.

use adapters::Context;
use domain::{
    CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Currency, Customer, GetOrder, Metadata, Money,
    NextAction, Operation, OrderOperation, Outcome, Request, Resource,
};
use serde_json::{Map, Value, json};

use crate::specs::{self, Spec};

pub(crate) const SPEC: &str = "stripe_spec3_pruned.json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

fn full_order() -> CreateOrder {
    CreateOrder {
        amount: Money::parse("20.00", Currency::USD).unwrap(),
        description: Some("Café & more".into()),
        customer: Some(Customer {
            id: Some("cus_123".into()),
            email: Some("a+b@example.com".into()),
            phone: Some("+15558675310".into()),
            name: Some("A Payer".into()),
        }),
        capture: CaptureMode::Manual,
        return_url: Some("https://shop.example/return".into()),
        cancel_url: Some("https://shop.example/cancel".into()),
        reference: Some("order-1".into()),
        metadata: Metadata::try_new(vec![
            ("order id".into(), "a&b=c".into()),
            ("note".into(), "50% + tax".into()),
        ])
        .unwrap(),
    }
}

#[track_caller]
fn check_request(path: &str, operation: OrderOperation) {
    let Some(spec) = Spec::load(SPEC) else { return };
    let credentials = specs::credentials("stripe", &[("secret_key", "sk_test_x")]);
    let context = specs::context(&credentials);
    let request = specs::first_call("stripe", &Operation::Order(operation), &context);
    let pointer = Spec::request_schema(path, "post", FORM);
    spec.check(&pointer, &decode(&request, spec.at(&pointer)));
}

/// Turns a form into the JSON that the schema describes: brackets become objects and lists, texts what the schema says.
pub(crate) fn decode(request: &Request, schema: &Value) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(&request.body) {
        let mut slot = &mut root;
        for part in name.split(['[', ']']).filter(|part| !part.is_empty()) {
            slot = slot.as_object_mut().unwrap().entry(part).or_insert_with(|| json!({}));
        }
        *slot = Value::String(value.into_owned());
    }
    typed(root, schema)
}

fn typed(value: Value, schema: &Value) -> Value {
    match (value, schema["type"].as_str()) {
        (Value::String(text), Some("integer")) => json!(text.parse::<i64>().unwrap()),
        (Value::String(text), Some("boolean")) => json!(text.parse::<bool>().unwrap()),
        (Value::Object(map), Some("array")) => {
            // Numbered from 0 on, in order.
            let items = map.into_iter().enumerate().map(|(index, (key, value))| {
                assert_eq!(key, index.to_string());
                typed(value, &schema["items"])
            });
            Value::Array(items.collect())
        }
        (Value::Object(map), _) => {
            let typed = |(key, value): (String, Value)| {
                let value = typed(value, &schema["properties"][&key]);
                (key, value)
            };
            Value::Object(map.into_iter().map(typed).collect())
        }
        (other, _) => other,
    }
}

#[test]
fn a_created_order_is_what_the_specification_asks_for() {
    check_request("/v1/payment_intents", OrderOperation::Create(full_order()));
}

#[test]
fn a_partial_capture_is_what_the_specification_asks_for() {
    let amount = Some(Money::parse("5", Currency::USD).unwrap());
    let capture = CaptureOrder { provider_order_id: "pi_3ExampleAAA".into(), amount };
    check_request("/v1/payment_intents/{intent}/capture", OrderOperation::Capture(capture));
}

#[test]
fn a_whole_capture_is_what_the_specification_asks_for() {
    let capture = CaptureOrder { provider_order_id: "pi_3ExampleAAA".into(), amount: None };
    check_request("/v1/payment_intents/{intent}/capture", OrderOperation::Capture(capture));
}

#[test]
fn a_cancel_is_what_the_specification_asks_for() {
    let cancel = CancelOrder { provider_order_id: "pi_3ExampleAAA".into() };
    check_request("/v1/payment_intents/{intent}/cancel", OrderOperation::Cancel(cancel));
}

/// The check must be able to fail: an unknown field, and text where a number belongs.
#[test]
fn the_specification_refuses_what_it_does_not_know() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let pointer = Spec::request_schema("/v1/payment_intents", "post", FORM);
    assert!(spec.accepts(&pointer, &json!({"amount": 2000, "currency": "usd"})));
    assert!(!spec.accepts(&pointer, &json!({"amount": 2000, "currency": "usd", "colour": "red"})));
    assert!(!spec.accepts(&pointer, &json!({"amount": "2000", "currency": "usd"})));
}

/// Returns where the specification describes an object, by the name that the object gives itself.
fn schema_of(object: &Value) -> String {
    format!("/components/schemas/{}", object["object"].as_str().unwrap())
}

#[test]
fn the_fixtures_of_replies_are_objects_of_the_specification() {
    let Some(spec) = Spec::load(SPEC) else { return };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stripe");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        match fixture["object"].as_str() {
            Some("list") => {
                for item in fixture["data"].as_array().unwrap() {
                    spec.check(&schema_of(item), item);
                }
            }
            Some(_) => spec.check(&schema_of(&fixture), &fixture),
            // The table of errors.
            None => continue,
        }
        checked += 1;
    }
    assert!(checked >= 28, "{checked} fixtures");
}

#[test]
fn stripes_own_fixtures_of_both_versions_are_understood() {
    for name in ["stripe_fixtures3_2023-08-16.json", "stripe_fixtures3_2026-07-29.json"] {
        let Some(fixtures) = specs::load(name) else { return };
        let intent = &fixtures["resources"]["payment_intent"];
        let order = read_order(intent);
        assert_eq!(order.provider_order_id, intent["id"].as_str().unwrap());
        assert_eq!(order.amount.minor(), intent["amount"].as_i64().unwrap());
        assert!(matches!(order.next_action, Some(NextAction::StripeClientSecret { .. })), "{order:?}");
    }
}

fn read_order(intent: &Value) -> domain::Order {
    let credentials = specs::credentials("stripe", &[("secret_key", "sk_test_x")]);
    let context: Context<'_> = specs::context(&credentials);
    let get = OrderOperation::Get(GetOrder {
        provider_order_id: intent["id"].as_str().unwrap().into(),
        created_by: None,
    });
    let replies = [specs::reply(200, intent)];
    match specs::play("stripe", &Operation::Order(get), &context, &replies).1 {
        Outcome::Executed(Resource::Order(order)) => order,
        other => panic!("{other:?}"),
    }
}
