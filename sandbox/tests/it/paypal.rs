//! PayPal: tokens, orders, authorizations, request ids, mocked refusals.

use serde_json::{Value, json};

use crate::support::{FORM, World, basic, call};

const WHOLE: (&str, &str) = ("prefer", "return=representation");
const ORDER: &str = r#"{"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "100.00"},
    "custom_id": "txn_1", "description": "Order 42"}],
    "application_context": {"return_url": "https://shop.example/return", "cancel_url": "https://shop.example/cancel?x=1"}}"#;

fn create(world: &World, body: &str) -> Value {
    world.paypal("POST", "/v2/checkout/orders", body).expect(201).json()
}

fn path(order: &Value, step: &str) -> String {
    format!("/v2/checkout/orders/{}{step}", order["id"].as_str().unwrap())
}

fn authorized(world: &World) -> String {
    let order = create(world, &ORDER.replace("CAPTURE", "AUTHORIZE"));
    world.payer("paypal", order["id"].as_str().unwrap(), "approve").expect(200);
    let order = world.paypal("POST", &path(&order, "/authorize"), "").expect(201).json();
    assert_eq!(order["status"], "COMPLETED");
    let authorization = &order["purchase_units"][0]["payments"]["authorizations"][0];
    assert_eq!(authorization["status"], "CREATED");
    format!("/v2/payments/authorizations/{}", authorization["id"].as_str().unwrap())
}

fn issue(reply: &Value) -> &str {
    reply["details"][0]["issue"].as_str().unwrap_or_else(|| panic!("no issue: {reply}"))
}

#[test]
fn a_token_opens_its_own_merchant_for_its_lifetime() {
    let mut options = crate::support::options();
    options.token_lifetime_seconds = 100;
    let world = World::with(options);
    let token = world.paypal_token("client-one", "secret").expect(200).json();
    assert_eq!((&token["expires_in"], &token["token_type"]), (&json!(100), &json!("Bearer")));
    assert!(token["scope"].as_str().unwrap().contains("services/payments/payment"));
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let address = world.addresses().paypal;
    let get = |bearer: &str| {
        call(address, ("GET", "/v2/checkout/orders/5O190127TN364715T"), &[("authorization", bearer)], "")
    };
    assert_eq!(issue(&get(&bearer).expect(404).json()), "INVALID_RESOURCE_ID");
    world.advance(100);
    let expired = get(&bearer).expect(401);
    assert_eq!(expired.json()["name"], "AUTHENTICATION_FAILURE");
    assert_eq!(expired.header("paypal-debug-id"), expired.json()["debug_id"].as_str());
    get("Bearer made-up").expect(401);
    let wrong = world.paypal_token("client-one", "another").expect(401).json();
    assert_eq!(
        wrong,
        json!({"error": "invalid_client", "error_description": "Client Authentication failed"})
    );
    world.paypal_token("sb", "secret").expect(401);
    let credentials = basic("client-one", "secret");
    let headers = [("authorization", credentials.as_str()), FORM];
    let grant =
        call(address, ("POST", "/v1/oauth2/token"), &headers, "grant_type=password").expect(400).json();
    assert_eq!(grant["error"], "unsupported_grant_type");
}

#[test]
fn another_merchants_order_does_not_exist() {
    let world = World::new();
    let order = create(&world, ORDER);
    let token = world.paypal_token("client-two", "secret").expect(200).json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    call(world.addresses().paypal, ("GET", &path(&order, "")), &[("authorization", &bearer)], "").expect(404);
}

