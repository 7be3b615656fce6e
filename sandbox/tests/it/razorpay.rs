//! Razorpay: authentication, orders, captures, and what the payer does.

use serde_json::json;

use crate::support::{JSON, RAZORPAY_KEY, World, basic, call};

fn error(code: &str) -> serde_json::Value {
    json!({"error": {"code": "BAD_REQUEST_ERROR", "description": code}})
}

fn order(world: &World, body: &str) -> String {
    let order = world.razorpay("POST", "/v1/orders", body).expect(200).json();
    order["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_secret_is_the_right_one_and_the_scheme_is_case_sensitive() {
    let world = World::new();
    world.razorpay("GET", "/v1/orders?count=1", "").expect(200);
    let address = world.addresses().razorpay;
    let wrong = [
        Some(basic(RAZORPAY_KEY, "another")),
        Some(basic("rzp_test_short", "secret")),
        Some(basic("sk_test_00000000000000", "secret")),
        Some(basic(RAZORPAY_KEY, "secret").replace("Basic", "basic")),
        Some(basic(RAZORPAY_KEY, "secret").replace("Basic", "BASIC")),
        None,
    ];
    for credentials in wrong {
        let headers: Vec<(&str, &str)> =
            credentials.iter().map(|text| ("authorization", text.as_str())).collect();
        let reply = call(address, ("GET", "/v1/orders"), &headers, "").expect(401);
        assert_eq!(reply.json(), error("Authentication failed"), "{credentials:?}");
    }
}

#[test]
fn test_and_live_keys_are_different_merchants() {
    let world = World::new();
    let id = order(&world, r#"{"amount": 50000, "currency": "INR"}"#);
    let live = basic("rzp_live_00000000000000", "secret");
    let path = format!("/v1/orders/{id}");
    let reply = call(world.addresses().razorpay, ("GET", &path), &[("authorization", &live)], "").expect(400);
    assert_eq!(reply.json()["error"]["description"], "The id provided does not exist");
}

#[test]
fn an_order_is_created_as_documented() {
    let world = World::new();
    let body =
        r#"{"amount": 50000, "currency": "INR", "receipt": "r1", "notes": {"transaction_id": "txn_1"}}"#;
    let reply = world.razorpay("POST", "/v1/orders", body).expect(200);
    assert_eq!(reply.header("x-sandbox"), Some("true"));
    let order = reply.json();
    let id = order["id"].as_str().unwrap();
    assert_eq!(id.len(), "order_".len() + 14);
    assert_eq!(
        order,
        json!({"id": id, "entity": "order", "amount": 50000, "amount_paid": 0, "amount_due": 50000, "currency": "INR",
            "receipt": "r1", "offer_id": null, "status": "created", "attempts": 0, "notes": {"transaction_id": "txn_1"},
            "created_at": 1_767_607_200})
    );
    assert_eq!(world.razorpay("GET", &format!("/v1/orders/{id}"), "").expect(200).json(), order);
    let bare = world.razorpay("POST", "/v1/orders", r#"{"amount": 100, "currency": "JPY"}"#).json();
    assert_eq!(bare["notes"], json!([]));
    assert_eq!(bare["receipt"], json!(null));
}

#[test]
fn wrong_fields_are_refused_with_their_name() {
    let world = World::new();
    let long = "x".repeat(41);
    for (body, field, description) in [
        (r#"{"currency": "INR"}"#.to_owned(), "amount", "The amount field is required."),
        (r#"{"amount": 50000}"#.to_owned(), "currency", "The currency field is required."),
        (r#"{"amount": 500.5, "currency": "INR"}"#.to_owned(), "amount", "The amount must be an integer."),
        (r#"{"amount": "50000", "currency": "INR"}"#.to_owned(), "amount", "The amount must be an integer."),
        (r#"{"amount": 99, "currency": "INR"}"#.to_owned(), "amount", "The amount must be at least INR 1.00"),
        (r#"{"amount": 0, "currency": "USD"}"#.to_owned(), "amount", "The amount must be at least USD 0.01"),
        (
            r#"{"amount": 200000000000, "currency": "INR"}"#.to_owned(),
            "amount",
            "Amount exceeds maximum amount allowed.",
        ),
        (r#"{"amount": 500, "currency": "XYZ"}"#.to_owned(), "currency", "Currency is not supported."),
        (
            r#"{"amount": 295991, "currency": "KWD"}"#.to_owned(),
            "amount",
            "The last digit of a KWD amount must be 0.",
        ),
        (
            r#"{"amount": 500, "currency": "INR", "colour": 1}"#.to_owned(),
            "colour",
            "colour is/are not required and should not be sent",
        ),
        (
            r#"{"amount": 500, "currency": "INR", "payment": {"capture": "manual", "x": 1}}"#.to_owned(),
            "payment.x",
            "payment.x is/are not required and should not be sent",
        ),
        (
            format!(r#"{{"amount": 500, "currency": "INR", "receipt": "{long}"}}"#),
            "receipt",
            "The receipt may not be greater than 40 characters.",
        ),
    ] {
        let reply = world.razorpay("POST", "/v1/orders", &body).expect(400).json();
        assert_eq!(reply["error"]["code"], "BAD_REQUEST_ERROR", "{body}");
        assert_eq!(reply["error"]["field"], field, "{body}");
        assert_eq!(reply["error"]["description"], description, "{body}");
        assert_eq!(reply["error"]["reason"], "input_validation_failed", "{body}");
    }
    world.razorpay("POST", "/v1/orders", "not json").expect(400);
    assert_eq!(world.count("provider=razorpay"), 0);
}

#[test]
fn unknown_paths_and_ids_are_400_in_razorpays_words() {
    let world = World::new();
    for (path, description) in [
        ("/v1/nothing", "The requested URL was not found on the server."),
        ("/v1/invoices", "The requested URL was not found on the server."),
        ("/v1/orders/order_short", "order_short is not a valid id"),
        ("/v1/orders/order_00000000000000", "The id provided does not exist"),
        ("/v1/payments/pay_00000000000000", "The id provided does not exist"),
    ] {
        let reply = world.razorpay("GET", path, "").expect(400).json();
        assert_eq!(reply["error"]["description"], description, "{path}");
    }
    let reply = world.razorpay("DELETE", "/v1/orders", "").expect(400).json();
    assert_eq!(reply["error"]["reason"], "NA");
}

#[test]
fn orders_are_listed_by_receipt_newest_first() {
    let world = World::new();
    for receipt in ["a", "b", "a"] {
        order(&world, &format!(r#"{{"amount": 500, "currency": "INR", "receipt": "{receipt}"}}"#));
        world.advance(10);
    }
    let list = |query: &str| world.razorpay("GET", &format!("/v1/orders?{query}"), "").expect(200).json();
    assert_eq!(list("")["count"], 3);
    let of_a = list("receipt=a");
    assert_eq!(of_a["entity"], "collection");
    assert_eq!(of_a["count"], 2);
    assert!(of_a["items"][0]["created_at"].as_i64() > of_a["items"][1]["created_at"].as_i64());
    assert_eq!(list("count=1&skip=1")["items"][0]["receipt"], "b");
    assert_eq!(list("from=1767607205")["count"], 2);
    assert_eq!(list("to=1767607205")["count"], 1);
    world.razorpay("GET", "/v1/orders?count=101", "").expect(400);
    world.razorpay("GET", "/v1/orders?colour=red", "").expect(400);
}

#[test]
fn a_receipt_may_repeat_unless_switched_off() {
    let world = World::new();
    let body = r#"{"amount": 500, "currency": "INR", "receipt": "same"}"#;
    order(&world, body);
    order(&world, body);
    world.control("PUT", "/_control/settings", r#"{"razorpay_unique_receipts": true}"#).expect(200);
    let reply = world.razorpay("POST", "/v1/orders", body).expect(400).json();
    assert_eq!(reply["error"]["description"], "Order receipt should be unique.");
}

#[test]
fn a_paid_order_has_a_captured_payment() {
    let world = World::new();
    let id = order(&world, r#"{"amount": 50000, "currency": "INR"}"#);
    let declined = world.payer("razorpay", &id, "decline").expect(200).json();
    assert_eq!(declined["status"], "attempted");
    let paid = world.payer("razorpay", &id, "pay").expect(200).json();
    assert_eq!(paid["status"], "paid");
    assert_eq!(paid["object"]["amount_paid"], 50000);
    assert_eq!(paid["object"]["attempts"], 2);
    let payments = world.razorpay("GET", &format!("/v1/orders/{id}/payments"), "").expect(200).json();
    assert_eq!(payments["count"], 2);
    assert_eq!(payments["items"][0]["id"], paid["payment_id"]);
    assert_eq!(payments["items"][0]["status"], "captured");
    assert_eq!((&payments["items"][0]["fee"], &payments["items"][0]["tax"]), (&json!(1180), &json!(180)));
    assert_eq!(payments["items"][1]["status"], "failed");
    assert_eq!(payments["items"][1]["error_code"], "BAD_REQUEST_ERROR");
    let again = world.payer("razorpay", &id, "pay").expect(400).json();
    assert_eq!(again["error"]["param"], "action");
}

#[test]
fn an_authorized_payment_is_captured_once_and_whole() {
    let world = World::new();
    let id = order(&world, r#"{"amount": 50000, "currency": "INR", "payment": {"capture": "manual"}}"#);
    let payment = world.payer("razorpay", &id, "pay").expect(200).json();
    let payment = payment["payment_id"].as_str().unwrap().to_owned();
    let get = || world.razorpay("GET", &format!("/v1/payments/{payment}"), "").expect(200).json();
    assert_eq!(get()["status"], "authorized");
    let capture = |body: &str| world.razorpay("POST", &format!("/v1/payments/{payment}/capture"), body);
    let part = capture(r#"{"amount": 20000, "currency": "INR"}"#).expect(400).json();
    assert_eq!(part["error"]["description"], "Capture amount must be equal to the amount authorized.");
    capture(r#"{"amount": 50000}"#).expect(400);
    let done = capture(r#"{"amount": 50000, "currency": "INR"}"#).expect(200).json();
    assert_eq!(done["status"], "captured");
    let twice = capture(r#"{"amount": 50000, "currency": "INR"}"#).expect(400).json();
    assert!(twice["error"]["description"].as_str().unwrap().contains("already paid"));
    let paid = world.razorpay("GET", &format!("/v1/orders/{id}"), "").json();
    assert_eq!((&paid["status"], &paid["amount_due"]), (&json!("paid"), &json!(0)));
    assert_eq!(world.count("provider=razorpay&operation=orders.capture"), 1);
}

#[test]
fn an_uncaptured_payment_goes_back_after_three_days() {
    let world = World::new();
    let id = order(&world, r#"{"amount": 50000, "currency": "INR"}"#);
    let payment = world.payer("razorpay", &id, "authorize").expect(200).json();
    world.advance(3 * 24 * 60 * 60);
    let path = format!("/v1/payments/{}", payment["payment_id"].as_str().unwrap());
    let payment = world.razorpay("GET", &path, "").expect(200).json();
    assert_eq!((&payment["status"], &payment["refund_status"]), (&json!("refunded"), &json!("full")));
    world.razorpay("POST", &format!("{path}/capture"), r#"{"amount": 50000, "currency": "INR"}"#).expect(400);
    assert_eq!(world.count("operation=orders.expire"), 1);
}

#[test]
fn part_payments_need_an_order_that_takes_them() {
    let world = World::new();
    let whole = order(&world, r#"{"amount": 50000, "currency": "INR"}"#);
    let pay = |id: &str, amount: &str| {
        let path = format!("/_control/orders/razorpay/{id}/pay");
        world.control("POST", &path, &format!("{{\"amount\": {amount}}}"))
    };
    assert_eq!(pay(&whole, "20000").expect(400).json()["error"]["param"], "amount");
    let parts = order(&world, r#"{"amount": 50000, "currency": "INR", "partial_payment": true}"#);
    assert_eq!(pay(&parts, "20000").expect(200).json()["status"], "attempted");
    assert_eq!(pay(&parts, "40000").expect(400).json()["error"]["param"], "amount");
    assert_eq!(pay(&parts, "30000").expect(200).json()["status"], "paid");
}

#[test]
fn a_body_is_json_whatever_it_is_called() {
    let world = World::new();
    let credentials = basic(RAZORPAY_KEY, "secret");
    let headers = [("authorization", credentials.as_str()), JSON];
    call(
        world.addresses().razorpay,
        ("POST", "/v1/orders/"),
        &headers,
        r#"{"amount": 100, "currency": "INR"}"#,
    )
    .expect(200);
}
