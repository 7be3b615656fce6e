//! PayPal refunds, and captures that are pending or refused.

use serde_json::{Value, json};

use crate::support::{Reply, World};

const WHOLE: (&str, &str) = ("prefer", "return=representation");

fn order(world: &World, currency: &str, value: &str) -> String {
    let body = format!(
        r#"{{"intent": "CAPTURE", "purchase_units": [{{"amount": {{"currency_code": "{currency}", "value": "{value}"}},
        "custom_id": "txn_1"}}]}}"#
    );
    let order = world.paypal("POST", "/v2/checkout/orders", &body).expect(201).json();
    order["id"].as_str().unwrap().to_owned()
}

fn capture(world: &World, order: &str) -> Value {
    let path = format!("/v2/checkout/orders/{order}/capture");
    let order = world.paypal("POST", &path, "").expect(201).json();
    assert_eq!(order["status"], "COMPLETED");
    order["purchase_units"][0]["payments"]["captures"][0].clone()
}

/// Returns an order and its capture, both by id.
fn paid(world: &World, currency: &str, value: &str) -> (String, String) {
    let order = order(world, currency, value);
    world.payer("paypal", &order, "approve").expect(200);
    let capture = capture(world, &order);
    (order, capture["id"].as_str().unwrap().to_owned())
}

fn approve(world: &World, order: &str, capture: &str) -> Reply {
    let path = format!("/_control/orders/paypal/{order}/approve");
    world.control("POST", &path, &format!(r#"{{"capture": "{capture}"}}"#))
}

fn refund(world: &World, capture: &str, value: &str) -> Reply {
    let body = format!(r#"{{"amount": {{"currency_code": "USD", "value": "{value}"}}}}"#);
    world.paypal("POST", &format!("/v2/payments/captures/{capture}/refund"), &body)
}

fn act(world: &World, refund: &Value, action: &str) -> Reply {
    let path = format!("/_control/refunds/paypal/{}/{action}", refund["id"].as_str().unwrap());
    world.control("POST", &path, "")
}

fn status(world: &World, capture: &str) -> Value {
    world.paypal("GET", &format!("/v2/payments/captures/{capture}"), "").expect(200).json()["status"].clone()
}

fn issue(reply: &Reply) -> String {
    reply.json()["details"][0]["issue"].as_str().unwrap().to_owned()
}

#[test]
fn a_capture_is_refunded_in_parts_until_nothing_is_left() {
    let world = World::new();
    let (order, capture) = paid(&world, "USD", "100.00");
    let first = refund(&world, &capture, "40.00").expect(201).json();
    assert_eq!((&first["status"], first["id"].as_str().unwrap().len()), (&json!("COMPLETED"), 17));
    assert_eq!(first["custom_id"], "txn_1");
    assert_eq!(first["seller_payable_breakdown"]["total_refunded_amount"]["value"], "40.00");
    let up = first["links"].as_array().unwrap().iter().find(|link| link["rel"] == "up").unwrap();
    assert!(up["href"].as_str().unwrap().ends_with(&format!("/v2/payments/captures/{capture}")));
    assert_eq!(status(&world, &capture), "PARTIALLY_REFUNDED");
    let much = refund(&world, &capture, "60.01").expect(422);
    assert_eq!(issue(&much), "REFUND_AMOUNT_EXCEEDED");
    let rest =
        world.paypal("POST", &format!("/v2/payments/captures/{capture}/refund"), "").expect(201).json();
    assert_eq!(rest["amount"]["value"], "60.00");
    assert_eq!(rest["seller_payable_breakdown"]["total_refunded_amount"]["value"], "100.00");
    assert_eq!(status(&world, &capture), "REFUNDED");
    assert_eq!(issue(&refund(&world, &capture, "0.01").expect(422)), "CAPTURE_FULLY_REFUNDED");
    let shown = world.paypal("GET", &format!("/v2/checkout/orders/{order}"), "").expect(200).json();
    let payments = &shown["purchase_units"][0]["payments"];
    assert_eq!(payments["captures"][0]["status"], "REFUNDED");
    assert_eq!(payments["refunds"], json!([first, rest]));
    let path = format!("/v2/payments/refunds/{}", first["id"].as_str().unwrap());
    assert_eq!(world.paypal("GET", &path, "").expect(200).json(), first);
    let effects = world.effects("provider=paypal&operation=refunds.create");
    assert_eq!((&effects["count"], &effects["items"][0]["amount"]), (&json!(2), &json!("40.00")));
    assert_eq!(effects["items"][0]["reference"], "txn_1");
}

#[test]
fn a_repeated_refund_answers_200_with_the_present_state() {
    let world = World::new();
    let (_, capture) = paid(&world, "USD", "100.00");
    let path = format!("/v2/payments/captures/{capture}/refund");
    let body = r#"{"amount": {"currency_code": "USD", "value": "10.00"}, "note_to_payer": "Sorry"}"#;
    let headers = [WHOLE, ("paypal-request-id", "refund-1")];
    let first = world.paypal_with("POST", &path, body, &headers).expect(201).json();
    assert_eq!(first["note_to_payer"], "Sorry");
    act(&world, &first, "fail").expect(200);
    world.advance(44 * 24 * 60 * 60);
    let again = world.paypal_with("POST", &path, body, &headers).expect(200).json();
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("FAILED")));
    assert_eq!(world.count("operation=refunds.create"), 1);
    let minimal = world.paypal_with("POST", &path, "", &[]).expect(201).json();
    let names: Vec<&str> = minimal.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "status", "links"]);
}