#[test]
fn an_order_is_created_approved_and_captured() {
    let world = World::new();
    let order = create(&world, ORDER);
    let id = order["id"].as_str().unwrap();
    assert_eq!((id.len(), &order["status"]), (17, &json!("CREATED")));
    let page = format!("http://{}/pay/paypal/{id}", world.addresses().control);
    let approve = order["links"].as_array().unwrap().iter().find(|link| link["rel"] == "approve").unwrap();
    assert_eq!(approve["href"], json!(page));
    assert_eq!(order["purchase_units"][0]["reference_id"], "default");
    let early = world.paypal("POST", &path(&order, "/capture"), "{}").expect(422).json();
    assert_eq!((&early["name"], issue(&early)), (&json!("UNPROCESSABLE_ENTITY"), "ORDER_NOT_APPROVED"));
    let approved = world.payer("paypal", id, "approve").expect(200).json();
    assert_eq!(approved["status"], "APPROVED");
    let back = format!("https://shop.example/return?token={id}&PayerID=QYR5Z8XDVJNXQ");
    assert_eq!(approved["redirect_url"], json!(back));
    let captured = world.paypal("POST", &path(&order, "/capture"), "").expect(201).json();
    assert_eq!(captured["status"], "COMPLETED");
    let capture = &captured["purchase_units"][0]["payments"]["captures"][0];
    assert_eq!((&capture["status"], &capture["custom_id"]), (&json!("COMPLETED"), &json!("txn_1")));
    assert_eq!(capture["seller_receivable_breakdown"]["paypal_fee"]["value"], "3.98");
    assert_eq!(capture["seller_receivable_breakdown"]["net_amount"]["value"], "96.02");
    let again = world.paypal("POST", &path(&order, "/capture"), "").expect(422).json();
    assert_eq!(issue(&again), "ORDER_ALREADY_CAPTURED");
    let shown = format!("/v2/payments/captures/{}", capture["id"].as_str().unwrap());
    assert_eq!(world.paypal("GET", &shown, "").expect(200).json(), *capture);
    assert_eq!(world.paypal("GET", &path(&order, ""), "").expect(200).json(), captured);
    assert_eq!(world.count("provider=paypal&operation=orders.capture"), 1);
}

#[test]
fn a_payment_source_changes_status_and_link_and_needs_a_request_id() {
    let world = World::new();
    let body = r#"{"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "1.00"}}],
        "payment_source": {"paypal": {"experience_context": {"return_url": "https://shop.example/r"}}}}"#;
    let missing = world.paypal("POST", "/v2/checkout/orders", body).expect(400).json();
    assert_eq!(issue(&missing), "PAYPAL_REQUEST_ID_REQUIRED");
    let headers = [WHOLE, ("paypal-request-id", "r1")];
    let order = world.paypal_with("POST", "/v2/checkout/orders", body, &headers).expect(201).json();
    assert_eq!(
        (&order["status"], &order["payment_source"]),
        (&json!("PAYER_ACTION_REQUIRED"), &json!({"paypal": {}}))
    );
    assert!(order["links"].as_array().unwrap().iter().any(|link| link["rel"] == "payer-action"));
}

