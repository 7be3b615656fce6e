//! PayPal against its `OpenAPI` documents of orders and payments; `nouns` has the others.

use domain::{
    CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Currency, Customer, GetOrder, Metadata, Money,
    Operation, OrderOperation, Outcome, RejectionClass, Request,
};
use serde_json::{Value, json};

use crate::specs::{self, Spec};

mod nouns;

const ORDERS: &str = "paypal_checkout_orders_v2.json";
const PAYMENTS: &str = "paypal_payments_payment_v2.json";
const JSON: &str = "application/json";
const ORDER: &str = "/components/schemas/order";
const ID: &str = "5O190127TN364715T";

fn full_order(capture: CaptureMode) -> CreateOrder {
    CreateOrder {
        amount: Money::parse("100.00", Currency::USD).unwrap(),
        description: Some("Café & more, ".repeat(20).into()),
        customer: Some(Customer {
            id: None,
            email: Some("a+b@example.com".into()),
            phone: Some("+15558675310".into()),
            name: Some("A Payer".into()),
        }),
        capture,
        return_url: Some("https://shop.example/return?a=1".into()),
        cancel_url: Some("https://shop.example/cancel".into()),
        reference: Some("order-1".into()),
        metadata: Metadata::try_new(vec![("order id".into(), "a&b=c".into())]).unwrap(),
    }
}

fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/paypal/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn play(operation: OrderOperation, replies: &[(u16, Value)]) -> (Vec<Request>, Outcome) {
    play_any(&Operation::Order(operation), replies)
}

fn play_any(operation: &Operation, replies: &[(u16, Value)]) -> (Vec<Request>, Outcome) {
    let credentials = specs::credentials("paypal", &[("client_id", "AClient"), ("client_secret", "ESecret")]);
    let replies: Vec<_> = replies.iter().map(|(status, body)| specs::reply(*status, body)).collect();
    specs::play("paypal", operation, &specs::context(&credentials), &replies)
}

fn capture(amount: Option<&str>) -> OrderOperation {
    let amount = amount.map(|amount| Money::parse(amount, Currency::USD).unwrap());
    OrderOperation::Capture(CaptureOrder { provider_order_id: ID.into(), amount })
}

/// Holds a call against the operation of this path; the body must have no field that the schema does not name.
#[track_caller]
fn check_call(spec: &Spec, path: &str, request: &Request) {
    let method = request.method.as_str().to_lowercase();
    let escaped = path.replace('/', "~1");
    let operation = spec.at(&format!("/paths/{escaped}/{method}"));
    let (before, after) = path
        .split_once('{')
        .map_or((path, ""), |(before, rest)| (before, rest.split_once('}').map_or("", |(_, after)| after)));
    assert!(request.path.starts_with(before) && request.path.ends_with(after), "{}", request.path);
    if operation.get("requestBody").is_none() {
        assert!(request.body.is_empty());
        return;
    }
    let body = serde_json::from_slice(&request.body).unwrap();
    spec.check(&Spec::request_schema(path, &method, JSON), &body);
    for (name, value) in &request.headers {
        if let Some(header) = header_schema(spec, operation, name.as_str()) {
            let length = header["maxLength"].as_u64().unwrap_or(u64::MAX);
            assert!(u64::try_from(value.len()).unwrap() <= length, "{name}: {value}");
        } else {
            panic!("{path} takes no header {name}");
        }
    }
}

fn header_schema(spec: &Spec, operation: &Value, name: &str) -> Option<Value> {
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let resolved = parameters.map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => spec.at(reference.trim_start_matches('#')).clone(),
        None => parameter.clone(),
    });
    let is_this = |parameter: &Value| {
        parameter["in"] == "header"
            && parameter["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
    };
    resolved.into_iter().find(is_this).map(|parameter| parameter["schema"].clone())
}

#[test]
fn a_created_order_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    let bare = CreateOrder {
        description: None,
        customer: None,
        return_url: None,
        cancel_url: None,
        ..full_order(CaptureMode::Automatic)
    };
    for order in [full_order(CaptureMode::Automatic), full_order(CaptureMode::Manual), bare] {
        let (requests, _) = play(OrderOperation::Create(order), &[(201, fixture("order_created"))]);
        check_call(&spec, "/v2/checkout/orders", &requests[0]);
    }
}

#[test]
fn every_currency_that_is_taken_is_sent_as_the_specification_asks_for() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    let descriptor = adapters::adapter("paypal").unwrap().descriptor();
    let takes = |currency| (descriptor.takes_currency)(domain::OperationKind::OrdersCreate, currency);
    let letters = || 'A'..='Z';
    let mut seen = 0;
    for code in
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))))
    {
        let Some(currency) = Currency::parse(&code).ok().filter(|currency| takes(*currency)) else {
            continue;
        };
        let order = CreateOrder {
            amount: Money::parse("7", currency).unwrap(),
            ..full_order(CaptureMode::Automatic)
        };
        let (requests, _) = play(OrderOperation::Create(order), &[(201, fixture("order_created"))]);
        check_call(&spec, "/v2/checkout/orders", &requests[0]);
        let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
        let value = if ["HUF", "JPY", "TWD"].contains(&code.as_str()) { "7" } else { "7.00" };
        assert_eq!(body["purchase_units"][0]["amount"], json!({"currency_code": code, "value": value}));
        seen += 1;
    }
    assert_eq!(seen, 24);
}

#[test]
fn a_capture_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    let replies = [
        (200, fixture("order_approved")),
        (201, fixture("order_captured")),
        (200, fixture("order_captured")),
    ];
    let (requests, _) = play(capture(None), &replies);
    check_call(&spec, "/v2/checkout/orders/{id}", &requests[0]);
    check_call(&spec, "/v2/checkout/orders/{id}/capture", &requests[1]);
    check_call(&spec, "/v2/checkout/orders/{id}", &requests[2]);
}