#[test]
fn wrong_refunds_are_refused_with_their_issue() {
    let world = World::new();
    let (_, capture) = paid(&world, "JPY", "500");
    let path = format!("/v2/payments/captures/{capture}/refund");
    let money = |currency: &str, value: &str| {
        format!(r#"{{"amount": {{"currency_code": "{currency}", "value": "{value}"}}}}"#)
    };
    for (body, status, expected) in [
        (money("USD", "5.00"), 422, "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        (money("JPY", "5.00"), 422, "DECIMALS_NOT_SUPPORTED"),
        (money("JPY", "0"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (money("USD", "5.001"), 422, "DECIMAL_PRECISION"),
        (money("KWD", "5.00"), 422, "INVALID_CURRENCY_CODE"),
        (r#"{"amount": {"value": "5"}}"#.to_owned(), 400, "MISSING_REQUIRED_PARAMETER"),
        (format!(r#"{{"note_to_payer": "{}"}}"#, "x".repeat(256)), 400, "INVALID_STRING_LENGTH"),
    ] {
        assert_eq!(issue(&world.paypal("POST", &path, &body).expect(status)), expected, "{body}");
    }
    let nowhere = world.paypal("POST", "/v2/payments/captures/3C679366HH908993F/refund", "").expect(404);
    assert_eq!(issue(&nowhere), "INVALID_RESOURCE_ID");
    world.paypal("GET", "/v2/payments/refunds/1JU08902781691411", "").expect(404);
    let mocked =
        [("paypal-mock-response", r#"{"mock_application_codes":"REFUND_FAILED_INSUFFICIENT_FUNDS"}"#)];
    let mocked = world.paypal_with("POST", &path, "", &mocked).expect(422);
    assert_eq!(issue(&mocked), "REFUND_FAILED_INSUFFICIENT_FUNDS");
    assert_eq!(world.count("operation=refunds.create"), 0);
    world.advance(180 * 24 * 60 * 60);
    assert_eq!(issue(&world.paypal("POST", &path, "").expect(422)), "REFUND_TIME_LIMIT_EXCEEDED");
}

#[test]
fn a_refund_that_fails_late_can_be_made_again() {
    let world = World::new();
    let (_, capture) = paid(&world, "USD", "100.00");
    let made = refund(&world, &capture, "100.00").expect(201).json();
    act(&world, &made, "complete").expect(400);
    let pending = act(&world, &made, "pend").expect(200).json();
    assert_eq!(
        (&pending["status"], &pending["object"]["status_details"]["reason"]),
        (&json!("PENDING"), &json!("ECHECK"))
    );
    assert_eq!(status(&world, &capture), "COMPLETED");
    assert_eq!(issue(&refund(&world, &capture, "1.00").expect(422)), "CAPTURE_FULLY_REFUNDED");
    assert_eq!(act(&world, &made, "fail").expect(200).json()["status"], "FAILED");
    act(&world, &made, "complete").expect(400);
    act(&world, &made, "explode").expect(400);
    refund(&world, &capture, "100.00").expect(201);
    assert_eq!(status(&world, &capture), "REFUNDED");
    assert_eq!(world.count("operation=refunds.fail"), 1);
    let other = refund(&world, &paid(&world, "USD", "5.00").1, "5.00").expect(201).json();
    act(&world, &other, "pend").expect(200);
    assert_eq!(act(&world, &other, "cancel").expect(200).json()["status"], "CANCELLED");
    world.control("POST", "/_control/refunds/paypal/1JU08902781691411/fail", "").expect(404);
}

#[test]
fn a_pending_capture_is_refundable_once_the_bank_has_paid() {
    let world = World::new();
    let id = order(&world, "USD", "100.00");
    approve(&world, &id, "pending").expect(200);
    let made = capture(&world, &id);
    let capture = made["id"].as_str().unwrap();
    assert_eq!((&made["status"], &made["status_details"]["reason"]), (&json!("PENDING"), &json!("ECHECK")));
    assert!(made.get("seller_receivable_breakdown").is_none());
    assert_eq!(issue(&refund(&world, capture, "1.00").expect(422)), "PENDING_CAPTURE");
    world.payer("paypal", &id, "approve").expect(400);
    let paid = world.payer("paypal", &id, "pay").expect(200).json();
    assert_eq!(paid["payment_id"], json!(capture));
    assert_eq!(status(&world, capture), "COMPLETED");
    world.payer("paypal", &id, "pay").expect(400);
    let made = refund(&world, capture, "100.00").expect(201).json();
    assert_eq!(made["status"], "PENDING");
    world.advance(3 * 24 * 60 * 60);
    assert_eq!(status(&world, capture), "REFUNDED");
    assert_eq!(world.count("operation=captures.complete"), 1);
    assert_eq!(world.count("operation=refunds.complete"), 1);
}

#[test]
fn a_pending_capture_may_be_denied() {
    let world = World::new();
    let id = order(&world, "USD", "100.00");
    approve(&world, &id, "PENDING_REVIEW").expect(200);
    let made = capture(&world, &id);
    assert_eq!(made["status_details"]["reason"], "PENDING_REVIEW");
    world.payer("paypal", &id, "decline").expect(200);
    let capture = made["id"].as_str().unwrap();
    assert_eq!(status(&world, capture), "DECLINED");
    assert_eq!(issue(&refund(&world, capture, "1.00").expect(422)), "REFUND_NOT_ALLOWED");
    assert_eq!(world.count("operation=captures.deny"), 1);
}

#[test]
fn a_refused_capture_completes_the_order_without_money() {
    let world = World::new();
    for (word, status) in [("declined", "DECLINED"), ("failed", "FAILED")] {
        let id = order(&world, "USD", "100.00");
        approve(&world, &id, word).expect(200);
        assert_eq!(capture(&world, &id)["status"], status);
    }
    assert_eq!(world.count("operation=orders.capture"), 0);
    let id = order(&world, "USD", "100.00");
    let wrong = approve(&world, &id, "eaten").expect(400).json();
    assert_eq!(wrong["error"]["param"], "capture");
    let shown = world.paypal("GET", &format!("/v2/checkout/orders/{id}"), "").expect(200).json();
    assert_eq!(shown["status"], "CREATED");
    let stripe = world.stripe("POST", "/v1/payment_intents", "amount=2000&currency=usd").expect(200).json();
    let path = format!("/_control/orders/stripe/{}/pay", stripe["id"].as_str().unwrap());
    let wrong = world.control("POST", &path, r#"{"capture": "pending"}"#).expect(400).json();
    assert_eq!(wrong["error"]["param"], "capture");
}

#[test]
fn a_declined_capture_leaves_its_authorization_open() {
    let world = World::new();
    let body = r#"{"intent": "AUTHORIZE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "100.00"}}]}"#;
    let id = world.paypal("POST", "/v2/checkout/orders", body).expect(201).json()["id"].clone();
    let id = id.as_str().unwrap();
    approve(&world, id, "declined").expect(200);
    let order = world.paypal("POST", &format!("/v2/checkout/orders/{id}/authorize"), "").expect(201).json();
    let authorization = &order["purchase_units"][0]["payments"]["authorizations"][0];
    let own = format!("/v2/payments/authorizations/{}", authorization["id"].as_str().unwrap());
    let made = world.paypal("POST", &format!("{own}/capture"), "").expect(201).json();
    assert_eq!(made["status"], "DECLINED");
    assert_eq!(world.paypal("GET", &own, "").expect(200).json()["status"], "CREATED");
}