#[test]
fn wrong_fields_are_refused_with_their_issue() {
    let world = World::new();
    let unit =
        |amount: &str| format!(r#"{{"intent": "CAPTURE", "purchase_units": [{{"amount": {amount}}}]}}"#);
    let money = |currency: &str, value: &str| {
        unit(&format!(r#"{{"currency_code": "{currency}", "value": "{value}"}}"#))
    };
    for (body, status, expected) in [
        ("{\"intent\": ".to_owned(), 400, "MALFORMED_REQUEST_JSON"),
        ("{}".to_owned(), 400, "MISSING_REQUIRED_PARAMETER"),
        (r#"{"intent": "GIVE", "purchase_units": []}"#.to_owned(), 400, "INVALID_PARAMETER_VALUE"),
        (r#"{"intent": "CAPTURE"}"#.to_owned(), 400, "MISSING_REQUIRED_PARAMETER"),
        (r#"{"intent": "CAPTURE", "purchase_units": []}"#.to_owned(), 400, "INVALID_ARRAY_MIN_ITEMS"),
        (unit("{}"), 400, "MISSING_REQUIRED_PARAMETER"),
        (unit(r#"{"currency_code": "USD", "value": 100}"#), 400, "INVALID_PARAMETER_SYNTAX"),
        (money("USD", "1,00"), 400, "INVALID_PARAMETER_SYNTAX"),
        (money("USD", "0.00"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (money("USD", "-5.00"), 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (money("USD", "1.005"), 422, "DECIMAL_PRECISION"),
        (money("JPY", "100.00"), 422, "DECIMAL_PRECISION"),
        (money("KWD", "1.00"), 422, "INVALID_CURRENCY_CODE"),
        (money("US", "1.00"), 400, "INVALID_STRING_LENGTH"),
        (money("USD", "1000000000000000"), 422, "MAX_VALUE_EXCEEDED"),
        (
            unit(
                r#"{"currency_code": "USD", "value": "10.00", "breakdown": {"item_total": {"currency_code": "USD", "value": "9.00"}}}"#,
            ),
            422,
            "AMOUNT_MISMATCH",
        ),
    ] {
        let reply = world.paypal("POST", "/v2/checkout/orders", &body).expect(status).json();
        assert_eq!(issue(&reply), expected, "{body}");
    }
    let token = world.paypal_token("client-one", "secret").json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), FORM];
    let media =
        call(world.addresses().paypal, ("POST", "/v2/checkout/orders"), &headers, "a=b").expect(415).json();
    assert_eq!(media["name"], "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(world.count("provider=paypal"), 0);
}

#[test]
fn items_must_add_up() {
    let world = World::new();
    let body = |total: &str| {
        format!(
            r#"{{"intent": "CAPTURE", "purchase_units": [{{"amount": {{"currency_code": "USD", "value": "{total}",
            "breakdown": {{"item_total": {{"currency_code": "USD", "value": "{total}"}}}}}},
            "items": [{{"name": "Shirt", "quantity": "2", "unit_amount": {{"currency_code": "USD", "value": "5.00"}}}}]}}]}}"#
        )
    };
    create(&world, &body("10.00"));
    let wrong = world.paypal("POST", "/v2/checkout/orders", &body("11.00")).expect(422).json();
    assert_eq!(issue(&wrong), "ITEM_TOTAL_MISMATCH");
}

#[test]
fn a_minimal_answer_has_id_status_and_links() {
    let world = World::new();
    let order = world.paypal_with("POST", "/v2/checkout/orders", ORDER, &[]).expect(201).json();
    let names: Vec<&str> = order.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "status", "links"]);
}

#[test]
fn a_repeated_request_id_answers_200_with_the_present_state() {
    let world = World::new();
    let headers = [WHOLE, ("paypal-request-id", "create-1")];
    let send = || world.paypal_with("POST", "/v2/checkout/orders", ORDER, &headers);
    let first = send().expect(201).json();
    world.payer("paypal", first["id"].as_str().unwrap(), "pay").expect(200);
    let again = send().expect(200).json();
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("APPROVED")));
    let capture = [WHOLE, ("paypal-request-id", "capture-1")];
    let capture = || world.paypal_with("POST", &path(&first, "/capture"), "{}", &capture);
    let done = capture().expect(201).json();
    assert_eq!(capture().expect(200).json(), done);
    assert_eq!(world.count("provider=paypal&operation=orders.create"), 1);
    assert_eq!(world.count("provider=paypal&operation=orders.capture"), 1);
    world.advance(6 * 60 * 60);
    assert_ne!(send().expect(201).json()["id"], first["id"]);
    let long = "x".repeat(109);
    let headers = [("paypal-request-id", long.as_str())];
    world.paypal_with("POST", "/v2/checkout/orders", ORDER, &headers).expect(400);
}

#[test]
fn a_refused_request_does_not_use_up_its_id() {
    let world = World::new();
    let order = create(&world, ORDER);
    let headers = [("paypal-request-id", "capture-1")];
    let capture = || world.paypal_with("POST", &path(&order, "/capture"), "{}", &headers);
    capture().expect(422);
    world.payer("paypal", order["id"].as_str().unwrap(), "approve").expect(200);
    capture().expect(201);
}

#[test]
fn a_declined_instrument_sends_the_payer_back() {
    let world = World::new();
    let order = create(&world, ORDER);
    let id = order["id"].as_str().unwrap();
    world.payer("paypal", id, "decline").expect(200);
    let refused = world.paypal("POST", &path(&order, "/capture"), "{}").expect(422).json();
    assert_eq!(issue(&refused), "INSTRUMENT_DECLINED");
    assert!(refused["links"].as_array().unwrap().iter().any(|link| link["rel"] == "redirect"));
    let abandoned = world.payer("paypal", id, "abandon").expect(200).json();
    assert_eq!(abandoned["redirect_url"], json!(format!("https://shop.example/cancel?x=1&token={id}")));
    world.payer("paypal", id, "approve").expect(200);
    world.paypal("POST", &path(&order, "/capture"), "{}").expect(201);
}