#[test]
fn a_capture_of_an_authorisation_is_what_the_specification_asks_for() {
    let (Some(orders), Some(payments)) = (Spec::load(ORDERS), Spec::load(PAYMENTS)) else { return };
    for amount in [None, Some("40.00")] {
        let replies = [
            (200, fixture("order_approved_to_authorize")),
            (201, fixture("order_authorized")),
            (201, fixture("authorization_capture")),
            (200, fixture("order_authorization_captured")),
        ];
        let (requests, _) = play(capture(amount), &replies);
        check_call(&orders, "/v2/checkout/orders/{id}/authorize", &requests[1]);
        check_call(&payments, "/v2/payments/authorizations/{authorization_id}/capture", &requests[2]);
    }
}

#[test]
fn a_void_is_what_the_specification_asks_for() {
    let Some(spec) = Spec::load(PAYMENTS) else { return };
    let cancel = OrderOperation::Cancel(CancelOrder { provider_order_id: ID.into() });
    let replies =
        [(200, fixture("order_authorized")), (204, json!("")), (200, fixture("order_authorization_voided"))];
    let (requests, _) = play(cancel, &replies);
    check_call(&spec, "/v2/payments/authorizations/{authorization_id}/void", &requests[1]);
}

/// The check must be able to fail: a missing field, an unknown intent, a number where a text belongs.
#[test]
fn the_specification_refuses_what_it_does_not_know() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    let pointer = Spec::request_schema("/v2/checkout/orders", "post", JSON);
    let order = |intent: &str, value: Value| json!({"intent": intent, "purchase_units": [{"amount": {"currency_code": "USD", "value": value}}]});
    assert!(spec.accepts(&pointer, &order("CAPTURE", json!("100.00"))));
    assert!(!spec.accepts(&pointer, &order("SALE", json!("100.00"))));
    assert!(!spec.accepts(&pointer, &order("CAPTURE", json!(100))));
    assert!(!spec.accepts(&pointer, &json!({"intent": "CAPTURE"})));
}

#[test]
fn the_fixtures_of_replies_are_objects_of_the_specification() {
    let (Some(orders), Some(payments)) = (Spec::load(ORDERS), Spec::load(PAYMENTS)) else { return };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/paypal");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match name.as_str() {
            // No specification has the token endpoint, and the errors are a table.
            "token" | "errors" => continue,
            "authorization_capture" | "capture" => {
                payments.check("/components/schemas/capture-2", &fixture(&name));
            }
            "order_authorized" => {
                orders.check("/components/schemas/order_authorize_response", &fixture(&name));
                orders.check(ORDER, &fixture(&name));
            }
            name if name.starts_with("order_") => orders.check(ORDER, &fixture(name)),
            // `nouns` has them.
            name => assert!(nouns::has_schema(name), "{name}"),
        }
        checked += 1;
    }
    assert!(checked >= 13, "{checked} fixtures");
}

/// Returns every issue that a schema names.
fn issues(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(words) = map.get("issue").and_then(|issue| issue["enum"].as_array()) {
                found.extend(words.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            map.values().for_each(|value| issues(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| issues(value, found)),
        _ => {}
    }
}

#[test]
fn every_issue_of_the_specification_is_a_refusal_with_that_issue_as_its_code() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    for (status, schemas) in [(400, vec!["400"]), (403, vec!["403"]), (404, vec!["404"]), (422, vec!["422"])]
    {
        let mut found = Vec::new();
        for schema in schemas {
            issues(spec.at(&format!("/components/schemas/{schema}")), &mut found);
        }
        assert!(!found.is_empty());
        for issue in found {
            let body = json!({"name": "X", "message": "No.", "details": [{"issue": issue, "description": "Because."}]});
            let order = OrderOperation::Create(full_order(CaptureMode::Automatic));
            let (_, outcome) = play(order, &[(status, body)]);
            let Outcome::Rejected(refusal) = outcome else { panic!("{status} {issue}: {outcome:?}") };
            assert_eq!(refusal.provider_code.as_deref(), Some(issue.as_str()));
        }
    }
}

#[test]
fn every_issue_of_a_capture_is_a_refusal_unless_it_leaves_something_to_be_read() {
    let Some(spec) = Spec::load(ORDERS) else { return };
    let mut found = Vec::new();
    issues(spec.at("/components/schemas/orders.capture-422"), &mut found);
    assert!(found.len() >= 40);
    let goes_on = ["ORDER_ALREADY_CAPTURED", "ORDER_COMPLETION_IN_PROGRESS"];
    for issue in found.iter().filter(|issue| !goes_on.contains(&issue.as_str())) {
        let body = json!({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]});
        let (_, outcome) = play(capture(None), &[(200, fixture("order_approved")), (422, body)]);
        let Outcome::Rejected(refusal) = outcome else { panic!("{issue}: {outcome:?}") };
        assert_ne!(refusal.class, RejectionClass::Unavailable, "{issue}");
    }
}

#[test]
fn every_fixture_of_an_order_is_read() {
    for name in ["order_created", "order_approved", "order_captured", "order_authorized", "order_refunded"] {
        let get = OrderOperation::Get(GetOrder { provider_order_id: ID.into(), created_by: None });
        let (requests, outcome) = play(get, &[(200, fixture(name))]);
        assert_eq!(requests.len(), 1);
        assert!(matches!(outcome, Outcome::Executed(_)), "{name}: {outcome:?}");
    }
}
