//! The control port: effects, calls, wrong input, state, seeds.

use serde_json::{Value, json};

use crate::support::{RAZORPAY_KEY, STRIPE_KEY, TWILIO_SID, World, options};

const ORDER: &str = r#"{"amount": 50000, "currency": "INR", "receipt": "r1"}"#;
const SMS: &str = "To=%2B15558675310&From=%2B15005550006&Body=x";

#[test]
fn effects_say_what_happened_and_to_whom() {
    let world = World::new();
    let order = world.razorpay("POST", "/v1/orders", ORDER).expect(200).json();
    world.stripe_with(
        "POST",
        "/v1/payment_intents",
        "amount=2000&currency=usd&metadata[transaction_id]=txn_1",
        &[("idempotency-key", "k1")],
    );
    world.twilio("POST", "/Messages.json", SMS).expect(201);
    let razorpay = world.effects("provider=razorpay");
    assert_eq!(razorpay["count"], 1);
    assert_eq!(
        razorpay["items"][0],
        json!({"id": order["id"], "provider": "razorpay", "operation": "orders.create", "merchant": RAZORPAY_KEY,
            "at": "2026-01-05T10:00:00Z", "amount": 50000, "currency": "INR", "reference": "r1", "idempotency_key": null,
            "request_id": razorpay["items"][0]["request_id"]})
    );
    let stripe = world.effects(&format!("merchant={STRIPE_KEY}"));
    assert_eq!(stripe["items"][0]["idempotency_key"], "k1");
    assert_eq!(stripe["items"][0]["reference"], "txn_1");
    let account = stripe["items"][0]["merchant"].as_str().unwrap();
    assert!(account.starts_with("acct_"));
    assert_eq!(world.count(&format!("merchant={account}&provider=stripe")), 1);
    assert_eq!(world.count(""), 3);
    assert_eq!(world.count("operation=orders.create"), 2);
    assert_eq!(world.count(&format!("operation=sms.send&merchant={TWILIO_SID}")), 1);
    assert_eq!(world.count("operation=refunds.create"), 0);
    assert_eq!(world.effects("limit=1")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn calls_are_kept_without_secrets() {
    let world = World::new();
    world.razorpay("POST", "/v1/orders", ORDER).expect(200);
    world.razorpay("GET", "/v1/orders?count=1", "").expect(200);
    world.stripe("GET", "/v1/nope", "").expect(404);
    let calls = world.calls("provider=razorpay");
    assert_eq!(calls["count"], 2);
    let first = &calls["items"][0];
    assert_eq!(
        (&first["method"], &first["path"], &first["status"]),
        (&json!("POST"), &json!("/v1/orders"), &json!(200))
    );
    assert_eq!((&first["operation"], &first["merchant"]), (&json!("orders.create"), &json!(RAZORPAY_KEY)));
    assert_eq!((&first["body"], &first["fault"]), (&json!(ORDER), &Value::Null));
    assert_eq!(first["headers"]["authorization"], "Basic [redacted]");
    assert_eq!(first["headers"]["content-type"], "application/json");
    assert_eq!(calls["items"][1]["query"], "count=1");
    assert_eq!(world.calls("method=get")["count"], 2);
    assert_eq!(world.calls("status=404")["items"][0]["operation"], Value::Null);
    assert_eq!(world.calls("operation=orders.list")["count"], 1);
    assert_eq!(world.calls("path=/v1/orders&limit=1")["items"][0]["method"], "GET");
    assert!(!world.calls("").to_string().contains(STRIPE_KEY));
    let effect = world.effects("provider=razorpay");
    assert_eq!(effect["items"][0]["request_id"], first["request_id"]);
}

#[test]
fn wrong_control_input_is_400_that_names_the_field() {
    let world = World::new();
    let put = |body: &str| world.control("PUT", "/_control/faults", body);
    for (body, param) in [
        ("{", "body"),
        ("[]", "body"),
        (r#"{"fault": {"kind": "hang"}}"#, "provider"),
        (r#"{"provider": "adyen", "fault": {"kind": "hang"}}"#, "provider"),
        (r#"{"provider": "stripe"}"#, "fault"),
        (r#"{"provider": "stripe", "fault": "hang"}"#, "fault"),
        (r#"{"provider": "stripe", "fault": {}}"#, "fault"),
        (r#"{"provider": "stripe", "fault": {"kind": "hang", "status": 500}}"#, "fault"),
        (r#"{"provider": "stripe", "fault": {"kind": "explode"}}"#, "fault.kind"),
        (r#"{"provider": "stripe", "fault": {"status": 99}}"#, "fault.status"),
        (r#"{"provider": "stripe", "fault": {"latency_ms": -1}}"#, "fault.latency_ms"),
        (r#"{"provider": "stripe", "fault": {"kind": "hang", "ms": 1}}"#, "fault.ms"),
        (r#"{"provider": "stripe", "operation": "orders.creat", "fault": {"kind": "hang"}}"#, "operation"),
        (r#"{"provider": "stripe", "times": 0, "fault": {"kind": "hang"}}"#, "times"),
        (r#"{"provider": "stripe", "probability": 1.5, "fault": {"kind": "hang"}}"#, "probability"),
        (r#"{"provider": "stripe", "tenant": "x", "fault": {"kind": "hang"}}"#, "tenant"),
    ] {
        let reply = put(body).expect(400).json();
        assert_eq!(reply["error"]["param"], param, "{body}");
        assert!(!reply["error"]["message"].as_str().unwrap().is_empty());
    }
    for (method, path, body, status, param) in [
        ("GET", "/_control/effects?provider=adyen", "", 400, json!("provider")),
        ("GET", "/_control/effects?operation=create", "", 400, json!("operation")),
        ("GET", "/_control/effects?colour=red", "", 400, json!("colour")),
        ("GET", "/_control/calls?status=many", "", 400, json!("status")),
        ("POST", "/_control/advance", "{}", 400, json!("seconds")),
        ("POST", "/_control/advance", r#"{"seconds": 1.5}"#, 400, json!("seconds")),
        ("POST", "/_control/advance", r#"{"seconds": -1}"#, 400, json!("seconds")),
        (
            "PUT",
            "/_control/settings",
            r#"{"token_lifetime_seconds": "long"}"#,
            400,
            json!("token_lifetime_seconds"),
        ),
        ("POST", "/_control/orders/adyen/x/pay", "", 400, json!("provider")),
        ("POST", "/_control/orders/razorpay/x/steal", "", 400, json!("action")),
        ("POST", "/_control/orders/razorpay/x/pay", r#"{"sum": 1}"#, 400, json!("sum")),
        ("POST", "/_control/orders/razorpay/x/pay", "", 404, Value::Null),
        ("POST", "/_control/orders/twilio/x/pay", "", 404, Value::Null),
        ("POST", "/_control/effects", "", 405, Value::Null),
        ("GET", "/_control/nothing", "", 404, Value::Null),
    ] {
        let reply = world.control(method, path, body).expect(status).json();
        assert_eq!(reply["error"].get("param").cloned().unwrap_or_default(), param, "{method} {path}");
    }
}

#[test]
fn deleting_the_state_forgets_everything() {
    let world = World::new();
    world.fault(r#"{"provider": "stripe", "fault": {"status": 500}}"#);
    let order = world.razorpay("POST", "/v1/orders", ORDER).expect(200).json();
    world.advance(1000);
    world.control("DELETE", "/_control/state", "").expect(200);
    assert_eq!(world.count(""), 0);
    assert_eq!(world.calls("")["count"], 0);
    assert_eq!(world.control("GET", "/_control/faults", "").json(), json!({"faults": []}));
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    world.razorpay("GET", &path, "").expect(400);
    world.stripe("GET", "/v1/balance", "").expect(200);
}

#[test]
fn a_seed_makes_ids_and_times_repeatable() {
    let make = |seed: Option<u64>| {
        let world = World::with(sandbox::Options { seed, ..options() });
        world.razorpay("POST", "/v1/orders", ORDER).expect(200).json()
    };
    assert_eq!(make(Some(1)), make(Some(1)));
    assert_ne!(make(Some(1))["id"], make(Some(2))["id"]);
    assert_ne!(make(None)["id"], make(None)["id"]);
}

#[test]
fn without_recording_effects_are_still_counted() {
    let world = World::with(sandbox::Options { record_calls: false, ..options() });
    for _ in 0..3 {
        world.razorpay("POST", "/v1/orders", ORDER).expect(200);
    }
    assert_eq!(world.effects("operation=orders.create"), json!({"count": 3, "items": []}));
    assert_eq!(world.calls(""), json!({"count": 0, "items": [], "recording": false}));
}

#[test]
fn the_front_page_lists_addresses_and_calls() {
    let world = World::new();
    let page = world.control("GET", "/", "").expect(200);
    assert_eq!(page.header("x-sandbox"), Some("true"));
    assert_eq!(page.json()["addresses"]["stripe"], json!(format!("http://{}", world.addresses().stripe)));
}

#[test]
fn the_token_lifetime_can_be_set() {
    let world = World::new();
    world.control("PUT", "/_control/settings", r#"{"token_lifetime_seconds": 5}"#).expect(200);
    let token = world.paypal_token("client-one", "secret").expect(200).json();
    assert_eq!(token["expires_in"], 5);
}