#[test]
fn an_authorization_is_captured_in_parts() {
    let world = World::new();
    let own = authorized(&world);
    let part = r#"{"amount": {"currency_code": "USD", "value": "40.00"}}"#;
    let capture = world.paypal("POST", &format!("{own}/capture"), part).expect(201).json();
    assert_eq!((&capture["status"], &capture["amount"]["value"]), (&json!("COMPLETED"), &json!("40.00")));
    let status = || world.paypal("GET", &own, "").expect(200).json()["status"].clone();
    assert_eq!(status(), "PARTIALLY_CAPTURED");
    let much = r#"{"amount": {"currency_code": "USD", "value": "60.01"}}"#;
    let refused = world.paypal("POST", &format!("{own}/capture"), much).expect(422).json();
    assert_eq!(issue(&refused), "MAX_CAPTURE_AMOUNT_EXCEEDED");
    let other = r#"{"amount": {"currency_code": "EUR", "value": "1.00"}}"#;
    let refused = world.paypal("POST", &format!("{own}/capture"), other).expect(422).json();
    assert_eq!(issue(&refused), "AUTH_CAPTURE_CURRENCY_MISMATCH");
    let rest = world.paypal("POST", &format!("{own}/capture"), "").expect(201).json();
    assert_eq!(rest["amount"]["value"], "60.00");
    assert_eq!(status(), "CAPTURED");
    let done = world.paypal("POST", &format!("{own}/capture"), "").expect(422).json();
    assert_eq!(issue(&done), "AUTHORIZATION_ALREADY_CAPTURED");
    let voided = world.paypal("POST", &format!("{own}/void"), "").expect(422).json();
    assert_eq!(issue(&voided), "PREVIOUSLY_CAPTURED");
}

#[test]
fn an_authorization_is_voided_once() {
    let world = World::new();
    let own = authorized(&world);
    let reply = world.paypal_with("POST", &format!("{own}/void"), "", &[]).expect(204);
    assert!(reply.body.is_empty());
    assert_eq!(world.paypal("GET", &own, "").json()["status"], "VOIDED");
    let again = world.paypal("POST", &format!("{own}/void"), "").expect(422).json();
    assert_eq!(issue(&again), "PREVIOUSLY_VOIDED");
    let capture = world.paypal("POST", &format!("{own}/capture"), "").expect(422).json();
    assert_eq!(issue(&capture), "AUTHORIZATION_VOIDED");
    assert_eq!(world.count("provider=paypal&operation=orders.cancel"), 1);
}

#[test]
fn intent_and_step_must_agree() {
    let world = World::new();
    let capture = create(&world, ORDER);
    world.payer("paypal", capture["id"].as_str().unwrap(), "approve").expect(200);
    let reply = world.paypal("POST", &path(&capture, "/authorize"), "").expect(422).json();
    assert_eq!(issue(&reply), "ACTION_DOES_NOT_MATCH_INTENT");
}

#[test]
fn an_order_nobody_approves_is_gone_after_three_hours() {
    let world = World::new();
    let order = create(&world, ORDER);
    world.advance(3 * 60 * 60 - 1);
    world.paypal("GET", &path(&order, ""), "").expect(200);
    world.advance(1);
    world.paypal("GET", &path(&order, ""), "").expect(404);
    world.payer("paypal", order["id"].as_str().unwrap(), "pay").expect(404);
    assert_eq!(world.count("operation=orders.expire"), 1);
}

#[test]
fn any_documented_issue_can_be_mocked() {
    let world = World::new();
    for (code, status, name) in [
        ("INSTRUMENT_DECLINED", 422, "UNPROCESSABLE_ENTITY"),
        ("PERMISSION_DENIED", 403, "NOT_AUTHORIZED"),
        ("PREVIOUS_REQUEST_IN_PROGRESS", 409, "RESOURCE_CONFLICT"),
        ("INTERNAL_SERVER_ERROR", 500, "INTERNAL_SERVER_ERROR"),
        ("RATE_LIMIT_REACHED", 429, "RATE_LIMIT_REACHED"),
        ("NO_SUCH_THING", 400, "INVALID_REQUEST"),
    ] {
        let header = format!("{{\"mock_application_codes\":\"{code}\"}}");
        let headers = [("paypal-mock-response", header.as_str())];
        let reply = world.paypal_with("POST", "/v2/checkout/orders", ORDER, &headers).expect(status).json();
        assert_eq!(reply["name"], name, "{code}");
    }
    assert_eq!(world.count("provider=paypal"), 0);
}
