//! PayPal subscriptions: the payer's approval, charges by date and by hand, the end.

use serde_json::{Value, json};

use crate::{
    paypal_plans::{plan, plan_body, product},
    support::{FORM, Reply, World, call},
};

const WHOLE: (&str, &str) = ("prefer", "return=representation");
const DAY: u64 = 24 * 60 * 60;

fn subscribe(world: &World, plan: &str, more: &str) -> Value {
    let body = format!(r#"{{"plan_id": "{plan}", "custom_id": "txn_1"{more}}}"#);
    world.paypal("POST", "/v1/billing/subscriptions", &body).expect(201).json()
}

fn own(subscription: &Value, step: &str) -> String {
    format!("/v1/billing/subscriptions/{}{step}", subscription["id"].as_str().unwrap())
}

fn act(world: &World, subscription: &Value, action: &str) -> Reply {
    let path = format!("/_control/subscriptions/paypal/{}/{action}", subscription["id"].as_str().unwrap());
    world.control("POST", &path, "")
}

fn active(world: &World, total: u32) -> Value {
    let subscription = subscribe(world, &plan(world, total, ""), "");
    assert_eq!(act(world, &subscription, "approve").expect(200).json()["status"], "ACTIVE");
    subscription
}

fn shown(world: &World, subscription: &Value) -> Value {
    world.paypal("GET", &own(subscription, ""), "").expect(200).json()
}

fn issue(reply: &Reply) -> String {
    reply.json()["details"][0]["issue"].as_str().unwrap().to_owned()
}

#[test]
fn a_repeated_request_id_makes_one_product_plan_and_subscription() {
    let world = World::new();
    let send = |path: &str, id: &str, body: &str| {
        let first = world.paypal_with("POST", path, body, &[WHOLE, ("paypal-request-id", id)]);
        let again = world.paypal_with("POST", path, body, &[WHOLE, ("paypal-request-id", id)]);
        assert_eq!(first.expect(201).json()["id"], again.expect(200).json()["id"]);
    };
    send("/v1/catalogs/products", "r1", r#"{"name": "Tea", "type": "SERVICE"}"#);
    send("/v1/billing/plans", "r2", &plan_body(&product(&world), 0, ""));
    let body = format!(r#"{{"plan_id": "{}"}}"#, plan(&world, 0, ""));
    send("/v1/billing/subscriptions", "r3", &body);
    assert_eq!(world.count("operation=subscriptions.create"), 1);
    let headers = [("paypal-request-id", "r3")];
    let minimal = world.paypal_with("POST", "/v1/billing/subscriptions", &body, &headers).expect(200).json();
    let names: Vec<&str> = minimal.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "status", "links"]);
    world.advance(72 * 60 * 60);
    send("/v1/billing/subscriptions", "r3", &body);
    assert_eq!(world.count("operation=subscriptions.create"), 2);
}

#[test]
fn the_payer_approves_on_the_page_and_comes_back_with_tokens() {
    let world = World::new();
    let context = r#", "application_context": {"return_url": "https://shop.example/r", "cancel_url": "https://shop.example/c?x=1"}"#;
    let made = subscribe(&world, &plan(&world, 0, ""), context);
    let id = made["id"].as_str().unwrap();
    assert_eq!((id.len(), id.starts_with("I-"), &made["status"]), (14, true, &json!("APPROVAL_PENDING")));
    assert!(made.get("billing_info").is_none());
    let approve = made["links"].as_array().unwrap().iter().find(|link| link["rel"] == "approve").unwrap();
    let page = format!("http://{}/pay/paypal/{id}", world.addresses().control);
    assert_eq!(approve["href"], json!(page));
    let path = format!("/pay/paypal/{id}");
    let html = world.control("GET", &path, "").expect(200).text();
    assert!(html.contains("Pay 10.00 USD") && html.contains("Monthly tea"));
    let press = |button: &str| {
        call(world.addresses().control, ("POST", &path), &[FORM], &format!("action={button}")).expect(303)
    };
    let left = press("abandon");
    assert!(left.header("location").unwrap().starts_with("https://shop.example/c?x=1&ba_token=BA-"));
    assert_eq!(press("decline").header("location"), Some(path.as_str()));
    let back = press("pay");
    let location = back.header("location").unwrap();
    assert!(location.starts_with(&format!("https://shop.example/r?subscription_id={id}&ba_token=BA-")));
    assert!(world.control("GET", &path, "").text().contains("Nothing to pay here any more"));
    assert_eq!(shown(&world, &made)["status"], "ACTIVE");
    for operation in ["approve", "activate", "charge", "decline"] {
        assert_eq!(world.count(&format!("operation=subscriptions.{operation}")), 1, "{operation}");
    }
}

#[test]
fn a_subscription_is_charged_on_its_dates_until_it_expires() {
    let world = World::new();
    let made = active(&world, 3);
    let info = shown(&world, &made)["billing_info"].clone();
    assert_eq!(info["cycle_executions"][0]["cycles_completed"], 1);
    assert_eq!(info["last_payment"]["amount"]["value"], "10.00");
    assert_eq!(info["next_billing_time"], "2026-02-05T10:00:00Z");
    assert_eq!(info["final_payment_time"], "2026-03-05T10:00:00Z");
    world.advance(31 * DAY);
    assert_eq!(shown(&world, &made)["billing_info"]["next_billing_time"], "2026-03-05T10:00:00Z");
    world.advance(400 * DAY);
    let done = shown(&world, &made);
    assert_eq!(done["status"], "EXPIRED");
    assert_eq!(done["billing_info"]["cycle_executions"][0]["cycles_remaining"], 0);
    assert_eq!(world.count("operation=subscriptions.charge"), 3);
    assert_eq!(world.count("operation=subscriptions.expire"), 1);
    let range = "?start_time=2026-02-01T00:00:00Z&end_time=2026-12-31T00:00:00Z&total_required=true";
    let list = world.paypal("GET", &own(&made, &format!("/transactions{range}")), "").expect(200).json();
    assert_eq!(list["total_items"], 2);
    let first = &list["transactions"][0];
    assert_eq!((&first["status"], &first["time"]), (&json!("COMPLETED"), &json!("2026-02-05T10:00:00Z")));
    assert_eq!(first["amount_with_breakdown"]["gross_amount"]["value"], "10.00");
    let refund = format!("/v2/payments/captures/{}/refund", first["id"].as_str().unwrap());
    world.paypal("POST", &refund, "").expect(422);
    let missing = world.paypal("GET", &own(&made, "/transactions"), "").expect(400);
    assert_eq!(issue(&missing), "MISSING_REQUIRED_PARAMETER");
}

#[test]
fn a_charge_can_be_refunded_like_a_capture() {
    let world = World::new();
    let made = active(&world, 0);
    let range = "/transactions?start_time=2026-01-01T00:00:00Z&end_time=2026-12-31T00:00:00Z";
    let charges = || world.paypal("GET", &own(&made, range), "").expect(200).json()["transactions"].clone();
    let id = charges()[0]["id"].as_str().unwrap().to_owned();
    let refund = world.paypal("POST", &format!("/v2/payments/captures/{id}/refund"), "").expect(201).json();
    assert_eq!((&refund["amount"]["value"], &refund["custom_id"]), (&json!("10.00"), &json!("txn_1")));
    assert_eq!(charges()[0]["status"], "REFUNDED");
}

#[test]
fn failed_charges_become_outstanding_and_suspend_at_the_threshold() {
    let world = World::new();
    let made = active(&world, 0);
    act(&world, &made, "fail_charge").expect(200);
    let info = shown(&world, &made)["billing_info"].clone();
    assert_eq!(
        (&info["failed_payments_count"], &info["outstanding_balance"]["value"]),
        (&json!(1), &json!("10.00"))
    );
    assert!(info.get("last_failed_payment").is_none());
    let whole = world.paypal("GET", &own(&made, "?fields=last_failed_payment,plan"), "").expect(200).json();
    assert_eq!(whole["billing_info"]["last_failed_payment"]["reason_code"], "PAYMENT_DENIED");
    assert_eq!(whole["plan"]["name"], "Monthly tea");
    let charged = act(&world, &made, "charge").expect(200).json();
    assert_eq!(charged["object"]["billing_info"]["last_payment"]["amount"]["value"], "20.00");
    assert_eq!(charged["object"]["billing_info"]["failed_payments_count"], 0);
    act(&world, &made, "fail_charge").expect(200);
    assert_eq!(act(&world, &made, "fail_charge").expect(200).json()["status"], "SUSPENDED");
    act(&world, &made, "charge").expect(400);
    let reply = world.paypal("POST", &own(&made, "/activate"), "").expect(422);
    assert_eq!(issue(&reply), "SUBSCRIPTION_CANNOT_BE_ACTIVATED");
    assert_eq!(world.count("operation=subscriptions.fail_charge"), 3);
}

#[test]
fn a_suspended_subscription_does_not_pay_for_what_it_missed() {
    let world = World::new();
    let made = active(&world, 0);
    let step = |step: &str, body: &str| world.paypal("POST", &own(&made, step), body);
    assert_eq!(issue(&step("/suspend", "{}").expect(400)), "MISSING_REQUIRED_PARAMETER");
    step("/suspend", r#"{"reason": "Holidays"}"#).expect(204);
    assert_eq!(shown(&world, &made)["status_change_note"], "Holidays");
    assert_eq!(issue(&step("/suspend", r#"{"reason": "x"}"#).expect(422)), "SUBSCRIPTION_STATUS_INVALID");
    world.advance(70 * DAY);
    step("/activate", r#"{"reason": "Back"}"#).expect(204);
    let back = shown(&world, &made);
    assert_eq!(
        (&back["status"], &back["billing_info"]["next_billing_time"]),
        (&json!("ACTIVE"), &json!("2026-04-05T10:00:00Z"))
    );
    assert_eq!(world.count("operation=subscriptions.charge"), 1);
    assert_eq!(issue(&step("/activate", "").expect(422)), "SUBSCRIPTION_STATUS_INVALID");
    world.advance(21 * DAY);
    assert_eq!(world.count("operation=subscriptions.charge"), 2);
}

#[test]
fn a_cancelled_subscription_stays_cancelled() {
    let world = World::new();
    let made = subscribe(&world, &plan(&world, 0, ""), "");
    let cancel = || world.paypal("POST", &own(&made, "/cancel"), r#"{"reason": "Too bitter"}"#);
    assert_eq!(issue(&cancel().expect(422)), "SUBSCRIPTION_STATUS_INVALID");
    act(&world, &made, "approve").expect(200);
    let headers = [("paypal-request-id", "cancel-1")];
    let body = r#"{"reason": "Too bitter"}"#;
    world.paypal_with("POST", &own(&made, "/cancel"), body, &headers).expect(204);
    // State is the only guard of a cancellation: the id is not read.
    world.paypal_with("POST", &own(&made, "/cancel"), body, &headers).expect(422);
    assert_eq!(shown(&world, &made)["status"], "CANCELLED");
    for action in ["approve", "charge", "fail_charge", "suspend", "expire", "cancel", "explode"] {
        act(&world, &made, action).expect(400);
    }
    world.advance(100 * DAY);
    assert_eq!(world.count("operation=subscriptions.charge"), 1);
    assert_eq!(world.count("operation=subscriptions.cancel"), 1);
    world.paypal("GET", "/v1/billing/subscriptions/I-000000000000", "").expect(404);
    world.control("POST", "/_control/subscriptions/paypal/I-000000000000/charge", "").expect(404);
}

#[test]
fn a_continue_page_leaves_the_activation_to_the_merchant() {
    let world = World::new();
    let context = r#", "application_context": {"return_url": "https://shop.example/r", "cancel_url": "https://shop.example/c", "user_action": "CONTINUE"}"#;
    let made = subscribe(&world, &plan(&world, 0, ""), context);
    assert_eq!(act(&world, &made, "approve").expect(200).json()["status"], "APPROVED");
    assert_eq!(world.count("operation=subscriptions.charge"), 0);
    world.paypal("POST", &own(&made, "/activate"), "").expect(204);
    assert_eq!(shown(&world, &made)["status"], "ACTIVE");
    assert_eq!(world.count("operation=subscriptions.charge"), 1);
}

#[test]
fn a_subscription_overrides_start_price_and_number_of_its_cycles() {
    let world = World::new();
    let plan = plan(&world, 0, r#", "quantity_supported": true"#);
    let more = r#", "quantity": "3", "start_time": "2026-01-12T10:00:00Z", "plan": {
        "billing_cycles": [{"sequence": 1, "total_cycles": 2, "pricing_scheme": {"fixed_price": {"currency_code": "USD", "value": "4.00"}}}],
        "payment_preferences": {"setup_fee": {"currency_code": "USD", "value": "1.50"}}}"#;
    let made = subscribe(&world, &plan, more);
    assert_eq!(made["plan_overridden"], true);
    act(&world, &made, "approve").expect(200);
    let info = shown(&world, &made)["billing_info"].clone();
    assert_eq!(info["last_payment"]["amount"]["value"], "1.50");
    assert_eq!(info["next_billing_time"], "2026-01-12T10:00:00Z");
    world.advance(7 * DAY);
    assert_eq!(shown(&world, &made)["billing_info"]["last_payment"]["amount"]["value"], "12.00");
    act(&world, &made, "charge").expect(200);
    assert_eq!(shown(&world, &made)["status"], "EXPIRED");
}

#[test]
fn a_trial_comes_before_the_regular_cycle() {
    let world = World::new();
    let trial = r#"[{"tenure_type": "TRIAL", "sequence": 1, "frequency": {"interval_unit": "WEEK"}, "total_cycles": 2}, {"tenure_type": "REGULAR", "sequence": 2"#;
    let body =
        plan_body(&product(&world), 0, "").replace(r#"[{"tenure_type": "REGULAR", "sequence": 1"#, trial);
    let plan = world.paypal("POST", "/v1/billing/plans", &body).expect(201).json();
    let made = subscribe(&world, plan["id"].as_str().unwrap(), "");
    act(&world, &made, "approve").expect(200);
    world.advance(13 * DAY);
    assert_eq!(world.count("operation=subscriptions.charge"), 0);
    assert_eq!(shown(&world, &made)["billing_info"]["next_billing_time"], "2026-01-19T10:00:00Z");
    world.advance(DAY);
    assert_eq!(world.count("operation=subscriptions.charge"), 1);
    assert_eq!(shown(&world, &made)["billing_info"]["next_billing_time"], "2026-02-19T10:00:00Z");
}

#[test]
fn wrong_subscriptions_are_refused_with_their_issue() {
    let world = World::new();
    let plan = plan(&world, 0, "");
    let with = |more: &str| format!(r#"{{"plan_id": "{plan}"{more}}}"#);
    let price = r#"{"billing_cycles": [{"sequence": 1, "pricing_scheme": {"fixed_price": {"currency_code": "EUR", "value": "4.00"}}}]}"#;
    for (body, status, expected) in [
        (String::new(), 400, "MISSING_REQUEST_BODY"),
        ("{}".to_owned(), 400, "MISSING_REQUIRED_PARAMETER"),
        (r#"{"plan_id": "P-000000000000000000000000"}"#.to_owned(), 404, "INVALID_RESOURCE_ID"),
        (with(r#", "quantity": "2""#), 422, "SUBSCRIPTION_CANNOT_HAVE_QUANTITY"),
        (with(r#", "start_time": "2026-01-05T10:00:00Z""#), 400, "INVALID_PARAMETER_VALUE"),
        (with(r#", "start_time": "next Monday at noon!""#), 400, "INVALID_PARAMETER_SYNTAX"),
        (with(r#", "subscriber": {"email_address": "nobody"}"#), 400, "INVALID_PARAMETER_SYNTAX"),
        (
            with(r#", "application_context": {"return_url": "https://shop.example/r"}"#),
            400,
            "MISSING_REQUIRED_PARAMETER",
        ),
        (with(&format!(r#", "custom_id": "{}""#, "x".repeat(128))), 400, "INVALID_STRING_MAX_LENGTH"),
        (with(&format!(r#", "plan": {price}"#)), 422, "CURRENCY_MISMATCH"),
        (with(r#", "plan": {"billing_cycles": [{"sequence": 2}]}"#), 422, "INVALID_BILLING_CYCLE_SEQUENCE"),
    ] {
        let reply = world.paypal("POST", "/v1/billing/subscriptions", &body);
        assert_eq!(reply.status, status, "{body}\n{}", reply.text());
        assert_eq!(issue(&reply), expected, "{body}");
    }
    assert_eq!(world.count("operation=subscriptions.create"), 0);
}
